"""Flow as pictures, in the colour code of Baker et al. (Middlebury)."""

import functools

import numpy as np

# (entries, from, to): the wheel's segments in order of growing hue, each
# from one primary colour of light or print to the next.
_SEGMENTS = [
    (15, (255, 0, 0), (255, 255, 0)),
    (6, (255, 255, 0), (0, 255, 0)),
    (4, (0, 255, 0), (0, 255, 255)),
    (11, (0, 255, 255), (0, 0, 255)),
    (13, (0, 0, 255), (255, 0, 255)),
    (6, (255, 0, 255), (255, 0, 0)),
]

# Share of the known vectors that a picture's own bound leaves unsaturated.
_PERCENTILE = 99.5

# Vectors beyond the bound keep their hue and are darkened by this factor.
_BEYOND = 0.75


def flow_to_image(flow: np.ndarray, bound: float | None = None) -> np.ndarray:
    """Draws flow: hue is direction, saturation is speed.

    Rightward motion is red, downward yellow, leftward cyan-blue, upward
    violet; no motion is white, unknown flow (NaN) black.

    Args:
        flow: `(H, W, 2)` displacements, u (right positive), v (down
            positive).
        bound: Speed of full saturation, in the units of `flow`; faster
            pixels are darker. `None` takes the speed that 99.5 % of the
            known pixels do not exceed.

    Returns:
        `uint8 (H, W, 3)` RGB.

    Raises:
        ValueError: If `flow` has another shape or `bound` is not positive.
    """
    flow = np.asarray(flow, np.float32)
    if flow.ndim != 3 or flow.shape[2] != 2:
        raise ValueError(
            f"`flow` must be of shape (H, W, 2). Received: {flow.shape}."
        )
    if bound is not None and not bound > 0:
        raise ValueError(f"`bound` must be positive. Received: {bound!r}.")
    known = np.isfinite(flow).all(axis=2)
    flow = np.where(known[..., None], flow, 0)
    speed = np.hypot(flow[..., 0], flow[..., 1])
    if bound is None:
        bound = _own_bound(speed[known])
    image = _paint(flow, speed / bound)
    image[~known] = 0
    return image


def color_wheel_legend(size: int) -> np.ndarray:
    """Draws the key to `flow_to_image`: each place shows its own direction.

    Args:
        size: Height and width of the picture in pixels.

    Returns:
        `uint8 (size, size, 3)` RGB: a disc whose rim is the bound, on white.

    Raises:
        ValueError: If `size` is less than 1.
    """
    if size < 1:
        raise ValueError(f"`size` must be at least 1. Received: {size!r}.")
    places = (np.arange(size, dtype=np.float32) + 0.5) * 2 / size - 1
    flow = np.stack(np.meshgrid(places, places), axis=-1)
    image = flow_to_image(flow, bound=1.0)
    image[np.hypot(flow[..., 0], flow[..., 1]) > 1] = 255
    return image


def _own_bound(speeds: np.ndarray) -> float:
    highest = np.percentile(speeds, _PERCENTILE) if speeds.size else 0.0
    if highest > 0:
        return float(highest)
    # Fewer than one pixel in 200 moves, or none.
    return float(speeds.max(initial=0)) or 1.0


def _paint(flow: np.ndarray, radius: np.ndarray) -> np.ndarray:
    wheel = _wheel()
    # Both components are negated, not the angle shifted: this keeps the
    # wheel's seam exactly where the original code has it.
    turn = (np.arctan2(-flow[..., 1], -flow[..., 0]) / np.pi + 1) / 2
    place = turn * (len(wheel) - 1)
    lower = np.floor(place).astype(np.intp)
    upper = (lower + 1) % len(wheel)
    share = (place - lower)[..., None]
    color = (1 - share) * wheel[lower] + share * wheel[upper]
    radius = radius[..., None]
    color = np.where(radius <= 1, 1 - radius * (1 - color), color * _BEYOND)
    return np.floor(255 * color).astype(np.uint8)


@functools.cache
def _wheel() -> np.ndarray:
    """Returns the 55 colours of the wheel, `(55, 3)` in 0..1."""
    parts = []
    for entries, start, end in _SEGMENTS:
        share = np.arange(entries)[:, None] / entries
        change = np.trunc(share * np.subtract(end, start))
        parts.append((start + change) / 255)
    return np.concatenate(parts).astype(np.float32)
