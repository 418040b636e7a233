"""What one forward pass of a network costs."""

import math

import keras

from keras_twostream import layers
from keras_twostream.models.subset import nodes_of

# Layers that multiply every channel with every other one at every place.
BILINEAR = (layers.BilinearFusion, layers.BilinearPooling)


def multiply_adds(model):
    """Returns the multiply-adds of one forward pass of one sample.

    Counted are convolutions, dense and recurrent layers and bilinear
    products, each multiplication with its addition as one; sums, maxima,
    normalisations and activations are not. A layer that sees a clip's frames
    as a batch counts once per frame.

    Args:
        model: Functional `keras.Model`.

    Returns:
        Integer.
    """
    total = 0
    frames: dict[int, int] = {}
    for node in nodes_of(model):
        layer, inputs = node.operation, node.input_tensors
        times = max((frames.get(id(x), 1) for x in inputs), default=1)
        if isinstance(layer, layers.FoldTime):
            times *= inputs[0].shape[1]
        elif isinstance(layer, layers.UnfoldTime):
            times //= layer.frames
        frames |= dict.fromkeys(map(id, node.outputs), times)
        total += times * _cost(layer, inputs, node.outputs[0])
    return total


def _cost(layer, inputs, output):
    """Returns the multiply-adds of one layer for one sample."""
    if isinstance(layer, BILINEAR):
        return math.prod(inputs[0].shape[1:]) * inputs[-1].shape[-1]
    if isinstance(layer, keras.Sequential):
        layer = keras.Model(layer.inputs, layer.outputs)
    if hasattr(layer, "operations"):
        return multiply_adds(layer)
    places = math.prod(output.shape[1:-1])
    if isinstance(layer, keras.layers.RNN):
        places = inputs[0].shape[1]
    kernels = [w for w in getattr(layer, "weights", ()) if len(w.shape) > 1]
    return sum(places * math.prod(kernel.shape) for kernel in kernels)
