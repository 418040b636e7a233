"""How flow is stored in bytes.

Every form of storage is one affine map, `byte = round(clip(v) * gain + zero)`
with ties to even, where `v` is clipped to the bound:

| quantization | at full range | zero motion |
|---|---|---|
| symmetric | `round(v * 127 / bound) + 128` | 128, exact |
| offset | `round((v + bound) * 255 / (2 * bound))` | 127.5, stored as 128 |

In the limited range a byte is `16 + 219 / 255` times that of the full range.
With "symmetric" at full range the opposite motion of `q` is exactly `256 - q`:
mirroring stored flow loses nothing. "offset" is the map of the flow that
Feichtenhofer et al. (2016) released, made by their tool of GPU flow.
"""

import math

import numpy as np

from keras_twostream.flow.spec import FlowSpec

# Quantization -> levels from no motion to the bound, and byte of no motion.
_LEVELS = {"symmetric": (127, 128), "offset": (127.5, 127.5)}
# Where black is and how many levels white lies above it, in video of limited
# range (ITU-R BT.601).
_BLACK, _SPAN = 16, 219
# Rounding is done around an even level, so that ties go to even bytes and
# float32 does not lose the digits that decide.
_EVEN = 128


def affine(spec: FlowSpec) -> tuple[float, float]:
    """Returns the map from displacements to bytes.

    Args:
        spec: How the flow is stored.

    Returns:
        `(gain, zero)`: levels per pixel, and the level of no motion.
    """
    reach, zero = _LEVELS[spec.quantization]
    if spec.codec_range == "limited":
        reach = _SPAN * reach / 255
        zero = _BLACK + _SPAN * zero / 255
    return reach / spec.bound, float(zero)


def quantize(flow: np.ndarray, spec: FlowSpec | float) -> np.ndarray:
    """Stores flow as bytes.

    Args:
        flow: Displacements in pixels, float, of any shape. Unknown flow
            (NaN) is stored as no motion.
        spec: How to store it; a number is the bound, in pixels, of the
            default form. Larger displacements are clipped.

    Returns:
        `uint8` array of the same shape.

    Raises:
        ValueError: If the bound is not positive.
    """
    spec = _spec_of(spec)
    gain, zero = affine(spec)
    reach = gain * spec.bound
    levels = np.multiply(flow, gain, dtype=np.float32)
    if not is_finite(levels):
        np.nan_to_num(levels, copy=False, nan=0.0)
    np.clip(levels, -reach, reach, out=levels)
    levels += np.float32(zero - _EVEN)
    return (np.rint(levels, out=levels) + _EVEN).astype(np.uint8)


def dequantize(stored: np.ndarray, spec: FlowSpec | float) -> np.ndarray:
    """Reads stored flow back.

    Args:
        stored: `uint8` array of any shape, as `quantize` gives it.
        spec: How it was stored, as for `quantize`.

    Returns:
        `float32` displacements in pixels, of the same shape, no farther than
        half a level (`bound / 254` in the default form) from the clipped
        originals.

    Raises:
        ValueError: If the bound is not positive.
    """
    gain, zero = affine(_spec_of(spec))
    levels = np.asarray(stored).astype(np.float32)
    levels -= np.float32(zero)
    levels *= np.float32(1 / gain)
    return levels


def is_finite(values: np.ndarray) -> bool:
    """Returns whether all values are certainly known and not endless.

    A sum is many times faster than a look at each. It may say no where it
    overflows.
    """
    return math.isfinite(values.sum(dtype=np.float64))


def _spec_of(spec: FlowSpec | float) -> FlowSpec:
    return spec if isinstance(spec, FlowSpec) else FlowSpec(bound=float(spec))
