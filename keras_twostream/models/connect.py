"""Fuses the towers of a network on their way, and reads what comes out."""

from keras_twostream import layers
from keras_twostream.backbones.base import LOGITS
from keras_twostream.backbones.cuts import snake_case
from keras_twostream.models.network import ANSWER, STEPS
from keras_twostream.models.towers import named

# What is left of a stream that goes on by itself beside the fused one.
KEPT = {"rgb": "spatial", "flow": "temporal"}
FUSED = "spatiotemporal"


def connect(spec, towers, stream_dropout=0.0):
    """Fuses towers where `spec` says; the first one receives the others.

    Args:
        spec: `Spec` of the network.
        towers: `Tower` of each stream, the receiving one first.
        stream_dropout: Rate at which one stream of a sample is missing in
            training.

    Raises:
        ValueError: If the streams cannot be fused so.
    """
    first, mask = towers[0], None
    for location, fusion in spec.fuse.items():
        for tower in towers:
            tower.advance(tower.backbone.resolve(location))
        layer = _fusion_layer(fusion, location, first)
        maps = _maps(layer, towers, location)
        if len({tuple(x.shape[1:-1]) for x in maps}) > 1:
            maps = _aligned(maps, location, spec.align)
        if stream_dropout and len(towers) > 1:
            if mask is None:
                mask = _stream_mask(stream_dropout, towers)
            masked = _mask(layer, maps, first.frames, location, spec)
            maps = masked([*maps, mask])
        try:
            first.receive(layer(maps), location)
        except ValueError as error:
            raise ValueError(
                f"{fusion_name(fusion)} cannot fuse at {location}: {error}"
            ) from error


def outputs_of(spec, towers, head):
    """Returns the class scores, or a dict of what has a loss and of them."""
    living = towers if spec.keep else towers[:1]
    scores = [tower.top() for tower in living]
    if not (spec.keep or spec.per_step):
        return scores[0]
    names = _names(living)
    if spec.per_step:
        scored = [_steps(tower) for tower in living]
        names = names if spec.keep else [STEPS]
    else:
        scored = scores
    answer = scores[0] if len(scores) == 1 else _mean(living, scores, head)
    return dict(zip(names, scored, strict=True)) | {ANSWER: answer}


def maps_of(spec, towers, pooling):
    """Returns the last maps: one, or a dict if several towers live."""
    if not spec.keep:
        return towers[0].map(pooling)
    maps = [tower.map(pooling) for tower in towers]
    return dict(zip(_names(towers), maps, strict=True))


def _names(towers):
    return [FUSED, *(KEPT[tower.stream] for tower in towers[1:])]


def _steps(tower):
    """Returns the scores of every time step."""
    if tower.steps is None:
        raise ValueError(
            f"A loss per time step needs time to go on up to the scores; it "
            f"ends earlier in the {tower.stream} stream"
        )
    return tower.steps


def _mean(towers, scores, head):
    """Returns scores of the mean prediction, before the softmax if it can."""
    logits = [tower.logits for tower in towers]
    average = layers.AverageFusion(dtype="float32", name=f"{LOGITS}_average")
    if any(x is None for x in logits):
        return average(scores)
    return head.scores(ANSWER)(average(logits))


def _maps(layer, towers, location):
    """Returns the towers' maps, with time as an axis where it must be."""
    ranks = getattr(layer, "ranks", (4,))
    clips = any(len(tower.x.shape) == 5 for tower in towers)
    if clips or 4 not in ranks:
        return [tower.unfolded(location) for tower in towers]
    return [tower.x for tower in towers]


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


def _stream_mask(rate, towers):
    """Returns which streams are there in each clip.

    It is drawn for what is fused first, not for the input, so that a network
    can be cut below (`training.split`).
    """
    mask = layers.StreamMask(rate, len(towers), name="stream_mask")
    return mask(towers[0].unfolded("stream_mask"))


def _mask(layer, maps, frames, location, spec):
    """Returns the layer by which missing streams change nothing."""
    folded = frames if len(maps[0].shape) != 5 else None
    return layers.MaskStreams(
        layers.neutral_of(layer),
        frames=folded or 1,
        # What was fused before holds all streams, and is never missing.
        fused=location != next(iter(spec.fuse)),
        name=f"{location}_mask",
    )


def _fusion_layer(fusion, location, tower):
    """Returns a fresh fusion layer, named after its place."""
    config = tower.precision()
    if config and fusion == "conv":
        config["activation"] = None
    layer = layers.get(fusion)
    return named(layer, f"{location}_{fusion_name(fusion)}", config)


def fusion_name(fusion):
    """Returns the word for a fusion that names use."""
    kind = type(layers.get(fusion))
    words = {cls: word for word, cls in layers.FUSIONS.items()}
    return words.get(kind, snake_case(kind.__name__))
