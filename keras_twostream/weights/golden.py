"""The golden sample: an input made by formula, the same on every machine."""

import numpy as np

# What a network of pixels and of vectors may be given.
RGB_MEAN, RGB_SWING = 127.5, 127.5
FLOW_SWING = 8.0


def golden_sample(shapes):
    """Returns an input that is worth comparing scores on.

    Waves of many lengths and directions that differ in every frame, channel
    and stream: whoever swaps axes, colours, u and v or the order of time gets
    other scores. No file has to be stored and nothing is drawn by chance.

    Args:
        shapes: Dict of `"rgb"` and `"flow"` -> shape of one sample,
            `([frames,] height, width, channels)`.

    Returns:
        Dict of stream -> `float32` array `(1, *shape)`: RGB in 0 to 255,
        flow in pixels.
    """
    return {
        stream: _waves(stream, shape)[None] for stream, shape in shapes.items()
    }


def _waves(stream, shape):
    """Returns a sum of waves over all axes."""
    axes = np.indices(shape, dtype="float64", sparse=True)
    *frames, row, column, channel = axes
    time = frames[0] if frames else 0.0
    turn = 0.7 * channel + 1.3 * time
    height, width = shape[-3:-1]
    waves = (
        np.sin(6 * np.pi * row / height + turn)
        + np.cos(10 * np.pi * column / width - 2 * turn)
        + np.sin(2 * np.pi * (3 * row / height + 5 * column / width) + turn**2)
    ) / 3
    if stream == "rgb":
        return (RGB_MEAN + RGB_SWING * waves).astype("float32")
    return (FLOW_SWING * waves).astype("float32")
