"""The image networks of `keras.applications`, by name."""

import ast
import contextlib
import functools

import keras

from keras_twostream.backbones.graph import GraphBackbone
from keras_twostream.backbones.shapes import shapes_only

# Beginning of a constructor's name -> how the family wants its input.
FAMILIES = {
    "ConvNeXt": "image",
    "DenseNet": "torch",
    "EfficientNet": "image",
    "InceptionResNetV2": "unit",
    "InceptionV3": "unit",
    "MobileNetV3": "image",
    "MobileNetV2": "unit",
    "MobileNet": "unit",
    "NASNet": "unit",
    "ResNet50V2": "unit",
    "ResNet101V2": "unit",
    "ResNet152V2": "unit",
    "ResNet": "caffe",
    "VGG19": "caffe",
    "Xception": "unit",
}


@functools.cache
def constructors():
    """Returns our name (`mobilenet_v2`) -> constructor in Keras's name."""
    names = (
        name
        for name in dir(keras.applications)
        if any(name.startswith(family) for family in FAMILIES)
    )
    return {_our_name(name): name for name in names}


def _our_name(name):
    """Returns `resnet50_v2` for `ResNet50V2`."""
    for part in ("V2", "V3"):
        name = name.replace(part, f"_{part}")
    return name.lower()


def application(source, image_size, weights=None):
    """Returns a network of `keras.applications` as a backbone.

    Args:
        source: Name in `constructors()`, such as `"mobilenet"`, with further
            arguments of Keras's constructor after a colon.
        image_size: Pair (height, width) of the input in pixels.
        weights: `None` or `"imagenet"`, as in Keras.

    Raises:
        ValueError: If Keras refuses the arguments.
    """
    name, _, options = source.partition(":")
    constructor = constructors()[name]
    family = next(f for f in FAMILIES if constructor.startswith(f))
    # As a pattern the network needs its values only if they are published ones.
    scope = contextlib.nullcontext if weights else shapes_only
    try:
        with scope():
            network = getattr(keras.applications, constructor)(
                include_top=False,
                weights=weights,
                input_shape=(*image_size, 3),
                **_options(options),
            )
    except TypeError as error:
        raise ValueError(
            f"keras.applications.{constructor} does not take these options. "
            f"Received: {options} ({error})"
        ) from error
    return GraphBackbone(network, source, FAMILIES[family])


def _options(text):
    """Returns `{"alpha": 0.25}` for `"alpha=0.25"`."""
    options = {}
    for item in filter(None, text.split(",")):
        key, _, value = item.partition("=")
        try:
            options[key.strip()] = ast.literal_eval(value)
        except (SyntaxError, ValueError) as error:
            raise ValueError(
                f"Options of a backbone look like alpha=0.25,depth_multiplier"
                f"=1. Received: {item!r}"
            ) from error
    return options
