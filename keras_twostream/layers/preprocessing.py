"""The first and last layers of a network: units in, class scores out.

They carry what a saved model must remember to be used: how its flow was
computed, and what its classes are called.
"""

import json

import keras
from keras import ops

from keras_twostream.flow.spec import FlowSpec
from keras_twostream.layers._base import export
from keras_twostream.layers.conventions import (
    CONVENTIONS,
    IMAGENET_MEAN,
    Convention,
    find_convention,
)

__all__ = [
    "CONVENTIONS",
    "IMAGENET_MEAN",
    "ClassScores",
    "Convention",
    "FlowPreprocessing",
    "RGBPreprocessing",
]


class _Preprocessing(keras.layers.Layer):
    """Maps the library's units to those a backbone was trained in.

    It also remembers how the clips were prepared that a network is trained
    on, so that a saved network can be fed alike.
    Where nobody says so it is the default `FlowSpec`, and it is known
    that nobody did.
    """

    def __init__(self, convention="unit", flow=None, sampling=None, **kwargs):
        super().__init__(**kwargs)
        find_convention(convention)
        # As it will be after a round trip through a file: lists, not tuples.
        self.convention = _as_json(convention)
        # Whether somebody said so, or it is no more than the default.
        self.told = flow is not None
        if not isinstance(flow, FlowSpec):
            flow = FlowSpec() if flow is None else FlowSpec.from_dict(flow)
        self.flow = flow
        self.sampling = _as_json(sampling)

    @property
    def row(self):
        """The `Convention`."""
        return find_convention(self.convention)

    def tell(self, flow):
        """Says by which `FlowSpec` the clips are prepared."""
        self.flow, self.told = flow, True

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return super().get_config() | {
            "convention": _as_json(self.convention),
            "flow": self.flow.to_dict() if self.told else None,
            "sampling": self.sampling,
        }


@export
class RGBPreprocessing(_Preprocessing):
    """Normalises RGB frames of 0 to 255 as a backbone expects them.

    Args:
        convention: Name of a row of `CONVENTIONS`: `"unit"` (to -1..1),
            `"mean"` (minus the ImageNet mean, RGB), `"caffe"` (the same in
            BGR order), `"torch"` (mean and standard deviation) or `"image"`
            (0 to 255 as it is); or a dict of the fields of a `Convention`.
        flow: The `FlowSpec` (or its dict) that the clips are prepared by.
        sampling: Optional dict of settings by which samples are cut from the
            clips. It is kept for whoever feeds the network, not used here.

    Input shape:
        `(batch, height, width, 3)`.

    Output shape:
        The same.
    """

    def call(self, inputs):
        row = self.row
        x = ops.flip(inputs, axis=-1) if row.reverse else inputs
        scale = ops.convert_to_tensor(row.scale, inputs.dtype)
        offset = ops.convert_to_tensor(row.offset, inputs.dtype)
        return x * scale + offset


@export
class FlowPreprocessing(_Preprocessing):
    """Normalises flow in pixels as a backbone expects images.

    Args:
        convention: Name of a row of `CONVENTIONS` or a dict, as for RGB.
        flow: The `FlowSpec` (or its dict) of the flow that the network is
            trained on. Vectors are cut off at its bound.

    Input shape:
        `(batch, height, width, 2 * fields)`, in pixels per step.

    Output shape:
        The same.
    """

    def call(self, inputs):
        bound = self.flow.bound
        clipped = ops.clip(inputs, -bound, bound)
        centre = ops.convert_to_tensor(self.row.centre, inputs.dtype)
        return clipped * (self.row.amplitude / bound) + centre


@export
class ClassScores(keras.layers.Layer):
    """Turns logits into class scores, in float32, and names the classes.

    Args:
        activation: Activation of the scores; `None` leaves logits.
        class_names: Optional sequence of names, one per class.

    Input shape:
        `(batch, classes)`.

    Output shape:
        The same.
    """

    def __init__(self, activation="softmax", class_names=None, **kwargs):
        # A softmax in float16 loses small probabilities, and its loss breaks.
        super().__init__(**(kwargs | {"dtype": "float32"}))
        self.activation = keras.activations.get(activation)
        self.class_names = class_names and [str(name) for name in class_names]

    def build(self, input_shape):
        names = self.class_names
        if names and len(names) != input_shape[-1]:
            raise ValueError(
                f"class_names must name {input_shape[-1]} classes. "
                f"Received: {len(names)} names"
            )
        super().build(input_shape)

    def call(self, inputs):
        return self.activation(inputs)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return super().get_config() | {
            "activation": keras.activations.serialize(self.activation),
            "class_names": self.class_names,
        }


def _as_json(value):
    return json.loads(json.dumps(value, default=float))
