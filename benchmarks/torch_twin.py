"""`conv_relu5` on VGG-M-2048 as one writes it in PyTorch."""

import torch
from torch import nn


def _tower(channels, second_norm):
    """Returns the layers of one stream up to relu5."""
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


class ConvRelu5(nn.Module):
    """Two VGG-M-2048 towers, fused by a 1x1 convolution at relu5."""

    def __init__(self, num_classes=101, flow_channels=20):
        super().__init__()
        self.rgb = _tower(3, second_norm=True)
        self.flow = _tower(flow_channels, second_norm=False)
        self.fusion = nn.Conv2d(1024, 512, 1)
        self.top = nn.Sequential(
            nn.MaxPool2d(3, 2, ceil_mode=True),
            nn.Flatten(),
            nn.Linear(512 * 6 * 6, 4096),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(4096, 2048),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(2048, num_classes),
        )

    def forward(self, rgb, flow):
        """Returns the logits of frames (0..255) and flow (pixels)."""
        mean = rgb.new_tensor((123.68, 116.779, 103.939)).view(1, 3, 1, 1)
        maps = self.rgb(rgb - mean), self.flow(flow.clip(-20, 20) * 6.375)
        fused = torch.relu(self.fusion(torch.cat(maps, dim=1)))
        return self.top(fused)
