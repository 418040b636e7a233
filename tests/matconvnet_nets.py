"""Networks of MatConvNet with few channels and random weights.

They are made by the steps by which MatConvNet and the code of Feichtenhofer et
al. make the real ones, which the functions are called after.
"""

import numpy as np
from matconvnet_files import Structs, row

CLASSES = 7
VGG = ((2, 4), (2, 6), (3, 8), (3, 8), (3, 8))
VGG_SIZE = (64, 64)


class Maker:
    """Makes layers of SimpleNN, with filters that keep the scale of maps."""

    def __init__(self, channels, seed=0):
        self.rng = np.random.default_rng(seed)
        self.channels, self.layers = channels, []

    def conv(self, name, filters, size, stride=1, pad=0):
        first = 1 if self.layers else 1 / 64
        shape = (size, size, self.channels, filters)
        kernel, bias = weights(self.rng, shape, first)
        self.channels, pair = filters, [kernel, bias]
        self.add("conv", name, weights=pair, stride=row(stride), pad=pad)

    def relu(self, name):
        self.add("relu", name)

    def pool(self, name, size, stride, pad=(0, 0, 0, 0)):
        pads, sizes = row(*pad), row(size, size)
        stride = row(stride)
        self.add(
            "pool", name, method="max", pool=sizes, stride=stride, pad=pads
        )

    def add(self, kind, name, **settings):
        named = {"name": name} if name else {}
        self.layers.append({"type": kind, **named, **settings})


def weights(rng, shape, scale=1):
    """Returns random filters and their biases, a row of them."""
    spread = scale * np.sqrt(2 / np.prod(shape[:-1]))
    kernel, bias = rng.normal(0, spread, shape), rng.normal(0, 0.2, shape[-1:])
    return kernel.astype("float32"), bias[None].astype("float32")


def vgg_m(channels=3, seed=0):
    """Returns the layers of VGG-M-2048, with an LRN that can be seen."""
    make = Maker(channels, seed)
    lrn = row(5, 2, 0.005, 0.75)
    make.conv("conv1", 8, 7, 2)
    make.relu("relu1")
    make.add("normalize", "norm1", param=lrn)
    make.pool("pool1", 3, 2, (0, 1, 0, 1))
    make.conv("conv2", 12, 5, 2, row(1))
    make.relu("relu2")
    make.add("lrn", "norm2", param=lrn)
    make.pool("pool2", 3, 2, (0, 1, 0, 1))
    for number in (3, 4, 5):
        make.conv(f"conv{number}", 12, 3, 1, row(1, 1))
        make.relu(f"relu{number}")
    make.pool("pool5", 3, 2, (0, 1, 0, 1))
    make.conv("fc6", 16, 3)
    make.relu("relu6")
    make.conv("fc7", 10, 1)
    make.relu("relu7")
    make.conv("fc8", CLASSES, 1)
    make.add("softmax", "prob")
    return make.layers


def vgg_16(channels=3, seed=0):
    """Returns the layers of VGG-16 after `replace_last_layer`."""
    make = Maker(channels, seed)
    for block, (count, filters) in enumerate(VGG, 1):
        for i in range(1, count + 1):
            make.conv(f"conv{block}_{i}", filters, 3, 1, row(1, 1, 1, 1))
            make.relu(f"relu{block}_{i}")
        make.pool(f"pool{block}", 2, 2)
    for name, size in (("6", 2), ("7", 1)):
        make.conv(f"fc{name}", 12, size)
        make.relu(f"relu{name}")
        make.add("dropout", "", rate=0.85)
    make.conv("", CLASSES, 1)
    make.add("softmaxloss", "")
    return make.layers


def old_form(layers):
    """Returns layers as old files have them: filters and biases apart."""
    result = []
    for layer in layers:
        layer = dict(layer)
        if pair := layer.pop("weights", None):
            layer["filters"], layer["biases"] = pair
        result.append(layer)
    return result


