"""The first and last layers of a network: units in, class scores out.

They carry what a saved model must remember to be used: how its flow was
computed, and what its classes are called.
"""

import json
from typing import NamedTuple

import keras
from keras import ops

from keras_twostream.flow.spec import FlowSpec
from keras_twostream.layers._base import export

IMAGENET_MEAN = (123.68, 116.779, 103.939)


class Convention(NamedTuple):
    """How a family of networks wants its input.

    Attributes:
        scale: RGB becomes `rgb * scale + offset`, per channel.
        offset: See `scale`.
        amplitude: Flow becomes `flow / bound * amplitude + centre`, as an
            8-bit image of the flow would be normalised.
        centre: See `amplitude`.
        reverse: Whether the channels are BGR.
    """

    scale: float | tuple[float, ...]
    offset: float | tuple[float, ...]
    amplitude: float
    centre: float = 0.0
    reverse: bool = False


CONVENTIONS = {
    "unit": Convention(1 / 127.5, -1.0, 1.0),
    "mean": Convention(1.0, tuple(-mean for mean in IMAGENET_MEAN), 127.5),
    "caffe": Convention(
        1.0, tuple(-mean for mean in IMAGENET_MEAN[::-1]), 127.5, reverse=True
    ),
    "torch": Convention(
        tuple(1 / 255 / deviation for deviation in (0.229, 0.224, 0.225)),
        (-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225),
        0.5 / 0.226,
    ),
    # For networks that normalise images of 0 to 255 themselves.
    "image": Convention(1.0, 0.0, 127.5, centre=127.5),
}


class _Preprocessing(keras.layers.Layer):
    """Maps the library's units to those a backbone was trained in.

    It also remembers how the clips were prepared that a network is trained
    on, so that a saved network can be fed alike.
    """

    def __init__(self, convention="unit", flow=None, sampling=None, **kwargs):
        super().__init__(**kwargs)
        if convention not in CONVENTIONS:
            raise ValueError(
                f"convention must be one of {[*CONVENTIONS]}. "
                f"Received: {convention}"
            )
        self.convention = convention
        if not isinstance(flow, FlowSpec):
            flow = FlowSpec() if flow is None else FlowSpec.from_dict(flow)
        self.flow = flow
        # As it will be after a round trip through a file: lists, not tuples.
        self.sampling = json.loads(json.dumps(sampling))

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return super().get_config() | {
            "convention": self.convention,
            "flow": self.flow.to_dict(),
            "sampling": self.sampling,
        }


@export
class RGBPreprocessing(_Preprocessing):
    """Normalises RGB frames of 0 to 255 as a backbone expects them.

    Args:
        convention: Name of a row of `CONVENTIONS`: `"unit"` (to -1..1),
            `"mean"` (minus the ImageNet mean, RGB), `"caffe"` (the same in
            BGR order), `"torch"` (mean and standard deviation) or `"image"`
            (0 to 255 as it is).
        flow: The `FlowSpec` (or its dict) that the clips are prepared by.
        sampling: Optional dict of settings by which samples are cut from the
            clips. It is kept for whoever feeds the network, not used here.

    Input shape:
        `(batch, height, width, 3)`.

    Output shape:
        The same.
    """

    def call(self, inputs):
        row = CONVENTIONS[self.convention]
        x = ops.flip(inputs, axis=-1) if row.reverse else inputs
        scale = ops.convert_to_tensor(row.scale, inputs.dtype)
        offset = ops.convert_to_tensor(row.offset, inputs.dtype)
        return x * scale + offset


@export
class FlowPreprocessing(_Preprocessing):
    """Normalises flow in pixels as a backbone expects images.

    Args:
        convention: Name of a row of `CONVENTIONS`, as for RGB.
        flow: The `FlowSpec` (or its dict) of the flow that the network is
            trained on. Vectors are cut off at its bound.

    Input shape:
        `(batch, height, width, 2 * fields)`, in pixels per step.

    Output shape:
        The same.
    """

    def call(self, inputs):
        bound = self.flow.bound
        row = CONVENTIONS[self.convention]
        clipped = ops.clip(inputs, -bound, bound)
        return clipped * (row.amplitude / bound) + row.centre


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
