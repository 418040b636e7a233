"""MatConvNet's convolutions, of images and of clips, in Keras.

All correlate, as Keras does, and take explicit padding. Sources:
`vl_nnconv`, and `dagnn.Conv3D` of the code of Feichtenhofer et al. (2016) with
its `mex_conv3d` (github.com/pengsun/MexConv3D).
"""

import keras

PADS = {4: keras.layers.ZeroPadding2D, 5: keras.layers.ZeroPadding3D}


def conv(call):
    """Applies `dagnn.Conv`: filters `[height width channels filters]`.

    Filters that cover the whole map become a dense layer, as they are in the
    networks of this library.
    """
    kernel, bias = _filters(call, 4)
    if any(n != 1 for n in call.node.numbers("dilate", 1)):
        raise ValueError("it is dilated")
    channels, depth = call.x.shape[-1], kernel.shape[2]
    if channels % depth:
        raise ValueError(
            f"its filters are for {depth} channels. Received: {channels}"
        )
    pad, size = call.spread("pad", 4, 0), kernel.shape[:2]
    place = tuple(call.x.shape[1:-1]) or (1, 1)
    if size == place and depth == channels and not any(pad):
        return _dense(call, kernel, bias)
    if len(call.x.shape) == 2:
        raise ValueError(f"its filters of {size} find no map any more")
    stride = call.spread("stride", 2, 1)
    x, padding = _padded(call.label, call.x, size, stride, pad)
    layer = keras.layers.Conv2D(
        kernel.shape[-1],
        size,
        stride,
        padding,
        groups=channels // depth,
        use_bias=bool(bias),
        name=call.label,
    )
    call.arrays[call.label] = [kernel, *bias]
    return call.put(layer, x)


def _dense(call, kernel, bias):
    """Applies filters that cover the whole map."""
    units, name = kernel.shape[-1], call.label
    call.arrays[name] = [kernel.reshape(-1, units), *bias]
    x = call.x
    if len(x.shape) > 2:
        x = keras.layers.Flatten(name=f"{name}_flatten")(x)
    dense = keras.layers.Dense(units, use_bias=bool(bias), name=name)
    return call.put(dense, x)


def conv_3d(call):
    """Applies `dagnn.Conv3D`: `[height width time channels filters]`."""
    kernel, bias = _filters(call, 5)
    # From here on time comes first, as Keras has it.
    kernel = kernel.transpose(2, 0, 1, 3, 4)
    size = kernel.shape[:3]
    stride = time_first(call.spread("stride", 3, 1))
    pad = time_first(call.spread("pad", 6, 0))
    x = call.values[0].unfolded(call.label)
    x, padding = _padded(call.label, x, size, stride, pad)
    layer = keras.layers.Conv3D(
        kernel.shape[-1],
        size,
        stride,
        padding,
        use_bias=bool(bias),
        name=call.label,
    )
    call.arrays[call.label] = [kernel, *bias]
    return call.values[0].folded(layer(x), call.label)


def time_first(numbers):
    """Returns what is told of (height, width, time) in Keras's order."""
    each = len(numbers) // 3
    return (*numbers[2 * each :], *numbers[: 2 * each])


def pairs_of(pad):
    """Returns (before, after) of each axis."""
    return tuple(zip(pad[::2], pad[1::2], strict=True))


def _padded(label, x, size, stride, pad):
    """Returns what to convolve, and Keras's word for the padding of that."""
    if not any(pad):
        return x, "valid"
    same = tuple(n // 2 for n in size for _ in range(2))
    if pad == same and all(n % 2 for n in size) and {*stride} == {1}:
        return x, "same"
    layer = PADS[len(x.shape)](pairs_of(pad), name=f"{label}_pad")
    return layer(x), "valid"


def _filters(call, rank):
    """Returns filters, and a list of their biases if there are any.

    MATLAB drops dimensions of 1 at the end of an array, and saves biases as
    rows or as columns.
    """
    arrays = call.node.arrays
    if not 1 <= len(arrays) <= 2 or arrays[0].ndim > rank:
        raise ValueError(f"it needs filters of {rank} dimensions, and biases")
    kernel, *bias = arrays
    kernel = kernel.reshape(kernel.shape + (1,) * (rank - kernel.ndim))
    if not all(call.node.numbers("hasBias", 1)):
        bias = []
    return kernel, [array.ravel() for array in bias]
