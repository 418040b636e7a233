"""Networks of KerasHub: of images, by their pyramids, and VideoPrism."""

import importlib
import importlib.util

import keras
import numpy as np

from keras_twostream.backbones.adapt import flat
from keras_twostream.backbones.base import STRIDES
from keras_twostream.backbones.graph import GraphBackbone
from keras_twostream.layers.preprocessing import CONVENTIONS

PREFIX, PACKAGE = "hub", "keras_hub"
# Last layer of a clip network: its tokens as a map.
GRID = "grid"

# Beginning of a class's name -> how most of its presets want images: a row of
# `CONVENTIONS`, or what a Rescaling makes of 0 to 255. A preset's own image
# converter goes before this.
FAMILIES = {
    "CSPNet": "torch",
    "DenseNet": "torch",
    "EfficientNet": "torch",
    "MobileNetBackbone": "torch",
    "ResNet": "torch",
    "VGG": "torch",
    "VideoPrism": {"scale": 1 / 255},
    "Xception": "unit",
}


def is_hub(network):
    """Returns whether a model is a backbone of KerasHub."""
    kinds = type(network).__mro__
    return any(kind.__module__.startswith(f"{PACKAGE}.") for kind in kinds)


def preset(identifier, image_size):
    """Returns a pretrained network of KerasHub as a backbone, with weights.

    Args:
        identifier: `"hub:"` and what KerasHub's `from_preset` takes: a name
            such as `"hub:resnet_50_imagenet"`, a handle, or a folder.
        image_size: Pair (height, width) of the input in pixels.

    Raises:
        ValueError: If KerasHub is not installed, or has no such preset.
    """
    if importlib.util.find_spec(PACKAGE) is None:
        raise ValueError(
            "Networks of KerasHub need it installed: pip install "
            f"'keras_twostream[hub]'. Received: {identifier!r}"
        )
    keras_hub = importlib.import_module(PACKAGE)
    name = identifier.partition(":")[2]
    network = keras_hub.models.Backbone.from_preset(name)
    converter = keras_hub.layers.ImageConverter.from_preset(name)
    return wrapped(network, image_size, converter)


def wrapped(network, image_size, converter=None):
    """Returns a network of KerasHub as a backbone that keeps its weights.

    `relu2` to `relu5` mean the levels of its pyramid at strides 2 to 16, where
    there is one and a cut is possible there, else the last place to cut at
    that stride; the levels' own names (`"P3"`) are understood too. A level
    inside a unit (DenseNet's end in a normalisation) is no stage; a network
    that is one large layer, or ends in tokens, has none.

    Args:
        network: Backbone of KerasHub, of images or a VideoPrism of clips.
        image_size: Pair (height, width) of the input in pixels.
        converter: Its `keras_hub.layers.ImageConverter`; by default what is
            usual in its family.

    Raises:
        ValueError: If the network cannot be cut, is for another image size,
            or of a family whose images are unknown here.
    """
    if hasattr(network, "num_frames"):
        graph = _on_grid(network, image_size)
    else:
        graph = flat(network, image_size)
    units = _units(network, converter)
    backbone = GraphBackbone(graph, None, *units)
    if backbone.clips:
        last = backbone.stages[GRID]
        backbone.stages[GRID] = last._replace(stride=network.patch_size)
        backbone.aliases["relu5"] = GRID
    backbone.aliases |= _levels(network, backbone)
    return backbone


def _levels(network, backbone):
    """Returns what locations mean by the levels of a network's pyramid."""
    makers = {
        id(x): operation.name
        for operation in network.operations
        for x in keras.tree.flatten(operation.output)
    }
    at_stride = {stride: location for location, stride in STRIDES.items()}
    aliases = {}
    for level, tensor in getattr(network, "pyramid_outputs", {}).items():
        name = backbone.names.get(makers.get(id(tensor)))
        if name in backbone.tensors:
            aliases[level] = name
            if location := at_stride.get(backbone.stages[name].stride):
                aliases[location] = name
    return aliases


def _on_grid(network, image_size):
    """Returns a VideoPrism whose tokens are laid back where they came from."""
    height, width, _ = network.image_shape
    if (height, width) != tuple(image_size):
        raise ValueError(
            f"{network.name} takes frames of {height}x{width} pixels: pass "
            f"input_shape={(height, width)}. Received: {tuple(image_size)}"
        )
    size = network.patch_size
    places = (network.num_frames, height // size, width // size)
    grid = keras.layers.Reshape((*places, network.hidden_dim), name=GRID)
    # Without what a network for texts too does after that.
    tokens = network.get_layer("factorized_decoding").output
    clip = network.get_layer("spatial_reshape").input
    return keras.Model(clip, grid(tokens), name=network.name)


def _units(network, converter):
    """Returns the row of `CONVENTIONS` for a network, and its rescaling."""
    name = type(network).__name__
    units = next((u for f, u in FAMILIES.items() if name.startswith(f)), None)
    if converter is not None:
        units = _named(converter.scale, converter.offset)
    if units is None:
        raise ValueError(
            f"How a {name} wants its images is not known here; it is of "
            f"{[*FAMILIES]}, or pass the name of a preset, 'hub:NAME'"
        )
    return (units, None) if isinstance(units, str) else ("image", units)


def _named(scale, offset):
    """Returns the name of a scaling, or itself if it has none."""
    scale = 1.0 if scale is None else scale
    offset = 0.0 if offset is None else offset
    for name, row in CONVENTIONS.items():
        same = np.allclose(scale, row.scale), np.allclose(offset, row.offset)
        if all(same) and not row.reverse:
            return name
    return {"scale": scale, "offset": offset}
