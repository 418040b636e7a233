"""MatConvNet's poolings, of images and of clips, in Keras.

Padding takes no part: neither in a maximum nor in the number of cells that an
average is of. Sources: `vl_nnpool` (`pooling_cpu.cpp`; cuDNN is left out where
an average has padding), and `dagnn.Pooling3D` of the code of Feichtenhofer et
al. (2016) with its `mex_maxpool3d` (github.com/pengsun/MexConv3D).
"""

import keras

from keras_twostream import layers
from keras_twostream.converters.mat_convs import pairs_of, time_first
from keras_twostream.layers.padded_pooling import PaddedPooling
from keras_twostream.layers.pooling import ceil_windows

# MatConvNet's word -> ours, and Keras's layer without padding.
METHODS = {
    "max": ("max", keras.layers.MaxPooling2D),
    "avg": ("average", keras.layers.AveragePooling2D),
}


def pooling(call):
    """Applies `dagnn.Pooling` of `poolSize [y x]`."""
    method = call.node.settings.get("method", "max")
    if method not in METHODS:
        raise ValueError(f"its method must be max or avg. Received: {method}")
    if len(call.x.shape) == 2:
        raise ValueError("it finds no map any more")
    window = call.spread("poolSize", 2, 1)
    stride = call.spread("stride", 2, 1)
    pad = call.spread("pad", 4, 0)
    mode, plain = METHODS[method]
    if not any(pad):
        return call.put(plain(window, stride, name=call.label))
    axes = zip(call.x.shape[1:-1], window, stride, pairs_of(pad), strict=True)
    if mode == "max" and all(_ends_as_ceil(*axis) for axis in axes):
        kind = layers.CeilMaxPooling2D
        return call.put(kind(_plain(window), _plain(stride), name=call.label))
    pairs, name = pairs_of(pad), call.label
    return call.put(PaddedPooling(window, stride, pairs, mode, name=name))


def pooling_3d(call):
    """Applies `dagnn.Pooling3D` of `poolSize [y x time]`, a maximum."""
    method = call.node.settings.get("method", "max")
    if method != "max":
        raise ValueError(f"its method must be max. Received: {method}")
    window = time_first(call.spread("poolSize", 3, 1))
    stride = time_first(call.spread("stride", 3, 1))
    pad = time_first(call.spread("pad", 6, 0))
    x, name = call.values[0].unfolded(call.label), call.label
    if any(pad):
        layer = PaddedPooling(window, stride, pairs_of(pad), name=name)
    else:
        layer = layers.Temporal3DPool(window, stride, name=name)
    return call.values[0].folded(layer(x), name)


def _ends_as_ceil(size, window, step, padding):
    """Returns whether padding does what rounding up does, as Caffe has it."""
    before, after = padding
    count = (size + after - window) // step + 1
    return before == 0 and count == ceil_windows(size, window, step)


def _plain(numbers):
    """Returns one number for all axes if they are equal."""
    return numbers[0] if len({*numbers}) == 1 else numbers
