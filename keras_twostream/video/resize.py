"""Frames at another size."""

import cv2
import numpy as np

# Film strips are kept from growing without bound: at 10,000 x 2 pixels, a
# short side of 256 would ask for a frame of a gigabyte.
LONG_SIDE_MAX = 4096


def resize_short_side(frame: np.ndarray, short_side: int | None) -> np.ndarray:
    """Resizes a frame so that its shorter side has a given length.

    Args:
        frame: `uint8` or float `(H, W)` or `(H, W, 3)`.
        short_side: Length in pixels, or `None` to leave the frame as it is.

    Returns:
        The frame with its aspect kept, to the nearest pixel, unless its
        longer side would exceed `LONG_SIDE_MAX`: then that is its length.
        Averaged over areas when it shrinks, linear when it grows.

    Raises:
        ValueError: If `short_side` is less than 1.
    """
    if short_side is None:
        return frame
    if short_side < 1:
        raise ValueError(
            f"`short_side` must be at least 1. Received: {short_side!r}."
        )
    sides = frame.shape[:2]
    scale = min(short_side / min(sides), LONG_SIDE_MAX / max(sides))
    height, width = (max(1, round(side * scale)) for side in sides)
    if (height, width) == sides:
        return frame
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(frame, (width, height), interpolation=how)