def dag_layer(name, kind, inputs, outputs, params=(), **block):
    return {
        "name": name,
        "type": f"dagnn.{kind}",
        "inputs": [*inputs],
        "outputs": [*outputs],
        "params": [*params],
        "block": block,
    }


def param(name, value):
    rates = {"learningRate": 1.0, "weightDecay": 1.0}
    return {"name": name, "value": value, **rates}


def from_simple(layers):
    """Returns what `fromSimpleNN` makes of a chain, its input renamed."""
    net = {"layers": Structs(), "params": Structs()}
    for i, layer in enumerate(layers, 1):
        name = layer.get("name") or f"layer{i}"
        inputs = ["input" if i == 1 else f"x{i - 1}"]
        if layer["type"] == "softmaxloss":
            _add_losses(net, f"loss{i}", [*inputs, "label"])
            continue
        names = (f"{name}f", f"{name}b") if "weights" in layer else ()
        pairs = zip(names, layer.get("weights", ()), strict=True)
        net["params"] += [param(*pair) for pair in pairs]
        kind, block = _block(layer)
        new = dag_layer(name, kind, inputs, [f"x{i}"], names, **block)
        net["layers"].append(new)
    return net


def _add_losses(net, name, inputs):
    losses = {name: "softmaxlog", "top1error": "classerror"}
    for name, loss in (losses | {"top5error": "topkerror"}).items():
        net["layers"].append(dag_layer(name, "Loss", inputs, [name], loss=loss))


