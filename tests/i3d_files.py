"""Writes I3D's weights as its Keras files hold them, and runs them in NumPy.

The layout is that of Keras 2's `save_weights`: attributes name the layers, the
arrays of each and their order.
"""

import itertools

import h5py
import numpy as np

# Module -> filters of its six convolutions, as its source lists them.
MODULES = {
    "3b": (64, 96, 128, 16, 32, 32),
    "3c": (128, 128, 192, 32, 96, 64),
    "4b": (192, 96, 208, 16, 48, 64),
    "4c": (160, 112, 224, 24, 64, 64),
    "4d": (128, 128, 256, 24, 64, 64),
    "4e": (112, 144, 288, 32, 64, 64),
    "4f": (256, 160, 320, 32, 128, 128),
    "5b": (256, 160, 320, 32, 128, 128),
    "5c": (384, 192, 384, 48, 128, 128),
}
# Module -> window and steps of the pooling in front of it.
POOLS = {
    "3b": ("MaxPool3d_3a_3x3", (1, 3, 3), (1, 2, 2)),
    "4b": ("MaxPool3d_4a_3x3", (3, 3, 3), (2, 2, 2)),
    "5b": ("MaxPool3d_5a_2x2", (2, 2, 2), (2, 2, 2)),
}
HEAD = "Conv3d_6a_1x1_conv"


def units(channels):
    """Yields (name, kernel's shape) of every convolution but the last."""
    yield "Conv3d_1a_7x7", (7, 7, 7, channels, 64)
    yield "Conv3d_2b_1x1", (1, 1, 1, 64, 64)
    yield "Conv3d_2c_3x3", (3, 3, 3, 64, 192)
    before = 192
    for module, (a, b, c, d, e, f) in MODULES.items():
        name = f"Conv3d_{module}"
        yield f"{name}_0a_1x1", (1, 1, 1, before, a)
        yield f"{name}_1a_1x1", (1, 1, 1, before, b)
        yield f"{name}_1b_3x3", (3, 3, 3, b, c)
        yield f"{name}_2a_1x1", (1, 1, 1, before, d)
        yield f"{name}_2b_3x3", (3, 3, 3, d, e)
        yield f"{name}_3b_1x1", (1, 1, 1, before, f)
        before = a + c + e + f


def random_arrays(channels, classes, seed=0):
    """Returns layer -> list of (weight's name, array).

    Args:
        channels: Integer, 3 for RGB, 2 for flow.
        classes: Integer, or `None` for a file without its top.
        seed: Integer.
    """
    rng = np.random.default_rng(seed)

    def draw(shape, low, high):
        return rng.uniform(low, high, shape).astype("float32")

    layers = {}
    for name, shape in units(channels):
        bound, count = (6 / np.prod(shape[:-1])) ** 0.5, shape[-1:]
        layers[f"{name}_conv"] = [("kernel:0", draw(shape, -bound, bound))]
        layers[f"{name}_bn"] = [
            ("beta:0", draw(count, -0.2, 0.3)),
            ("moving_mean:0", draw(count, -0.2, 0.2)),
            ("moving_variance:0", draw(count, 0.3, 1.5)),
        ]
    if classes:
        layers[HEAD] = [
            ("kernel:0", draw((1, 1, 1, 1024, classes), -0.1, 0.1)),
            ("bias:0", draw((classes,), -0.5, 0.5)),
        ]
    return layers


def write(path, layers):
    """Writes arrays as Keras 2 does, layers without any between them."""
    with h5py.File(path, "w") as file:
        file.attrs["backend"] = np.bytes_("tensorflow")
        file.attrs["keras_version"] = np.bytes_("2.0.8")
        names = ["input_1", *layers, "global_avg_pool", "lambda_1"]
        file.attrs["layer_names"] = np.array(names, "S")
        for layer in names:
            group = file.create_group(layer)
            own = layers.get(layer, [])
            keys = [f"{layer}/{weight}" for weight, _ in own]
            group.attrs["weight_names"] = np.array(keys, "S") if keys else []
            for key, (_, array) in zip(keys, own, strict=True):
                group[key] = array
    return path


def run(layers, x):
    """Returns endpoint -> array, for a clip in the network's own units."""
    w = {layer: [a for _, a in own] for layer, own in layers.items()}
    ends = {}

    def unit(x, name, step=1):
        beta, mean, variance = w[f"{name}_bn"]
        x = _convolved(x, w[f"{name}_conv"][0], step)
        return np.maximum((x - mean) / np.sqrt(variance + 1e-3) + beta, 0)

    def keep(name, x):
        ends[name] = x
        return x

    x = keep("Conv3d_1a_7x7", unit(x, "Conv3d_1a_7x7", 2))
    x = keep("MaxPool3d_2a_3x3", _max_pooled(x, (1, 3, 3), (1, 2, 2)))
    x = keep("Conv3d_2b_1x1", unit(x, "Conv3d_2b_1x1"))
    x = keep("Conv3d_2c_3x3", unit(x, "Conv3d_2c_3x3"))
    for module in MODULES:
        if module in POOLS:
            name, window, steps = POOLS[module]
            x = keep(name, _max_pooled(x, window, steps))
        name = f"Conv3d_{module}"
        branches = [
            unit(x, f"{name}_0a_1x1"),
            unit(unit(x, f"{name}_1a_1x1"), f"{name}_1b_3x3"),
            unit(unit(x, f"{name}_2a_1x1"), f"{name}_2b_3x3"),
            unit(_max_pooled(x, (3, 3, 3), (1, 1, 1)), f"{name}_3b_1x1"),
        ]
        x = keep(f"Mixed_{module}", np.concatenate(branches, axis=-1))
    if HEAD in w:
        # Windows of two steps, the logits of each, and their mean over time.
        x = x.mean(axis=(2, 3))
        kernel, bias = w[HEAD]
        logits = (x[:, 1:] + x[:, :-1]) / 2 @ kernel[0, 0, 0] + bias
        ends["Logits"] = logits.mean(axis=1)
    return ends


def _padded(x, window, steps, value):
    """Pads as TensorFlow's "same" does, the odd cell behind."""
    padding = [(0, 0)]
    for size, side, step in zip(x.shape[1:4], window, steps, strict=True):
        total = max((-(-size // step) - 1) * step + side - size, 0)
        padding.append((total // 2, total - total // 2))
    return np.pad(x, [*padding, (0, 0)], constant_values=value)


def _windows(x, window, steps, value):
    """Yields (offset, cells at that offset of every window)."""
    cells = [-(-n // s) for n, s in zip(x.shape[1:4], steps, strict=True)]
    x = _padded(x, window, steps, value)
    for offset in itertools.product(*map(range, window)):
        places = zip(offset, cells, steps, strict=True)
        part = [slice(o, o + (n - 1) * s + 1, s) for o, n, s in places]
        yield offset, x[:, *part]


def _convolved(x, kernel, step):
    windows = _windows(x, kernel.shape[:3], (step,) * 3, 0)
    return sum(part @ kernel[offset] for offset, part in windows)


def _max_pooled(x, window, steps):
    windows = _windows(x, window, steps, -np.inf)
    return np.max([part for _, part in windows], axis=0)
