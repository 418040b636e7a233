"""How flow is stored in bytes.

A displacement `v` is stored as `round(clip(v) * LEVELS / bound) + ZERO`, so
zero motion is exactly `ZERO`, and the opposite motion of `q` is exactly
`2 * ZERO - q`: mirroring stored flow loses nothing. The byte 0 is unused.
"""

import numpy as np

ZERO = 128
LEVELS = 127


def quantize(flow: np.ndarray, bound: float) -> np.ndarray:
    """Stores flow as bytes.

    Args:
        flow: Displacements in pixels, float, of any shape. Unknown flow
            (NaN) is stored as no motion.
        bound: Largest displacement in pixels that can be stored; larger ones
            are clipped.

    Returns:
        `uint8` array of the same shape, values 1 to 255.

    Raises:
        ValueError: If `bound` is not positive.
    """
    _check_bound(bound)
    levels = np.multiply(flow, LEVELS / bound, dtype=np.float32)
    np.nan_to_num(levels, copy=False, nan=0.0)
    np.clip(levels, -LEVELS, LEVELS, out=levels)
    return (np.rint(levels, out=levels) + ZERO).astype(np.uint8)


def dequantize(stored: np.ndarray, bound: float) -> np.ndarray:
    """Reads stored flow back.

    Args:
        stored: `uint8` array of any shape, as `quantize` gives it.
        bound: The bound, in pixels, with which it was stored.

    Returns:
        `float32` displacements in pixels, of the same shape, no farther than
        `bound / 254` from the clipped originals.

    Raises:
        ValueError: If `bound` is not positive.
    """
    _check_bound(bound)
    levels = np.asarray(stored).astype(np.float32)
    levels -= ZERO
    levels *= np.float32(bound / LEVELS)
    return levels


def _check_bound(bound: float) -> None:
    if not bound > 0:
        raise ValueError(f"`bound` must be positive. Received: {bound!r}.")
