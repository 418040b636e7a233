"""Walks the towers of a network stage by stage and fuses them on the way."""

import keras

from keras_twostream import layers
from keras_twostream.backbones.base import LOGITS, SCORES
from keras_twostream.backbones.cuts import snake_case

POOLINGS = {
    "avg": keras.layers.GlobalAveragePooling2D,
    "max": keras.layers.GlobalMaxPooling2D,
}


PREPROCESSING = {
    "flow": layers.FlowPreprocessing,
    "rgb": layers.RGBPreprocessing,
}


class Tower:
    """One stream's network, built as far as the stage where it stands.

    Args:
        stream: `"rgb"` or `"flow"`; the prefix of all layer names.
        backbone: The stream's `Backbone`.
        head: `Head` of the classifier.
        time: Location -> arguments of the `TemporalPool` to put there.
        x: Input tensor, with a time axis if `time` is not empty.
        record: Arguments of the preprocessing layer that tell how the
            network is fed.
    """

    def __init__(self, stream, backbone, head, time, x, record):
        self.stream, self.backbone, self.head = stream, backbone, head
        self.time = {backbone.resolve(at): pool for at, pool in time.items()}
        self.frames = x.shape[1] if time else None
        self.stage = None
        convention, name = backbone.convention, f"{stream}_preprocessing"
        if time:
            x = layers.FoldTime(name=f"{stream}_fold")(x)
        self.x = PREPROCESSING[stream](convention, **record, name=name)(x)

    def advance(self, stage):
        """Builds the network up to `stage`, ending time where it must."""
        names = [None, *self.backbone.stages]
        if names.index(stage) < names.index(self.stage):
            raise ValueError(
                f"Streams are fused in the order of the network, and "
                f"{stage} comes before {self.stage} in {self.backbone.name}"
            )
        for place in sorted(self.time, key=names.index):
            if self.backbone.after(stage, place):
                self._run(place)
                self._end_time(self.time.pop(place))
        self._run(stage)

    def _run(self, stage):
        args = (self.x, self.stream, self.stage, stage, self.head)
        self.x = self.backbone.run(*args)
        self.stage = stage

    def _end_time(self, pool):
        self.unfold()
        self.x = layers.TemporalPool(**pool, name=f"{self.stream}_time")(self.x)

    def unfold(self):
        """Moves time out of the batch again, if it is there."""
        if self.frames:
            name = f"{self.stream}_unfold"
            self.x = layers.UnfoldTime(self.frames, name=name)(self.x)
            self.frames = None

    def replace(self, x):
        """Goes on with a fused tensor in place of the stream's own."""
        if len(x.shape) == 2 and len(self.x.shape) > 2:
            # A fusion that leaves a vector leaves nothing to convolve or to
            # flatten: only the classifier can follow (Table 1, bilinear).
            names = [*self.backbone.stages]
            self.stage = names[names.index(LOGITS) - 1]
        self.x = x

    def top(self):
        """Returns the class scores."""
        self.advance(SCORES)
        for pool in self.time.values():
            self._end_time(pool)
        return self.x

    def map(self, pooling):
        """Returns the last map, or what fusion left, without the top."""
        if pooling is not None and pooling not in POOLINGS:
            raise ValueError(
                f"pooling must be None or one of {[*POOLINGS]}. "
                f"Received: {pooling!r}"
            )
        if len(self.x.shape) > 2:
            stages = self.backbone.stages.values()
            self.advance([s.name for s in stages if s.stride][-1])
            if pooling:
                name = f"{self.stream}_{pooling}_pooling"
                self.x = POOLINGS[pooling](name=name)(self.x)
        self.unfold()
        return self.x


def connect(spec, towers, align=None):
    """Fuses towers where `spec` says and returns the one that goes on.

    Args:
        spec: `Spec` of the network.
        towers: `Tower` of each stream, the receiving one first.
        align: Mode of `AlignResolution`, or `None` to refuse unequal maps.

    Raises:
        ValueError: If the streams cannot be fused so.
    """
    first = towers[0]
    for location, fusion in spec.fuse.items():
        for tower in towers:
            tower.advance(tower.backbone.resolve(location))
        maps = [tower.x for tower in towers]
        if len({tuple(x.shape[1:-1]) for x in maps}) > 1:
            maps = _aligned(maps, location, align)
        layer = _fusion_layer(fusion, location, first.stage)
        try:
            first.replace(layer(maps))
        except ValueError as error:
            raise ValueError(
                f"{fusion_name(fusion)} cannot fuse at {location}: {error}"
            ) from error
    return first


def _aligned(maps, location, align):
    """Returns maps of equal resolution."""
    if align is None:
        shapes = ", ".join(str(tuple(x.shape[1:])) for x in maps)
        raise ValueError(
            f"The streams have maps of unequal resolution at {location}: "
            f"{shapes}. Pass align='pad' or align='resize', or fuse elsewhere"
        )
    name = f"{location}_align"
    return layers.AlignResolution(align, name=name)(maps)


def _fusion_layer(fusion, location, stage):
    """Returns a fresh fusion layer, named after its place."""
    config: dict[str, str | None] = {}
    if stage in (LOGITS, SCORES):
        # Scores have both signs, and lose too much in half precision.
        config["dtype"] = "float32"
        if fusion == "conv":
            config["activation"] = None
    layer = layers.get(fusion, **config)
    config = layer.get_config() | {"name": f"{location}_{fusion_name(fusion)}"}
    return type(layer).from_config(config)


def fusion_name(fusion):
    """Returns the word for a fusion that names use."""
    kind = type(layers.get(fusion))
    words = {cls: word for word, cls in layers.FUSIONS.items()}
    return words.get(kind, snake_case(kind.__name__))
