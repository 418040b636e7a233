"""Finds the blocks of a network in its graph of layers."""

import keras

from keras_twostream import layers
from keras_twostream.models.connect import fusion_name
from keras_twostream.models.diagram import FUSED, Block, Diagram
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
# Asks a stream for nothing but the number of samples.
ASIDE = "StreamMask"


def diagram(model):
    """Returns the `Diagram` of a network.

    Every tower is followed from its input. A layer is shown if all that
    comes after it in its tower depends on its result alone, as it does not
    within a residual block; layers with maps of one size make one block.

    Args:
        model: Network of `build`, or any functional `keras.Model` whose
            inputs are streams.
    """
    inputs = model.input
    if not isinstance(inputs, dict):
        inputs = {x.name: x for x in model.inputs}
    operations = [op for op in model.operations if type(op).__name__ != ASIDE]
    lanes = _lanes(operations, inputs.values())
    tracer = _Tracer([*inputs], lanes, operations)
    for operation in operations:
        tracer.see(operation)
    outputs = model.output
    if not isinstance(outputs, dict):
        outputs = {ANSWER: model.outputs[0]}
    for name, tensor in outputs.items():
        block = tracer.made_by[id(tensor)]
        block.outputs.append(name)
        block.loss |= name != ANSWER or len(outputs) == 1
    return Diagram(model.name, tuple(inputs), tuple(tracer.blocks))


def _lanes(operations, inputs):
    """Returns id of tensor -> number of the tower that it belongs to."""
    lanes = {id(x): number for number, x in enumerate(inputs)}
    for operation in operations:
        for x, source in _pairs(operation):
            lanes.setdefault(id(x), lanes[id(source)])
    return lanes


def _pairs(operation):
    """Yields every result of an operation with the tensor that it is of.

    Of several maps, each stays in its tower.
    """
    sources = keras.tree.flatten(operation.input)
    results = keras.tree.flatten(operation.output)
    for number, x in enumerate(results if sources else ()):
        several = len(results) > 1 and number < len(sources)
        yield x, sources[number if several else 0]


def _shown(operations, lanes):
    """Returns the ids of operations that all the rest of a tower needs."""
    towers: dict[int, list] = {}
    for operation in operations:
        result = keras.tree.flatten(operation.output)[0]
        towers.setdefault(lanes[id(result)], []).append(operation)
    shown = set()
    for tower in towers.values():
        reader = {
            id(x): index
            for index, operation in enumerate(tower)
            for x in keras.tree.flatten(operation.input)
        }
        needed = -1
        for index, operation in enumerate(tower):
            if needed <= index:
                shown.add(id(operation))
            results = keras.tree.flatten(operation.output)
            needed = max(needed, *(reader.get(id(x), index) for x in results))
    return shown


def _shared(operations, lanes):
    """Returns the ids of tensors that another tower takes."""
    return {
        id(x)
        for operation in operations
        for x in keras.tree.flatten(operation.input)
        if lanes[id(x)] != lanes[id(keras.tree.flatten(operation.output)[0])]
    }


