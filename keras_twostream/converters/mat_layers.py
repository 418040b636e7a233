"""What each type of layer of MatConvNet is in Keras.

Source: MatConvNet's `vl_nn*` functions and `dagnn` classes, as the code of
Feichtenhofer et al. (2016) changed them: time is folded into the batch, the
frames of a clip following each other.
"""

import keras
import numpy as np

from keras_twostream import layers
from keras_twostream.converters.mat_convs import conv, conv_3d
from keras_twostream.converters.mat_pools import pooling, pooling_3d

# MatConvNet's default of `[N kappa alpha beta]`.
LRN = (5, 1, 1e-4 / 5, 0.75)
# That of `dagnn.BatchNorm`.
EPSILON = 1e-4
# The dimension along which MatConvNet has channels, counted from 1.
CHANNELS = 3


def _relu(call):
    options = call.node.settings.get("opts")
    options = options if isinstance(options, list) else []
    words = [option for option in options if isinstance(option, str)]
    if any(call.node.numbers("leak", 0)) or "leak" in words:
        raise ValueError("it leaks")
    return call.put(keras.layers.ReLU(name=call.label))


def _lrn(call):
    size, *rest = call.node.numbers("param", *LRN)
    normalise = layers.LocalResponseNormalization
    return call.put(normalise(int(size), *rest, name=call.label))


def _batch_norm(call):
    """Normalises by the moments in the file: mean and *deviation*.

    The deviation has an epsilon in it already, so as much is taken off the
    variance as Keras adds.
    """
    if len(call.node.arrays) != 3:
        raise ValueError("it needs a gain, an offset and moments")
    gain, offset, moments = call.node.arrays
    mean, deviation = moments.reshape(-1, 2).T.astype("float64")
    variance = np.square(deviation)
    epsilon = min(call.node.numbers("epsilon", EPSILON)[0], variance.min())
    arrays = [gain.ravel(), offset.ravel(), mean, variance - epsilon]
    call.arrays[call.label] = [x.astype("float32") for x in arrays]
    layer = keras.layers.BatchNormalization
    return call.put(layer(epsilon=float(epsilon), name=call.label))


def _scale(call):
    """Multiplies each channel by a number, and perhaps adds one."""
    channels = call.x.shape[-1]
    arrays = [array.ravel() for array in call.node.arrays]
    fits = arrays and all(len(array) == channels for array in arrays)
    if len(call.values) > 1 or len(call.x.shape) != 4 or not fits:
        raise ValueError("it scales by other than a number for each channel")
    call.arrays[call.label] = [arrays[0].reshape(1, 1, -1, 1), *arrays[1:]]
    layer, use_bias = keras.layers.DepthwiseConv2D, len(arrays) > 1
    return call.put(layer(1, use_bias=use_bias, name=call.label))


def _sum(call):
    return _merged(call, keras.layers.Add, layers.SumFusion)


def _concat(call):
    if call.node.numbers("dim", CHANNELS) != [CHANNELS]:
        raise ValueError("it stacks other than channels")
    return _merged(call, keras.layers.Concatenate, layers.ConcatFusion)


def _merged(call, plain, fusion):
    """Merges maps; it is a fusion if they are of different streams.

    The authors' `Concat` fills smaller maps up with zeros at the bottom and
    the right. Where sums are of unequal maps, MatConvNet fails.
    """
    if len({value.frames for value in call.values}) > 1:
        raise ValueError("it merges clips of unequal numbers of frames")
    streams = {value.streams for value in call.values}
    maps = [value.x for value in call.values]
    sizes = {tuple(x.shape[1:-1]) for x in maps}
    if len(sizes) > 1 and call.node.type == "concat":
        name = f"{call.label}_align"
        maps = layers.AlignResolution("pad", name=name)(maps)
    layer = (fusion if len(streams) > 1 else plain)(name=call.label)
    together = frozenset().union(*streams)
    return call.values[0]._replace(x=layer(maps), streams=together)


def _dropout(call):
    rate = call.node.numbers("rate", 0.5)[0]
    return call.put(keras.layers.Dropout(float(rate), name=call.label))


def _softmax(call):
    return call.put(keras.layers.Softmax(name=call.label))


# Type, in the word of `Node.type` -> function of a `Call` that applies it.
LAYERS = {
    "batchnorm": _batch_norm,
    "concat": _concat,
    "conv": conv,
    "conv3d": conv_3d,
    "dropout": _dropout,
    "lrn": _lrn,
    "pooling": pooling,
    "pooling3d": pooling_3d,
    "relu": _relu,
    "scale": _scale,
    "softmax": _softmax,
    "sum": _sum,
}


def apply(call):
    """Returns the `Value` of what a layer of the source makes.

    Raises:
        ValueError: If it is of a type or has settings that are not
            understood; the message names layer and type.
    """
    node = call.node
    try:
        if node.type not in LAYERS:
            raise ValueError(f"known types are {[*LAYERS]}")
        return LAYERS[node.type](call)
    except ValueError as error:
        raise ValueError(
            f"layer {node.name!r} of type {node.kind} is not understood: "
            f"{error}"
        ) from error
