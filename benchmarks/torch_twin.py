"""The measured networks as one writes them in PyTorch.

They take what ours take, `(batch, [time,] height, width, channels)`, whose
permutation to PyTorch's order costs nothing in its `channels_last` layout, and
return the logits of every loss.
"""

import copy

import torch
from torch import nn

MEAN = (123.68, 116.779, 103.939)
# Channels of VGG-16's convolutions, by block.
VGG_16 = ((64, 64), (128, 128), (256,) * 3, (512,) * 3, (512,) * 3)


def _images(x, stream):
    """Returns normalised images of frames (0..255) or flow (pixels)."""
    x = x.flatten(0, -4).permute(0, 3, 1, 2)
    if stream == "flow":
        return x.clip(-20, 20) * 6.375
    return x - x.new_tensor(MEAN).view(1, 3, 1, 1)


def _vgg_m(channels, second_norm):
    """Returns the layers of one VGG-M-2048 stream up to relu5."""
    # PyTorch divides alpha by the size, MatConvNet's numbers do not.
    norm = nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)
    pool = nn.MaxPool2d(3, 2, ceil_mode=True)
    return nn.Sequential(
        nn.Conv2d(channels, 96, 7, stride=2),
        nn.ReLU(),
        norm,
        pool,
        nn.Conv2d(96, 256, 5, stride=2, padding=1),
        nn.ReLU(),
        norm if second_norm else nn.Identity(),
        pool,
        *(
            layer
            for width in (256, 512, 512)
            for layer in (nn.Conv2d(width, 512, 3, padding=1), nn.ReLU())
        ),
    )


def _vgg_16(channels):
    """Returns the layers of one VGG-16 stream up to relu5."""
    rows = []
    for block in VGG_16:
        for width in block:
            rows += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        rows.append(nn.MaxPool2d(2))
    return nn.Sequential(*rows[:-1])


def _cells(network, size):
    """Returns the length of the last pooled map as a vector."""
    # Shapes are enough, on a copy without numbers.
    layers = copy.deepcopy(nn.Sequential(network.rgb, network.pool)).to("meta")
    return layers(torch.empty(1, 3, size, size, device="meta")).numel()


def _top(inputs, units7, classes):
    """Returns the layers from the last pooled map to the logits."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(inputs, 4096),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(4096, units7),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(units7, classes),
    )


class ConvRelu5(nn.Module):
    """`conv_relu5`: two VGG-M-2048 towers and a 1x1 convolution at relu5."""

    def __init__(self, classes=101, flow_channels=20, size=224):
        super().__init__()
        self.rgb = _vgg_m(3, second_norm=True)
        self.flow = _vgg_m(flow_channels, second_norm=False)
        self.fusion = nn.Conv2d(1024, 512, 1)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.top = _top(_cells(self, size), 2048, classes)

    def forward(self, rgb, flow):
        """Returns the logits of single frames and their stacks of flow."""
        maps = self.rgb(_images(rgb, "rgb")), self.flow(_images(flow, "flow"))
        fused = torch.relu(self.fusion(torch.cat(maps, dim=1)))
        return (self.top(self.pool(fused)),)


class Conv3dRelu5Pool3dPlus(nn.Module):
    """`conv3d_relu5_pool3d_plus`: two VGG-16 towers, fused over time.

    A 3D convolution at relu5, the maximum over time after pool5, and class
    scores of both the fused and the temporal tower.
    """

    def __init__(self, classes=101, flow_channels=20, size=224):
        super().__init__()
        self.rgb, self.flow = _vgg_16(3), _vgg_16(flow_channels)
        self.fusion = Conv3dFusion()
        self.pool = nn.MaxPool2d(2)
        self.top = _top(_cells(self, size), 4096, classes)
        self.flow_top = _top(_cells(self, size), 4096, classes)

    def forward(self, rgb, flow):
        """Returns the logits of the fused and of the temporal tower."""
        frames = rgb.shape[1]
        rgb, flow = (
            tower(_images(x, stream)).unflatten(0, (-1, frames)).transpose(1, 2)
            for tower, x, stream in (
                (self.rgb, rgb, "rgb"),
                (self.flow, flow, "flow"),
            )
        )
        window = (frames, 2, 2)
        fused, kept = (
            nn.functional.max_pool3d(x, window)
            for x in (self.fusion.fuse(rgb, flow), flow)
        )
        return self.top(fused), self.flow_top(kept)


class Conv3dFusion(nn.Module):
    """The 3D convolution that fuses two maps of 512 channels."""

    def __init__(self, classes=101, **_):
        super().__init__()
        self.conv = nn.Conv3d(1024, 512, 3, padding=1)

    def fuse(self, rgb, flow):
        """Returns the fused map of `(batch, channels, time, ...)` maps."""
        return torch.relu(self.conv(torch.cat([rgb, flow], dim=1)))

    def forward(self, rgb, flow):
        """Returns the means of its channels, to have a loss."""
        rgb, flow = (x.permute(0, 4, 1, 2, 3) for x in (rgb, flow))
        return (self.fuse(rgb, flow).mean((2, 3, 4)),)


TWINS = {
    "conv_relu5": ConvRelu5,
    "conv3d_relu5_pool3d_plus": Conv3dRelu5Pool3dPlus,
    "conv3d_fusion": Conv3dFusion,
}
