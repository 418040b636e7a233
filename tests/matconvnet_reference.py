"""MatConvNet's forward pass in NumPy, in its own layout.

Maps are `(height, width, channels, batch)`. Written after `vl_nnconv.m`,
`vl_nnpool` (pooling_cpu.cpp), `vl_nnnormalize.m`, `vl_nnbnorm.m`, and of the
authors' code `Conv3D.m`, `Pooling3D.m` and `Concat.m`, in float64.
"""

import itertools

import numpy as np


def forward(net, inputs, clips=1):
    """Returns all variables of a DagNN.

    Args:
        net: Network of `matconvnet_nets`.
        inputs: Dict of variable -> map.
        clips: What the code calls `curBatchSize`.
    """
    params = {x["name"]: x["value"].astype("float64") for x in net["params"]}
    values = {name: x.astype("float64") for name, x in inputs.items()}
    left = [x for x in net["layers"] if x["type"] != "dagnn.Loss"]
    while left:
        layer = next(x for x in left if {*x["inputs"]} <= {*values})
        left.remove(layer)
        given = [values[x] for x in layer["inputs"]]
        arrays = [params[x] for x in layer["params"]]
        kind, block = layer["type"].removeprefix("dagnn."), layer["block"]
        if kind.endswith("3D"):
            block = block | {"clips": clips}
        values[layer["outputs"][0]] = BLOCKS[kind](given, arrays, block)
    return values


def _ints(block, name):
    return [int(x) for x in np.ravel(block[name])]


def _full(numbers, count):
    return numbers * (count // len(numbers))


def _padding(block, axes, value=0.0):
    pads = _full(_ints(block, "pad"), 2 * axes)
    return [(pads[2 * i], pads[2 * i + 1]) for i in range(axes)]


def _windows(size, window, stride, pads):
    """Yields (index of a window, cells that it holds) along an axis."""
    before, after = pads
    for i in range((size + before + after - window) // stride + 1):
        start = i * stride - before
        yield i, range(max(start, 0), min(start + window, size))


def _correlate(x, kernel, bias, stride, padding):
    """Correlates maps of any number of axes; channels and batch are last."""
    axes = len(stride)
    x = np.pad(x, [*padding, (0, 0), (0, 0)])
    sizes = [
        (n - k) // s + 1
        for n, k, s in zip(x.shape, kernel.shape, stride, strict=False)
    ]
    y = np.zeros((*sizes, kernel.shape[-1], x.shape[-1]))
    for place in itertools.product(*map(range, kernel.shape[:axes])):
        cells = tuple(
            slice(p, p + s * (n - 1) + 1, s)
            for p, s, n in zip(place, stride, sizes, strict=True)
        )
        y += np.einsum("...cb,cf->...fb", x[cells], kernel[place])
    return y + (bias[0].reshape(-1, 1) if bias else 0)


def _conv(given, arrays, block):
    kernel, *bias = arrays
    stride = _full(_ints(block, "stride"), 2)
    depth = kernel.shape[2]
    groups = given[0].shape[2] // depth
    each = kernel.shape[3] // groups
    parts = [
        _correlate(
            given[0][:, :, g * depth : (g + 1) * depth],
            kernel[..., g * each : (g + 1) * each],
            [b.ravel()[g * each : (g + 1) * each] for b in bias],
            stride,
            _padding(block, 2),
        )
        for g in range(groups)
    ]
    return np.concatenate(parts, axis=2)


def _pooling(given, _, block):
    [x], sizes = given, _full(_ints(block, "poolSize"), 2)
    strides = _full(_ints(block, "stride"), 2)
    axes = [
        [*_windows(*axis)]
        for axis in zip(
            x.shape, sizes, strides, _padding(block, 2), strict=False
        )
    ]
    pool = {"max": np.max, "avg": np.mean}[block["method"]]
    y = np.zeros((len(axes[0]), len(axes[1]), *x.shape[2:]))
    for (i, rows), (j, columns) in itertools.product(*axes):
        y[i, j] = pool(x[np.ix_(rows, columns)], axis=(0, 1))
    return y


def _lrn(given, _, block):
    [x], (n, kappa, alpha, beta) = given, np.ravel(block["param"])
    y = np.empty_like(x)
    for k in range(x.shape[2]):
        low = max(0, k - int((n - 1) // 2))
        high = min(x.shape[2], k + int(np.ceil((n - 1) / 2)) + 1)
        energy = kappa + alpha * np.sum(x[:, :, low:high] ** 2, axis=2)
        y[:, :, k] = x[:, :, k] / energy**beta
    return y


def _batch_norm(given, arrays, _):
    gain, offset = (array.reshape(-1, 1) for array in arrays[:2])
    mean, deviation = (arrays[2][:, [i]] for i in (0, 1))
    return gain * (given[0] - mean) / deviation + offset


def _scale(given, arrays, _):
    gain, offset = (array.reshape(-1, 1) for array in arrays)
    return given[0] * gain + offset


def _concat(given, *_):
    height, width = (max(x.shape[i] for x in given) for i in (0, 1))
    pads = [
        [(0, height - x.shape[0]), (0, width - x.shape[1]), (0, 0), (0, 0)]
        for x in given
    ]
    padded = [np.pad(x, pad) for x, pad in zip(given, pads, strict=True)]
    return np.concatenate(padded, axis=2)


def _softmax(given, *_):
    powers = np.exp(given[0] - given[0].max(axis=2, keepdims=True))
    return powers / powers.sum(axis=2, keepdims=True)


def _to_clips(x, clips):
    """Returns `(height, width, time, channels, clips)`, as `Conv3D.m`."""
    *size, channels, count = x.shape
    shape = (*size, channels, count // clips, clips)
    return x.reshape(shape, order="F").transpose(0, 1, 3, 2, 4)


def _from_clips(x):
    x = x.transpose(0, 1, 3, 2, 4)
    return x.reshape((*x.shape[:3], -1), order="F")


def _conv_3d(given, arrays, block):
    x, stride = _to_clips(given[0], block["clips"]), _ints(block, "stride")
    kernel, *bias = arrays
    y = _correlate(x, kernel, bias, stride, _padding(block, 3))
    return _from_clips(y)


def _pooling_3d(given, _, block):
    x = _to_clips(given[0], block["clips"])
    settings = (_ints(block, "poolSize"), _ints(block, "stride"))
    axes = [
        [*_windows(*axis)]
        for axis in zip(x.shape, *settings, _padding(block, 3), strict=False)
    ]
    y = np.zeros((*map(len, axes), *x.shape[3:]))
    for places in itertools.product(*axes):
        index, cells = zip(*places, strict=True)
        y[index] = x[np.ix_(*cells)].max(axis=(0, 1, 2))
    return _from_clips(y)


BLOCKS = {
    "BatchNorm": _batch_norm,
    "Concat": _concat,
    "Conv": _conv,
    "Conv3D": _conv_3d,
    "DropOut": lambda given, *_: given[0],
    "LRN": _lrn,
    "Pooling": _pooling,
    "Pooling3D": _pooling_3d,
    "ReLU": lambda given, *_: np.maximum(given[0], 0),
    "Scale": _scale,
    "SoftMax": _softmax,
    "Sum": lambda given, *_: sum(given),
}
