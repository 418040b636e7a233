"""Facts about a network: what is fused where, its size, its cost."""

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

import keras

from keras_twostream import layers
from keras_twostream.backbones.shapes import shapes_only
from keras_twostream.models.build import build
from keras_twostream.models.connect import fusion_name
from keras_twostream.models.spec import Published
from keras_twostream.models.table import get_spec


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """What `model_info` tells of a network.

    Attributes:
        name: Name of the network.
        streams: Names of its inputs.
        fuse: Location -> name of the fusion there.
        backbone: Backbone of every stream, or dict of stream -> backbone.
        input_shapes: Input -> shape without the batch.
        output_shape: Shape of the scores without the batch.
        parameters: Number of parameters.
        multiply_adds: Multiplications (each with its addition) of one
            forward pass of one sample, in convolutions, dense layers and
            bilinear products.
        paper: The paper's row, with its published accuracy, if it has one;
            measured there with VGG-M-2048 towers.
    """

    name: str
    streams: tuple[str, ...]
    fuse: dict[str, str]
    backbone: Any
    input_shapes: dict[str, tuple[int, ...]]
    output_shape: tuple[int, ...]
    parameters: int
    multiply_adds: int
    published: tuple[Published, ...]

    def to_json(self) -> str:
        """Returns the facts as JSON text."""
        return json.dumps(asdict(self), default=str)


def model_info(name, *, backbone="vgg_m_2048", **options):
    """Returns the facts of a named network as a `ModelInfo`.

    Args:
        name: Name of the network, see `list_models`.
        backbone: As for `build`.
        **options: Further arguments of `build`.
    """
    spec = get_spec(name)
    # Shapes are enough; the numbers would take seconds and up to a gigabyte.
    with shapes_only():
        model = build(name, backbone=backbone, **options)
    return ModelInfo(
        name=name,
        streams=spec.streams,
        fuse={at: fusion_name(fusion) for at, fusion in spec.fuse.items()},
        backbone=backbone,
        input_shapes={key: x.shape[1:] for key, x in model.input.items()},
        output_shape=model.output.shape[1:],
        parameters=model.count_params(),
        multiply_adds=multiply_adds(model),
        published=spec.published,
    )


def multiply_adds(model):
    """Returns the multiply-adds of one forward pass of one sample.

    Args:
        model: Functional model whose layers are each used once. Layers that
            see a clip's frames as a batch count once per frame.
    """
    total = 0
    frames: dict[int, int] = {}
    for operation in model.operations:
        inputs = keras.tree.flatten(operation.input)
        times = max((frames.get(id(x), 1) for x in inputs), default=1)
        if isinstance(operation, layers.FoldTime):
            times = inputs[0].shape[1]
        elif isinstance(operation, layers.UnfoldTime):
            times = 1
        outputs = keras.tree.flatten(operation.output)
        frames |= dict.fromkeys(map(id, outputs), times)
        total += times * _cost(operation, inputs, outputs[0])
    return total


def _cost(layer, inputs, output):
    """Returns the multiply-adds of one layer for one sample."""
    places = math.prod(output.shape[1:-1])
    if isinstance(layer, layers.BilinearFusion):
        return math.prod(inputs[0].shape[1:]) * inputs[1].shape[-1]
    if isinstance(layer, keras.Sequential):
        return multiply_adds(layer)
    kernels = [w for w in getattr(layer, "weights", ()) if len(w.shape) > 1]
    return sum(places * math.prod(kernel.shape) for kernel in kernels)
