"""Checkpoints of TSN as PyTorch's libraries write them, of random numbers.

Without PyTorch: names and shapes are spelt out here, and `torch_networks`
loads them into modules of the same names.
"""

import re

import numpy as np

CLASSES = 5
# Kernels of a block; blocks of each stage.
DEPTHS = {
    18: ((3, 3), (2, 2, 2, 2)),
    34: ((3, 3), (3, 4, 6, 3)),
    50: ((1, 3, 1), (3, 4, 6, 3)),
    101: ((1, 3, 1), (3, 4, 23, 3)),
    152: ((1, 3, 1), (3, 8, 36, 3)),
}
# Module -> branches of convolutions.
PLAIN = (
    ("1x1",),
    ("3x3_reduce", "3x3"),
    ("double_3x3_reduce", "double_3x3_1", "double_3x3_2"),
    ("pool_proj",),
)
REDUCING = PLAIN[1:3]
INCEPTION = {
    name: REDUCING if name in ("3c", "4e") else PLAIN
    for name in ("3a", "3b", "3c", "4a", "4b", "4c", "4d", "4e", "5a", "5b")
}


class State(dict):
    """A `state_dict` of random arrays.

    Args:
        gain: About how much a normalisation multiplies by.
    """

    def __init__(self, gain, seed=0):
        super().__init__()
        self.gain, self.rng = gain, np.random.default_rng(seed)

    def normal(self, name, shape, scale):
        values = self.rng.standard_normal(shape) * scale
        self[name] = values.astype("float32")

    def convolution(self, name, filters, channels, size, bias=False):
        shape = (filters, channels, size, size)
        scale = (2 / (channels * size * size)) ** 0.5
        self.normal(f"{name}.weight", shape, scale)
        if bias:
            self.normal(f"{name}.bias", (filters,), 0.1)

    def norm(self, name, channels):
        for part, low in (("weight", 0.5 * self.gain), ("running_var", 0.5)):
            values = self.rng.uniform(low, 3 * low, channels)
            self[f"{name}.{part}"] = values.astype("float32")
        for part in ("bias", "running_mean"):
            self.normal(f"{name}.{part}", (channels,), 0.1)
        self[f"{name}.num_batches_tracked"] = np.array(7)

    def dense(self, features):
        self.normal("fc.weight", (CLASSES, features), features**-0.5)
        self.normal("fc.bias", (CLASSES,), 1.0)
        return self


def resnet(depth=18, channels=3, width=4, inner=None):
    """Returns torchvision's `state_dict` of a narrow residual network.

    Args:
        depth: A key of `DEPTHS`.
        channels: Integer, channels of the input.
        width: Integer, filters of the stem.
        inner: Integer, filters of the first stage's inner convolutions.
    """
    kernels, counts = DEPTHS[depth]
    state = State(gain=0.4)
    state.convolution("conv1", width, channels, 7)
    state.norm("bn1", width)
    inputs, inner = width, inner or width
    for stage, count in enumerate(counts):
        filters = [inner * 2**stage] * len(kernels)
        if len(kernels) == 3:
            filters[-1] = 4 * width * 2**stage
        for index in range(count):
            name = f"layer{stage + 1}.{index}"
            if index == 0 and (stage or inputs != filters[-1]):
                state.convolution(
                    f"{name}.downsample.0", filters[-1], inputs, 1
                )
                state.norm(f"{name}.downsample.1", filters[-1])
            for i, size in enumerate(kernels):
                before = filters[i - 1] if i else inputs
                state.convolution(
                    f"{name}.conv{i + 1}", filters[i], before, size
                )
                state.norm(f"{name}.bn{i + 1}", filters[i])
            inputs = filters[-1]
    return state.dense(inputs)


def inception(channels=3, width=3):
    """Returns the `state_dict` of a narrow BN-Inception."""
    state = State(gain=1.0)

    def unit(name, inputs, size, filters=width):
        state.convolution(name, filters, inputs, size, bias=True)
        state.norm(f"{name}_bn", filters)
        return filters

    unit("conv1_7x7_s2", channels, 7)
    unit("conv2_3x3_reduce", width, 1)
    inputs = unit("conv2_3x3", width, 3, width + 1)
    for module, branches in INCEPTION.items():
        outputs = 0 if branches is PLAIN else inputs
        for branch in branches:
            end = inputs
            for part in branch:
                size = 3 if re.fullmatch(r"(double_)?3x3(_\d)?", part) else 1
                end = unit(f"inception_{module}_{part}", end, size, end % 5 + 2)
            outputs += end
        inputs = outputs
    return state.dense(inputs)


def tsn_pytorch(state, dropout=True):
    """Returns the names of `yjxiong/tsn-pytorch`, as `DataParallel` saves."""
    head = "module.new_fc." if dropout else "module.base_model.fc."
    return {
        (
            head + name[3:]
            if name.startswith("fc.")
            else f"module.base_model.{name}"
        ): values
        for name, values in state.items()
    }


def mmaction(state):
    """Returns the names of MMAction."""
    return {
        (
            f"cls_head.fc_cls.{name[3:]}"
            if name.startswith("fc.")
            else f"backbone.{name}"
        ): values
        for name, values in state.items()
    }


def mmaction2(state):
    """Returns the names of MMAction2, whose modules hold both layers."""

    def within(name):
        name = name.replace("downsample.0.", "downsample.conv.")
        name = name.replace("downsample.1.", "downsample.bn.")
        name = re.sub(r"\bconv(\d)\.", r"conv\1.conv.", name)
        return re.sub(r"\bbn(\d)\.", r"conv\1.bn.", name)

    return {within(k): v for k, v in mmaction(state).items()}


# As the libraries normalise RGB of 0 to 255 and the bytes of flow.
def _bytes(flow):
    return (np.clip(flow, -20, 20) + 20) * 255 / 40


def _by(mean, deviation):
    return lambda x: (x - np.array(mean)) / np.array(deviation)


_IMAGENET = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
_MM = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
NORMALISED = {
    ("resnet", "tsn", "rgb"): lambda x: _by(*_IMAGENET)(x / 255),
    ("resnet", "tsn", "flow"): lambda x: _by(0.5, 0.226)(_bytes(x) / 255),
    ("resnet", "mm", "rgb"): _by(*_MM),
    ("resnet", "mm", "flow"): lambda x: _by(128, 128)(_bytes(x)),
    ("inception", "tsn", "rgb"): lambda x: x[..., ::-1] - [104, 117, 128],
    ("inception", "tsn", "flow"): lambda x: _bytes(x) - 128,
    ("inception", "mm", "rgb"): lambda x: x[..., ::-1] - [104, 117, 128],
    ("inception", "mm", "flow"): lambda x: _bytes(x) - 128,
}
