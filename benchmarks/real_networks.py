"""The networks of `real_clips.py`: rows of the library's table.

All stand on one frozen trunk, MobileNet up to `STAGE` with ImageNet weights,
and have one kind of classifier, made for few clips.
"""

import math
from dataclasses import replace

import keras

import keras_twostream
from keras_twostream.backbones import GraphBackbone
from keras_twostream.layers import TemporalPool
from keras_twostream.models.spec import Spec
from keras_twostream.models.table import get_spec
from keras_twostream.training import split

STAGE = "conv_pw_12_relu"
# The trunk's last map, where streams are fused, and the vector after it.
MAP, VECTOR = "pool5", "fc7"
# A mean motion of a quarter of the flow's bound counts as a full colour.
FLOW_GAIN = 4.0
UNITS = 64
# How time ends where a row leaves it open: in how many ordered parts of a clip
# the vectors' means and deviations are taken.
TIMES = {"whole": 1, "thirds": 3}
LATE = "sum_softmax"
STREAMS = ("rgb", "flow")


class Moments(keras.layers.Layer):
    """Ends time by the means and deviations in ordered parts of a clip.

    Args:
        segments: Number of parts.
    """

    def __init__(self, segments=1, **kwargs):
        super().__init__(**kwargs)
        self.segments = segments
        self.average = TemporalPool(segments=segments)

    def call(self, inputs):
        mean = self.average(inputs)
        square = self.average(keras.ops.square(inputs))
        variance = keras.ops.maximum(square - keras.ops.square(mean), 0)
        return keras.ops.concatenate([mean, keras.ops.sqrt(variance)], -1)

    def get_config(self):
        return super().get_config() | {"segments": self.segments}


class Trunk(GraphBackbone):
    """MobileNet up to `STAGE`, and a classifier that few clips can teach.

    Maps are pooled by average and maximum; the numbers are brought to one
    variance and vectors to one length, however many numbers they have.

    Args:
        weights: Path of the weights of MobileNet up to `STAGE`.
        size: Height and width of the frames.
    """

    def __init__(self, weights, size):
        whole = keras.applications.MobileNet(
            include_top=False, weights=None, input_shape=(*size, 3)
        )
        end = whole.get_layer(STAGE).output
        network = keras.Model(whole.input, end, name="mobilenet")
        network.load_weights(weights)
        super().__init__(network, convention="unit")

    def _head(self, x, stream, start, stop, head):
        layers = {
            "avg_pool": _both_pools,
            "dropout": lambda x, name: _regularised(x, name, head.dropout),
            "fc8": lambda x, name: head.classifier(name)(x),
            "softmax": lambda x, name: head.scores(name)(x),
        }
        for name, apply in layers.items():
            if self.after(name, start) and not self.after(name, stop):
                x = apply(x, f"{stream}_{name}")
        return x


def _both_pools(x, name):
    average = keras.layers.GlobalAveragePooling2D(name=f"{name}_average")(x)
    maximum = keras.layers.GlobalMaxPooling2D(name=f"{name}_maximum")(x)
    return keras.layers.Concatenate(name=name)([average, maximum])


def _regularised(x, name, rate):
    x = keras.layers.BatchNormalization(
        momentum=0.9,
        epsilon=1e-2,
        center=False,
        scale=False,
        name=f"{name}_norm",
    )(x)
    scale = 8 / math.sqrt(x.shape[-1])
    x = keras.layers.Rescaling(scale, name=f"{name}_scale")(x)
    return keras.layers.Dropout(rate, name=name)(x)


def _at_map(name):
    """Returns a row of the paper, fused at the trunk's last map."""
    spec = get_spec(name)
    return replace(spec, fuse={MAP: spec.fuse["relu5"]})


def rows():
    """Returns name -> (arguments of `build`, layer up to which all is fixed).

    Streams are fused as their fusion starts, which for convolutions is the
    weighted sum of the streams: kernels of millions of weights learn the
    clips by heart.
    """
    table = {}
    for word, segments in TIMES.items():
        for name in ("spatial", "temporal", LATE):
            table[f"{name}, {word}"] = _row(name, segments)
        for fusion in ("sum", "max", "concat", "conv"):
            spec = _at_map(f"{fusion}_relu5")
            table[f"{fusion}_relu5, {word}"] = _row(spec, segments)
    for name in (
        "conv_relu5_pool3d",
        "conv_relu5_pool3d_plus",
        "conv3d_relu5_pool3d",
    ):
        table[name] = {"name": _at_map(name)}, "avg_pool"
    both = {"streams": STREAMS}
    table["conv_pooling"] = {"name": "conv_pooling", **both}, "avg_pool"
    table["tsn"] = {"name": "tsn", **both}, "avg_pool"
    lstm = {"dropout": {"kind": "lstm", "units": UNITS}, "softmax": "ramp"}
    table["lstm"] = {"name": "lstm", "time": lstm, **both}, "avg_pool"
    return table


def _row(name, segments):
    time = {VECTOR: Moments(segments)}
    return {"name": name, "time": time}, f"{VECTOR}_moments"


def build(arguments, trunk, num_classes, size, frames, flow_frames):
    """Returns one of the networks.

    Args:
        arguments: Arguments of `keras_twostream.build`, of `rows`.
        trunk: `Trunk`.
        num_classes: Number of classes.
        size: Height and width of the frames.
        frames: Frames per clip.
        flow_frames: Flow fields around each frame.
    """
    return keras_twostream.build(
        **arguments,
        backbone=trunk,
        inflation="motion",
        num_classes=num_classes,
        input_shape=size,
        frames=frames,
        flow_frames=flow_frames,
        dropout=0.3,
    )


def trunk_of(trunk, size, frames, flow_frames):
    """Returns the frozen part of all networks, for clips of both streams."""
    fused = Spec(fuse={MAP: "sum"})
    network = build({"name": fused}, trunk, 2, size, frames, flow_frames)
    stem = network.get_layer("flow_conv1")
    stem.set_weights([FLOW_GAIN * w for w in stem.get_weights()])
    return split(network, STAGE)[0]