class _Tracer:
    """Makes blocks of operations, one after the other.

    Args:
        streams: Name of each tower's input.
        lanes: Id of tensor -> number of its tower.
        operations: Operations of the network.

    Attributes:
        blocks: Blocks so far.
        made_by: Id of tensor -> block that it is a result of.
    """

    def __init__(self, streams, lanes, operations):
        self.streams, self.lanes = streams, lanes
        self.shown = _shown(operations, lanes)
        self.shared = _shared(operations, lanes)
        self.blocks: list[Block] = []
        self.made_by: dict[int, Block] = {}
        self.folded: dict[int, int | None] = {}
        self.unfolded: set[int] = set()
        # Blocks that another tower reads: what follows is another block.
        self.ended: set[int] = set()

    def see(self, operation):
        """Notes an operation: as a new block, in the last one or not at all."""
        sources = keras.tree.flatten(operation.input)
        results = keras.tree.flatten(operation.output)
        folded = [self.folded.get(id(x)) for x in sources] or [None]
        if isinstance(operation, layers.FoldTime):
            folded = [sources[0].shape[1]]
        elif isinstance(operation, layers.UnfoldTime):
            folded = [None]
            self.unfolded.add(id(results[0]))
        for x in results:
            self.folded[id(x)] = folded[0]
        kind = self._kind(operation, sources, results)
        if kind == "nothing":
            for x, source in _pairs(operation):
                self.made_by[id(x)] = self.made_by[id(source)]
        else:
            block = self._block(operation, kind, sources, results[0])
            self.made_by[id(results[0])] = block
        for x in results:
            if id(x) in self.shared:
                self.ended.add(id(self.made_by[id(x)]))

    def _kind(self, operation, sources, results):
        """Returns the kind of block that an operation makes."""
        name = type(operation).__name__
        if name in PLAIN:
            return "nothing"
        if isinstance(operation, keras.layers.InputLayer):
            return "input"
        if isinstance(operation, layers.Fusion):
            return "fusion"
        if self.unfolded & {id(x) for x in sources}:
            return "time"
        if isinstance(operation, layers.ClassScores):
            return "scores"
        if id(operation) not in self.shown:
            return "nothing"
        shape, _ = self._shape(results[0])
        if len(shape) > 1:
            return "map"
        is_layer = "Pooling" in name or _kernels(operation)
        return "vector" if is_layer else "nothing"

    def _shape(self, x):
        """Returns a tensor's shape without batch and time, and its steps."""
        if steps := self.folded[id(x)]:
            return tuple(x.shape[1:]), steps
        if len(x.shape) in (3, 5):
            return tuple(x.shape[2:]), x.shape[1]
        return tuple(x.shape[1:]), None

    def _block(self, operation, kind, sources, result):
        """Returns the new or the last block, with an operation in it."""
        shape, steps = self._shape(result)
        lane = self.lanes[id(result)]
        before = tuple(dict.fromkeys(self.made_by[id(x)] for x in sources))
        fused = kind == "fusion" or any(b.stream == FUSED for b in before)
        block = Block(
            kind=kind,
            names=[self._name(operation, lane)],
            shape=shape,
            steps=steps,
            stream=FUSED if fused else self.streams[lane],
            lane=lane,
            column=1 + max((b.column for b in before), default=-1),
            sources=before,
            rank=_rank(operation),
        )
        if kind in ("fusion", "time"):
            word = fusion_name if kind == "fusion" else layers.time_name
            block.place = block.names[0].rpartition("_")[0]
            block.names = [word(operation)]
        if (
            kind == "map"
            and before[0].kind == "map"
            and id(before[0]) not in self.ended
        ):
            return _joined(before[0], block) or self._new(block)
        return self._new(block)

    def _new(self, block):
        self.blocks.append(block)
        return block

    def _name(self, operation, lane):
        """Returns a layer's name without its stream."""
        return operation.name.removeprefix(f"{self.streams[lane]}_")


def _rank(operation):
    """Returns how well a layer names its block: kernels best, pools worst."""
    if _kernels(operation):
        return 2
    return 0 if "Pooling" in type(operation).__name__ else 1


def _kernels(operation):
    weights = getattr(operation, "weights", ())
    return [w for w in weights if len(w.shape) > 1]


def _joined(last, block):
    """Returns `last` with the layers of `block` in it, if they go together.

    They do if their maps have one size; and pooling between convolutions is
    part of what follows.
    """
    same = (last.shape[:-1], last.steps) == (block.shape[:-1], block.steps)
    if not same and last.rank > 0:
        return None
    if block.rank > last.rank or not same:
        last.names = block.names
    elif block.rank == last.rank == 2:
        last.names += block.names
    elif block.rank == last.rank:
        last.names = block.names
    last.shape, last.steps = block.shape, block.steps
    last.rank = max(last.rank, block.rank)
    return last
