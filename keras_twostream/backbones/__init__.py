"""Image networks as ordered, named stages, whoever made them.

"Fuse at stage X" means the same for each: networks written out as tables,
any network of `keras.applications`, and any functional `keras.Model`.
"""

import difflib

import keras

from keras_twostream.backbones import hub, i3d
from keras_twostream.backbones.adapt import flat
from keras_twostream.backbones.applications import application, constructors
from keras_twostream.backbones.base import Backbone, Head, Stage
from keras_twostream.backbones.graph import GraphBackbone
from keras_twostream.backbones.i3d import I3D
from keras_twostream.backbones.tables import TABLES, TableBackbone
from keras_twostream.backbones.whole import WholeNetwork

__all__ = [
    "Backbone",
    "GraphBackbone",
    "Head",
    "I3D",
    "Stage",
    "TableBackbone",
    "WholeNetwork",
    "get",
    "list_backbones",
]


def list_backbones():
    """Returns the names that `get` and `build(backbone=...)` understand."""
    return sorted({*TABLES, *i3d.TABLES, *constructors()})


def get(identifier, image_size=(224, 224), weights=None):
    """Returns the backbone that a name, a network or an instance means.

    Args:
        identifier: A name of `list_backbones()`, with options of Keras's
            constructor after a colon if need be (`"mobilenet:alpha=0.25"`);
            `"hub:"` and a preset of KerasHub, which has its weights; a
            functional `keras.Model` from images to maps, or one of KerasHub,
            which keep theirs; or a `Backbone`.
        image_size: Pair (height, width) of the input in pixels.
        weights: `None`, or `"imagenet"` for Keras's published weights.

    Raises:
        ValueError: If there is no such backbone.
    """
    if isinstance(identifier, Backbone):
        return identifier
    if hub.is_hub(identifier):
        return hub.wrapped(identifier, image_size)
    if isinstance(identifier, keras.Model):
        return GraphBackbone(flat(identifier, image_size))
    name = str(identifier).partition(":")[0]
    if name == hub.PREFIX:
        return hub.preset(identifier, image_size)
    if identifier in TABLES:
        return TableBackbone(identifier, weights)
    if identifier in i3d.TABLES:
        return I3D(identifier, weights)
    if name in constructors():
        return application(identifier, image_size, weights)
    close = difflib.get_close_matches(name, list_backbones(), n=3)
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    raise ValueError(
        f"There is no backbone {identifier!r}.{hint} There are: "
        f"{', '.join(list_backbones())}; or pass a functional keras.Model"
    )
