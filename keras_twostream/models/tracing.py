"""Finds the blocks of a network in its graph of layers."""

from collections.abc import Mapping

from keras_twostream import layers
from keras_twostream.models.connect import fusion_name
from keras_twostream.models.diagram import (
    FUSED,
    KERNELS,
    MERGES,
    Block,
    Diagram,
    arrange,
)
from keras_twostream.models.lanes import Lanes, pairs
from keras_twostream.models.network import ANSWER

# Layers that show nothing of their own.
PLAIN = (
    "AlignResolution",
    "Dropout",
    "FillStreams",
    "Flatten",
    "FlowPreprocessing",
    "FoldTime",
    "MaskStreams",
    "Normalization",
    "RGBPreprocessing",
    "Rescaling",
    "UnfoldTime",
    "ZeroPadding2D",
    "ZeroPadding3D",
)


def diagram(model):
    """Returns the `Diagram` of a network.

    Every tower is followed from its input. A layer is shown if all that
    comes after it in its tower depends on its result alone, as it does not
    within a residual block; layers with maps of one size make one block.

    Args:
        model: Network of `build`, or any functional `keras.Model` whose
            inputs are streams.
    """
    inputs = _named(model.input, model.inputs)
    tracer = _Tracer(inputs, Lanes(model, inputs.values()))
    outputs = model.output
    if not isinstance(outputs, Mapping):
        outputs = {ANSWER: model.outputs[0]}
    for name, tensor in outputs.items():
        block = tracer.made_by[id(tensor)]
        block.outputs.append(name)
        block.loss |= name != ANSWER or len(outputs) == 1
    arrange(tracer.blocks)
    return Diagram(model.name, tuple(inputs), tuple(tracer.blocks))


def _named(inputs, tensors):
    """Returns name -> input tensor."""
    if isinstance(inputs, Mapping):
        return inputs
    return {x.name: x for x in tensors}


class _Tracer:
    """Makes blocks of the calls of layers, one after the other.

    Args:
        streams: Name of each tower's input.
        lanes: `Lanes` of the network.

    Attributes:
        blocks: Blocks in the order of the computation.
        made_by: Id of tensor -> block that it is a result of.
    """

    def __init__(self, streams, lanes):
        self.streams, self.lanes = [*streams], lanes
        self.blocks: list[Block] = []
        self.made_by: dict[int, Block] = {}
        # Id of tensor -> time steps that are folded into its batch.
        self.folded: dict[int, int] = {}
        # Ids of tensors that have time as an axis for what comes next.
        self.unfolded: set[int] = set()
        # Blocks that another tower reads: what follows is another block.
        self.ended: set[int] = set()
        for node in lanes.nodes:
            self._fold(node)
            self._see(node)

    def _fold(self, node):
        """Notes what is folded into the batch of a node's results."""
        steps = [self.folded.get(id(x)) for x in node.input_tensors]
        if isinstance(node.operation, layers.FoldTime):
            steps = [node.input_tensors[0].shape[1]]
        elif isinstance(node.operation, layers.UnfoldTime):
            steps = []
            self.unfolded |= {id(x) for x in node.outputs}
        if steps and steps[0]:
            self.folded |= {id(x): steps[0] for x in node.outputs}

    def _see(self, node):
        """Makes a block of a node, or adds it to the last, or passes it by."""
        if kind := self._kind(node):
            block = self._block(node, kind)
            self.made_by |= {id(x): block for x in node.outputs}
        else:
            for x, source in pairs(node):
                self.made_by[id(x)] = self.made_by[id(source)]
        shared = [x for x in node.outputs if id(x) in self.lanes.shared]
        self.ended |= {id(self.made_by[id(x)]) for x in shared}

    def _kind(self, node):
        """Returns the kind of block that a node makes, if any."""
        name = type(node.operation).__name__
        if node.is_input:
            return "input"
        if name in PLAIN:
            return None
        if isinstance(node.operation, layers.Fusion):
            return "fusion"
        if self.unfolded & {id(x) for x in node.input_tensors}:
            return "time"
        if isinstance(node.operation, layers.BilinearPooling):
            return "pool"
        if isinstance(node.operation, layers.ClassScores):
            return "scores"
        if id(node) not in self.lanes.needed:
            return None
        if len(self._shape(node)[0]) > 1:
            return "map"
        return "vector" if _rank(node) != 1 else None

    def _shape(self, node):
        """Returns a result's shape without batch and time, and its steps."""
        shape = tuple(node.outputs[0].shape[1:])
        if steps := self.folded.get(id(node.outputs[0])):
            return shape, steps
        return (shape[1:], shape[0]) if len(shape) in (2, 4) else (shape, None)

    def _block(self, node, kind):
        """Returns the new or the last block, with a node in it."""
        block = self._new(node, kind)
        for last in block.sources[:1]:
            if id(last) not in self.ended and last.takes(block):
                return last
        self.blocks.append(block)
        return block

    def _new(self, node, kind):
        lane = self.lanes.lane(node)
        shape, steps = self._shape(node)
        made_by = [self.made_by[id(x)] for x in node.input_tensors]
        sources = tuple(dict.fromkeys(made_by))
        fused = kind == "fusion" or any(b.stream == FUSED for b in sources)
        place, word = "", node.operation.name
        word = word.removeprefix(f"{self.streams[lane]}_")
        if kind in ("fusion", "time", "pool"):
            place = word.rpartition("_")[0]
            name = fusion_name if kind == "fusion" else layers.time_name
            word = name(node.operation)
        elif kind == "scores":
            word = node.operation.get_config()["activation"]
        return Block(
            kind=kind,
            names=[word],
            shape=shape,
            steps=steps,
            stream=FUSED if fused else self.streams[lane],
            lane=lane,
            column=1 + max((b.column for b in sources), default=-1),
            place=place,
            sources=sources,
            rank=_rank(node),
        )


def _rank(node):
    """Returns how well a layer names its block, pools worst."""
    if len(node.input_tensors) > 1:
        return MERGES
    weights = getattr(node.operation, "weights", ())
    if any(len(weight.shape) > 1 for weight in weights):
        return KERNELS
    return 0 if "Pooling" in type(node.operation).__name__ else 1
