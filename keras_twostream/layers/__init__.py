"""Keras layers that two-stream networks are made of.

All of them are `channels_last`, registered with Keras and written in
`keras.ops`, so that they run on every backend and reload from `.keras` files.
"""

from collections.abc import Mapping
from typing import Any

import keras

from keras_twostream.layers._augmentation import TwoStreamAugmentation
from keras_twostream.layers._base import Fusion
from keras_twostream.layers.align import AlignResolution
from keras_twostream.layers.augmentation import (
    TwoStreamRandomCrop,
    TwoStreamRandomFlip,
    TwoStreamRandomResizedCrop,
    TwoStreamRandomRotation,
)
from keras_twostream.layers.augmentation_mixing import (
    TwoStreamCutMix,
    TwoStreamMixUp,
)
from keras_twostream.layers.augmentation_motion import (
    TwoStreamSpeedChange,
    TwoStreamTimeReverse,
)
from keras_twostream.layers.augmentation_pixels import (
    TwoStreamColorJitter,
    TwoStreamRandomErasing,
)
from keras_twostream.layers.bilinear import BilinearFusion, BilinearPooling
from keras_twostream.layers.conv_fusion import Conv3DFusion, ConvFusion
from keras_twostream.layers.folding import FoldTime, UnfoldTime
from keras_twostream.layers.fusion import (
    AverageFusion,
    ConcatFusion,
    MaxFusion,
    SumFusion,
)
from keras_twostream.layers.initializers import IdentitySum
from keras_twostream.layers.missing import (
    FillStreams,
    MaskStreams,
    StreamMask,
)
from keras_twostream.layers.neutral import neutral_of
from keras_twostream.layers.normalization import LocalResponseNormalization
from keras_twostream.layers.padded_pooling import PaddedPooling
from keras_twostream.layers.pooling import (
    CeilMaxPooling2D,
    CeilMaxPooling3D,
    SameMaxPooling3D,
)
from keras_twostream.layers.preprocessing import (
    ClassScores,
    FlowPreprocessing,
    RGBPreprocessing,
)
from keras_twostream.layers.recurrent import TemporalLSTM
from keras_twostream.layers.temporal import TemporalPool, step_gains
from keras_twostream.layers.temporal_conv import TemporalConv
from keras_twostream.layers.temporal_windows import (
    Temporal2DPool,
    Temporal3DPool,
)

# The word of a model's name -> the fusion it means.
FUSIONS = {
    "average": AverageFusion,
    "bilinear": BilinearFusion,
    "concat": ConcatFusion,
    "conv": ConvFusion,
    "conv3d": Conv3DFusion,
    "max": MaxFusion,
    "sum": SumFusion,
}

# The word for what happens to time -> the layer it means and its arguments.
# Of rows with the same layer, the one that says most comes first.
TIMES: dict[str, tuple[type, dict[str, Any]]] = {
    "concat": (TemporalPool, {"segments": None}),
    "average": (TemporalPool, {"mode": "average", "segments": 1}),
    "max": (TemporalPool, {"mode": "max", "segments": 1}),
    "ramp": (TemporalPool, {"mode": "ramp", "segments": 1}),
    "pool": (TemporalPool, {}),
    "pool3d": (Temporal3DPool, {}),
    "conv": (TemporalConv, {}),
    "lstm": (TemporalLSTM, {}),
    "bilinear": (BilinearPooling, {}),
}

__all__ = [
    "FUSIONS",
    "TIMES",
    "AlignResolution",
    "AverageFusion",
    "BilinearFusion",
    "BilinearPooling",
    "CeilMaxPooling2D",
    "CeilMaxPooling3D",
    "ClassScores",
    "ConcatFusion",
    "Conv3DFusion",
    "ConvFusion",
    "FillStreams",
    "FlowPreprocessing",
    "FoldTime",
    "Fusion",
    "IdentitySum",
    "LocalResponseNormalization",
    "MaskStreams",
    "MaxFusion",
    "PaddedPooling",
    "RGBPreprocessing",
    "SameMaxPooling3D",
    "StreamMask",
    "SumFusion",
    "Temporal2DPool",
    "Temporal3DPool",
    "TemporalConv",
    "TemporalLSTM",
    "TemporalPool",
    "TwoStreamAugmentation",
    "TwoStreamColorJitter",
    "TwoStreamCutMix",
    "TwoStreamMixUp",
    "TwoStreamRandomCrop",
    "TwoStreamRandomErasing",
    "TwoStreamRandomFlip",
    "TwoStreamRandomResizedCrop",
    "TwoStreamRandomRotation",
    "TwoStreamSpeedChange",
    "TwoStreamTimeReverse",
    "UnfoldTime",
    "get",
    "get_time",
    "neutral_of",
    "step_gains",
    "time_name",
]


def get(identifier, **config):
    """Returns the fusion layer that a name, a config or an instance means.

    Args:
        identifier: A name such as `"conv"` or `"ConvFusion"`; a dict of
            arguments, with the name under "kind"; a config as
            `keras.layers.serialize` makes it; or a layer.
        **config: Arguments for a layer that is looked up by name.

    Raises:
        ValueError: If there is no such fusion; the message lists the names.
    """
    if isinstance(identifier, keras.layers.Layer):
        return identifier
    if isinstance(identifier, Mapping):
        if "kind" in identifier:
            options = {**identifier, **config}
            return get(options.pop("kind"), **options)
        if "module" in identifier or "registered_name" in identifier:
            return keras.layers.deserialize(dict(identifier))
        options = identifier.get("config", {}) | config
        return get(identifier.get("class_name"), **options)
    by_class = {cls.__name__: cls for cls in FUSIONS.values()}
    known = FUSIONS | by_class
    if not isinstance(identifier, str) or identifier not in known:
        raise ValueError(
            f"There is no fusion of this name; there are {[*FUSIONS]}. "
            f"Received: {identifier!r}"
        )
    return known[identifier](**config)


def get_time(identifier, **config):
    """Returns the layer that does something with the time axis of a clip.

    It takes `(batch, time, ...)`. If its result has a lower rank, time has
    ended; else time goes on, perhaps in fewer steps.

    Args:
        identifier: A word of `TIMES`; a dict of arguments, with the word
            under "kind" (by default "pool", a `TemporalPool`); a config as
            `keras.layers.serialize` makes it; or a layer.
        **config: Arguments for a layer that is looked up by its word.

    Raises:
        ValueError: If there is no such word; the message lists the words.

    Example:

    >>> keras_twostream.layers.get_time({"kind": "lstm", "units": 8}).units
    8
    """
    if isinstance(identifier, keras.layers.Layer):
        return identifier
    if isinstance(identifier, Mapping):
        if "class_name" in identifier:
            return keras.layers.deserialize(dict(identifier))
        options = {"kind": "pool", **identifier, **config}
        return get_time(options.pop("kind"), **options)
    if not isinstance(identifier, str) or identifier not in TIMES:
        raise ValueError(
            f"What happens to time is one of {[*TIMES]}, a dict with such a "
            f"word as its 'kind', or a layer. Received: {identifier!r}"
        )
    kind, options = TIMES[identifier]
    return kind(**(options | config))


def time_name(identifier):
    """Returns the word for what happens to time that names use.

    Args:
        identifier: Anything that `get_time` understands. A layer that is not
            in `TIMES` has its class's name, in lower case.
    """
    layer = get_time(identifier)
    config = layer.get_config()
    for word, (kind, options) in TIMES.items():
        if type(layer) is kind and options.items() <= config.items():
            return word
    return type(layer).__name__.lower()
