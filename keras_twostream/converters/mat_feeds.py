"""Inputs of MatConvNet's networks: which stream they are, and their units."""

from collections.abc import Mapping
from typing import NamedTuple

import keras
import numpy as np

from keras_twostream import layers
from keras_twostream.backbones.base import RGB_CHANNELS, STREAMS
from keras_twostream.converters.mat_call import Value
from keras_twostream.converters.mat_file import numbers
from keras_twostream.flow.spec import FlowSpec

# The flow that the authors published: TV-L1 of frames of a shorter side of 256
# pixels, clipped at 20 pixels and spread over the bytes of a JPEG.
FLOW = FlowSpec(
    algorithm="tvl1",
    bound=20.0,
    short_side=256,
    resize="before",
    quantization="offset",
    shrink=1,
)
# Half of the range of bytes: how far a vector at the bound is from none, and
# what none becomes.
HALF = 127.5
PREPROCESSING = {
    "flow": layers.FlowPreprocessing,
    "rgb": layers.RGBPreprocessing,
}


class Feed(NamedTuple):
    """An input of a network.

    Attributes:
        variable: What the source calls it.
        stream: `"rgb"` or `"flow"`.
        channels: Channels of its images.
    """

    variable: str
    stream: str
    channels: int


def feeds_of(nodes, streams=None):
    """Returns the `Feed` of every input, in the order of the streams.

    Args:
        nodes: Layers of the network, in order of use.
        streams: Dict of variable -> stream, where channels do not tell.

    Raises:
        ValueError: If it cannot be told what an input is, or two are the same.
    """
    made = {name for node in nodes for name in node.outputs}
    used = dict.fromkeys(name for node in nodes for name in node.inputs)
    names = [name for name in used if name not in made]
    known = streams or {}
    if not isinstance(known, Mapping) or not (
        {*known} <= {*names} and {*known.values()} <= {*STREAMS}
    ):
        raise ValueError(
            f"streams is a dict of input -> one of {STREAMS}, of the inputs "
            f"{names}. Received: {streams!r}"
        )
    found = []
    for name in names:
        channels = _channels(nodes, name)
        stream = known.get(name) or _stream_of(name, channels)
        found.append(Feed(name, stream, channels))
    if sorted(STREAMS.index(feed.stream) for feed in found) not in (
        [0],
        [1],
        [0, 1],
    ):
        raise ValueError(
            f"it must have an input for each of {STREAMS}, or for one of "
            f"them. Found: {found}"
        )
    return sorted(found, key=lambda feed: STREAMS.index(feed.stream))


def _channels(nodes, variable):
    """Returns the channels of the first filters that an input meets."""
    names = {variable}
    for node in nodes:
        if names & {*node.inputs}:
            if node.type.startswith("conv") and node.arrays:
                shape = (*node.arrays[0].shape, 1, 1)
                return shape[3 if node.type == "conv3d" else 2]
            names |= {*node.outputs}
    raise ValueError(f"its input {variable!r} meets no convolution")


def _stream_of(name, channels):
    """Returns the stream that channels tell."""
    if channels == RGB_CHANNELS:
        return "rgb"
    if channels % 2 == 0:
        return "flow"
    raise ValueError(
        f"its input {name!r} has {channels} channels, neither RGB nor pairs "
        "of flow; pass streams"
    )


def inputs_of(feeds, size, frames):
    """Returns stream -> `keras.Input`.

    Args:
        feeds: The `Feed` of every input.
        size: Pair (height, width) in pixels.
        frames: Integer, frames per clip, or `None` for single images.
    """
    clip = () if frames is None else (frames,)
    return {
        feed.stream: keras.Input(
            (*clip, *size, feed.channels), name=feed.stream
        )
        for feed in feeds
    }


def values_of(feeds, inputs, normalization):
    """Returns variable -> `Value` of the inputs, in the source's units.

    Args:
        feeds: The `Feed` of every input.
        inputs: Stream -> `keras.Input`.
        normalization: What the source tells of them.
    """
    means, values = _means(normalization, feeds), {}
    for feed in feeds:
        x, stream = inputs[feed.stream], feed.stream
        value = Value(x, frozenset({stream}))
        if len(x.shape) == 5:
            value = value.folded(x, stream)
        layer = PREPROCESSING[stream](
            _convention(means[stream]), FLOW, name=f"{stream}_preprocessing"
        )
        values[feed.variable] = value._replace(x=layer(value.x))
    return values


def _convention(means):
    """Returns the fields of the `Convention` of bytes less their means."""
    even = len({*means}) == 1
    return {
        "scale": 1.0,
        "offset": -means[0] if even else [-mean for mean in means],
        "amplitude": HALF,
        "centre": HALF - means[0] if even else [HALF - m for m in means],
    }


def _means(normalization, feeds):
    """Returns stream -> the mean that is subtracted from each channel.

    An image is taken as one colour. Of two streams the authors stack the
    means, those of flow first. Where there is none (old files have two zeros
    then) nothing is subtracted.
    """
    image = normalization.get("averageImage")
    found = numbers(image)
    if np.ndim(image) > 2 and found:
        found = numbers(image.mean((0, 1), "float64"))
    counts = {feed.stream: feed.channels for feed in reversed(feeds)}
    total = sum(counts.values())
    if not any(found):
        found = [0.0]
    if len(found) == 1:
        found *= total
    if len(found) != total:
        raise ValueError(
            f"its averageImage must be of the channels {counts}. "
            f"Found: {np.shape(image)}"
        )
    rest = iter(found)
    return {s: [float(next(rest)) for _ in range(n)] for s, n in counts.items()}
