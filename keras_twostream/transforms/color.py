"""Colours of the RGB frames. Flow does not change: motion has no colour."""

from typing import Any

import numpy as np

from keras_twostream.transforms.arrays import namespace
from keras_twostream.transforms.streams import Sample, spread

# Luma and two axes of colour (YIQ, ITU-R BT.601 luma) from red, green, blue.
_YIQ = np.array(
    [
        [0.299, 0.587, 0.114],
        [0.595716, -0.274453, -0.321263],
        [0.211456, -0.522591, 0.311135],
    ]
)
LUMA = _YIQ[0]
# Colours are kept, stretched and turned about the axis of greys.
_KEPT = np.diag([1.0, 0.0, 0.0])
_STRETCHED = np.diag([0.0, 1.0, 1.0])
_TURNED = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
_MATRICES = [
    np.linalg.inv(_YIQ) @ x @ _YIQ for x in (_KEPT, _STRETCHED, _TURNED)
]


def jitter(
    sample: Sample,
    brightness: Any = 0.0,
    contrast: Any = 1.0,
    saturation: Any = 1.0,
    hue: Any = 0.0,
) -> Sample:
    """Changes the colours of all RGB frames of a clip alike.

    One affine map of colours: hue and saturation first, then contrast, then
    brightness, and what leaves 0 to 255 is cut off at the end. Hue and
    saturation turn and stretch colours about the axis of greys, so that luma
    stays.

    Args:
        sample: Dict of float tensors `(N, [T,] H, W, C)`, with "rgb" or not.
        brightness: What is added, as a share of 255; each of these is a number
            or a tensor `(N,)`.
        contrast: Factor of the distance from the clip's mean luma.
        saturation: Factor of the distance from grey; 0 leaves no colour.
        hue: Share of a full turn of the colours.

    Returns:
        Dict of tensors of the same shapes.
    """
    if "rgb" not in sample:
        return dict(sample)
    ops = namespace(sample["rgb"])
    rgb = ops.convert_to_tensor(sample["rgb"])
    values = (brightness, contrast, saturation, hue * (2 * np.pi))
    brightness, contrast, saturation, turn = (
        spread(ops.convert_to_tensor(x, dtype="float32"), rgb[..., 0])
        for x in values
    )
    axes = 1.0, saturation * ops.cos(turn), saturation * ops.sin(turn)
    colours = [rgb[..., k] for k in range(3)]
    luma = sum(float(w) * c for w, c in zip(LUMA, colours, strict=True))
    mean = ops.mean(luma, axis=(*range(1, len(luma.shape)),), keepdims=True)
    offset = (1.0 - contrast) * mean + 255.0 * brightness
    changed = [_row(k, axes, colours) * contrast + offset for k in range(3)]
    clipped = ops.minimum(ops.maximum(ops.stack(changed, axis=-1), 0.0), 255.0)
    return sample | {"rgb": clipped}


def _row(row: int, axes: tuple, colours: list) -> Any:
    """Returns one colour of the result, from all colours."""
    total: Any = 0.0
    for column, colour in enumerate(colours):
        weights = [float(matrix[row, column]) for matrix in _MATRICES]
        total = total + colour * sum(
            weight * axis for weight, axis in zip(weights, axes, strict=True)
        )
    return total
