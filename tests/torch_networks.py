"""TSN in PyTorch alone, module by module, to compare converted networks."""

import torch
from torch import nn
from torch_files import CLASSES, DEPTHS, INCEPTION, PLAIN


class Block(nn.Module):
    def __init__(self, state, name, kernels, stride):
        super().__init__()
        self.count = len(kernels)
        for i, size in enumerate(kernels, 1):
            filters, inputs = state[f"{name}.conv{i}.weight"].shape[:2]
            # The stride is in the only, or the first, 3x3 convolution.
            step = stride if i == kernels.index(3) + 1 else 1
            convolution = nn.Conv2d(
                inputs, filters, size, step, size // 2, bias=False
            )
            self.add_module(f"conv{i}", convolution)
            self.add_module(f"bn{i}", nn.BatchNorm2d(filters))
        self.downsample = None
        if f"{name}.downsample.0.weight" in state:
            filters, inputs = state[f"{name}.downsample.0.weight"].shape[:2]
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, filters, 1, stride, bias=False),
                nn.BatchNorm2d(filters),
            )

    def forward(self, x):
        y = x
        for i in range(1, self.count + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            y = torch.relu(y) if i < self.count else y
        return torch.relu(y + (self.downsample(x) if self.downsample else x))


class ResNet(nn.Module):
    def __init__(self, state, depth):
        super().__init__()
        kernels, counts = DEPTHS[depth]
        width, channels = state["conv1.weight"].shape[:2]
        self.conv1 = nn.Conv2d(channels, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        for stage, count in enumerate(counts, 1):
            blocks = [
                Block(
                    state,
                    f"layer{stage}.{i}",
                    kernels,
                    2 if stage > 1 and i == 0 else 1,
                )
                for i in range(count)
            ]
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))
        self.fc = nn.Linear(state["fc.weight"].shape[1], CLASSES)

    def stages(self, x):
        """Yields the layer of the converted network that makes a map."""
        x = torch.relu(self.bn1(self.conv1(x)))
        yield "relu", x
        x = self.maxpool(x)
        yield "maxpool", x
        for stage in range(1, 5):
            for i, block in enumerate(getattr(self, f"layer{stage}")):
                x = block(x)
                yield f"layer{stage}_{i}_relu", x


class Inception(nn.Module):
    def __init__(self, state):
        super().__init__()
        for name in state:
            module, _, part = name.rpartition(".")
            if part == "running_mean":
                self.add_module(module, nn.BatchNorm2d(len(state[name])))
            elif part == "weight" and state[name].ndim == 4:
                filters, inputs, size, _ = state[name].shape
                strided = ("3c_3x3", "4e_3x3", "3x3_2", "7x7_s2")
                reduces = module.endswith(strided) and (
                    module[10:12] in ("3c", "4e") or size == 7
                )
                step = 2 if reduces else 1
                layer = nn.Conv2d(inputs, filters, size, step, size // 2)
                self.add_module(module, layer)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.fc = nn.Linear(state["fc.weight"].shape[1], CLASSES)

    def unit(self, x, name):
        x = getattr(self, f"{name}_bn")(getattr(self, name)(x))
        return torch.relu(x)

    def module(self, x, name, branches):
        ends = []
        for branch in branches:
            y = x
            if branch == PLAIN[-1]:
                average = nn.AvgPool2d(3, 1, 1, ceil_mode=True)
                largest = nn.MaxPool2d(3, 1, 1, ceil_mode=True)
                y = (largest if name == "5b" else average)(x)
            for part in branch:
                y = self.unit(y, f"inception_{name}_{part}")
            ends.append(y)
        if branches is not PLAIN:
            ends.append(self.pool(x))
        return torch.cat(ends, 1)

    def stages(self, x):
        x = self.unit(x, "conv1_7x7_s2")
        yield "conv1_7x7_s2_relu", x
        x = self.unit(self.pool(x), "conv2_3x3_reduce")
        x = self.unit(x, "conv2_3x3")
        yield "conv2_3x3_relu", x
        x = self.pool(x)
        yield "pool2_3x3_s2", x
        for name, branches in INCEPTION.items():
            x = self.module(x, name, branches)
            yield f"inception_{name}_output", x


def answer(network, state, clips):
    """Returns what a network makes of clips.

    Args:
        network: `ResNet` or `Inception`.
        state: Its arrays; names must be the module's, none more, none less.
        clips: Normalised array `(batch, frames, height, width, channels)`.

    Returns:
        Pair of the logits, `(batch, classes)`, and dict of layer -> map
        `(batch * frames, height, width, channels)`.
    """
    tensors = {name: torch.from_numpy(x) for name, x in state.items()}
    network.load_state_dict(tensors, strict=True)
    network.eval()
    x = torch.from_numpy(clips.astype("float32")).flatten(0, 1)
    with torch.no_grad():
        maps = dict(network.stages(x.permute(0, 3, 1, 2)))
        last = [*maps.values()][-1]
        logits = network.fc(last.mean((2, 3)))
    logits = logits.unflatten(0, clips.shape[:2]).mean(1)
    return logits.numpy(), {
        name: x.permute(0, 2, 3, 1).numpy() for name, x in maps.items()
    }