def _block(layer):
    """Returns class and settings of a layer of SimpleNN."""
    fill = {"stride": (np.ones((1, 2)) * layer.get("stride", 1))}
    fill["pad"] = np.repeat(pad := np.ravel(layer.get("pad", 0)), 4 // pad.size)
    fill["opts"] = ["cuDNN"]
    if layer["type"] == "conv":
        size = row(*layer["weights"][0].shape)
        return "Conv", fill | {"size": size, "hasBias": True}
    if layer["type"] == "pool":
        pool = {"poolSize": layer["pool"], "method": layer["method"]}
        return "Pooling", fill | pool
    if layer["type"] == "relu":
        return "ReLU", {"useShortCircuit": True, "leak": 0.0, "opts": []}
    if layer["type"] == "dropout":
        return "DropOut", {"rate": layer["rate"], "frozen": False}
    if layer["type"] == "softmax":
        return "SoftMax", {}
    return "LRN", {"param": layer["param"]}


class _ResNet:
    """A network as `import-caffe.py` makes it; variables as the layers."""

    def __init__(self, seed):
        self.net = {"layers": Structs(), "params": Structs()}
        self.rng = np.random.default_rng(seed)
        self.channels = {"data": 3}

    def add(self, name, kind, inputs, channels, arrays=None, **block):
        names = [f"{name}_{part}" for part in arrays or {}]
        pairs = zip(names, (arrays or {}).values(), strict=True)
        self.net["params"] += [param(*pair) for pair in pairs]
        layer = dag_layer(name, kind, inputs, [name], names, **block)
        self.net["layers"].append(layer)
        self.channels[name] = channels
        return name

    def conv(self, x, name, filters, size, stride=1, bias=False):
        shape = (size, size, self.channels[x], filters)
        kernel, b = weights(self.rng, shape, 1 / 64 if x == "data" else 1)
        arrays = {"filter": kernel} | ({"bias": b.T} if bias else {})
        pad = row(*[size // 2] * 4) if size > 1 else row(0)
        block = {"hasBias": bias, "pad": pad, "stride": row(stride, stride)}
        return self.add(name, "Conv", [x], filters, arrays, **block)

    def norm(self, x, name):
        count, rng = self.channels[x], self.rng
        moments = [rng.normal(0, 0.2, count), rng.uniform(0.5, 2, count)]
        arrays = {
            "mult": rng.uniform(0.5, 1.5, (count, 1)).astype("float32"),
            "bias": rng.normal(0, 0.2, (count, 1)).astype("float32"),
            "moments": np.stack(moments, axis=1).astype("float32"),
        }
        return self.add(name, "BatchNorm", [x], count, arrays, epsilon=1e-5)

    def relu(self, x, name):
        return self.add(name, "ReLU", [x], self.channels[x], leak=0.0)

    def pool(self, x, name, method, size, stride, pad):
        sizes = {"poolSize": row(size, size), "stride": row(stride, stride)}
        block = {"method": method, "pad": row(*pad), **sizes}
        return self.add(name, "Pooling", [x], self.channels[x], **block)

    def block(self, x, name, stride, widen):
        y, steps = x, ((4, 1, stride), (4, 3, 1), (12, 1, 1))
        for part, (filters, size, step) in zip("abc", steps, strict=True):
            own = f"{name}_branch2{part}"
            y = self.norm(self.conv(y, own, filters, size, step), f"bn{own}")
            y = y if part == "c" else self.relu(y, f"{own}_relu")
        if widen:
            own = f"{name}_branch1"
            x = self.norm(self.conv(x, own, 12, 1, stride), f"bn{own}")
        return self.relu(self.add(name, "Sum", [x, y], 12), f"{name}_relu")


def resnet(seed=0):
    """Returns a residual network of three blocks, for images of 64x64."""
    make = _ResNet(seed)
    x = make.norm(make.conv("data", "conv1", 6, 7, 2, bias=True), "bn_conv1")
    x = make.relu(x, "conv1_relu")
    x = make.pool(x, "pool1", "max", 3, 2, (0, 1, 0, 1))
    x = make.block(x, "res2a", 1, widen=True)
    x = make.block(x, "res3a", 2, widen=True)
    x = make.block(x, "res3b", 1, widen=False)
    x = make.pool(x, "pool5", "avg", 8, 1, (0, 0, 0, 0))
    x = make.conv(x, "fc1000", CLASSES, 1, bias=True)
    make.add("prob", "SoftMax", [x], CLASSES)
    return make.net


def others(seed=0):
    """Returns a network of odd paddings, of groups and of scales."""
    make = _ResNet(seed)
    x = make.conv("data", "conv1", 6, 3, 2, bias=True)
    x = make.pool(x, "pool1", "max", 3, 2, (1, 1, 2, 1))
    y = make.pool(x, "pool2", "avg", 3, 1, (1, 1, 1, 1))
    make.channels[y] = 3
    y = make.conv(y, "conv2", 8, 3)
    arrays = {"mult": make.rng.normal(1, 0.3, (1, 1, 8)).astype("float32")}
    arrays["bias"] = make.rng.normal(0, 0.3, (1, 1, 8)).astype("float32")
    y = make.add("scale", "Scale", [y], 8, arrays, size=row(1, 1, 8))
    x = make.pool(x, "pool3", "avg", 2, 2, (0, 1, 1, 0))
    z = make.add("concat/1", "Concat", [x, y], 14, dim=3.0)
    z = make.add("2lrn", "LRN", [z], 14, param=row(3, 1, 0.1, 0.5))
    z = make.pool(z, "pool4", "max", 16, 1, (0, 0, 0, 0))
    make.conv(z, "prediction", CLASSES, 1)
    return make.net


def finished(net, average, size, names=()):
    """Returns a DagNN with what `saveobj` adds to it."""
    made = [x for layer in net["layers"] for x in layer["outputs"]]
    normalization = {
        "imageSize": row(*size),
        "averageImage": average,
        "border": row(32, 32),
        "interpolation": "bicubic",
    }
    classes = {"name": [*names], "description": [*names]} if names else []
    return net | {
        "vars": Structs({"name": x, "precious": False} for x in made),
        "meta": {"normalization": normalization, "classes": classes},
        "conserveMemory": True,
    }
