"""Keras layers that two-stream networks are made of.

All of them are `channels_last`, registered with Keras and written in
`keras.ops`, so that they run on every backend and reload from `.keras` files.
"""

import keras

from keras_twostream.layers._base import Fusion
from keras_twostream.layers.align import AlignResolution
from keras_twostream.layers.conv_fusion import Conv3DFusion, ConvFusion
from keras_twostream.layers.folding import FoldTime, UnfoldTime
from keras_twostream.layers.fusion import (
    AverageFusion,
    BilinearFusion,
    ConcatFusion,
    MaxFusion,
    SumFusion,
)
from keras_twostream.layers.initializers import IdentitySum
from keras_twostream.layers.normalization import LocalResponseNormalization
from keras_twostream.layers.pooling import CeilMaxPooling2D
from keras_twostream.layers.preprocessing import (
    ClassScores,
    FlowPreprocessing,
    RGBPreprocessing,
)
from keras_twostream.layers.temporal import (
    Temporal2DPool,
    Temporal3DPool,
    TemporalPool,
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

__all__ = [
    "FUSIONS",
    "AlignResolution",
    "AverageFusion",
    "BilinearFusion",
    "CeilMaxPooling2D",
    "ClassScores",
    "ConcatFusion",
    "Conv3DFusion",
    "ConvFusion",
    "FlowPreprocessing",
    "FoldTime",
    "Fusion",
    "IdentitySum",
    "LocalResponseNormalization",
    "MaxFusion",
    "RGBPreprocessing",
    "SumFusion",
    "Temporal2DPool",
    "Temporal3DPool",
    "TemporalPool",
    "UnfoldTime",
    "get",
]


def get(identifier, **config):
    """Returns the fusion layer that a name, a config or an instance means.

    Args:
        identifier: A name such as `"conv"` or `"ConvFusion"`, a config as
            `keras.layers.serialize` makes it, or a layer.
        **config: Arguments for a layer that is looked up by name.

    Raises:
        ValueError: If there is no such fusion; the message lists the names.
    """
    if isinstance(identifier, keras.layers.Layer):
        return identifier
    if isinstance(identifier, dict):
        if "module" in identifier or "registered_name" in identifier:
            return keras.layers.deserialize(identifier)
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
