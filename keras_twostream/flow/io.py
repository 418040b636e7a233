"""Flow fields in `.flo` files, the format of the Middlebury benchmark."""

import os
from pathlib import Path

import numpy as np

_TAG = b"PIEH"
_HEADER = 12

# The format marks unknown flow by values beyond the first, as the second.
_UNKNOWN_FROM = 1e9
_UNKNOWN = 1e10


def read_flo(path: str | os.PathLike) -> np.ndarray:
    """Reads a `.flo` file.

    Args:
        path: The file.

    Returns:
        `float32 (H, W, 2)` displacements in pixels, u (right positive), v
        (down positive); NaN where flow is unknown.

    Raises:
        ValueError: If the file is not a complete `.flo` file.
    """
    data = Path(path).read_bytes()
    if len(data) < _HEADER or not data.startswith(_TAG):
        raise ValueError(
            f"{str(path)!r} is not a .flo file: it must begin with {_TAG!r}. "
            f"Received: {data[: len(_TAG)]!r}."
        )
    width, height = np.frombuffer(data, "<i4", count=2, offset=len(_TAG))
    if min(width, height) < 1 or len(data) - _HEADER != 8 * width * height:
        raise ValueError(
            f"{str(path)!r} is damaged: a field of {width} x {height} takes "
            f"8 bytes a pixel. Received: {len(data) - _HEADER} bytes."
        )
    flow = np.frombuffer(data, "<f4", offset=_HEADER)
    flow = flow.astype(np.float32).reshape(height, width, 2)
    unknown = ~(np.abs(flow) <= _UNKNOWN_FROM).all(axis=2)
    flow[unknown] = np.nan
    return flow


def write_flo(path: str | os.PathLike, flow: np.ndarray) -> None:
    """Writes a `.flo` file.

    Args:
        path: The file.
        flow: `(H, W, 2)` displacements in pixels; NaN where unknown.

    Raises:
        ValueError: If `flow` has another shape.
    """
    flow = np.asarray(flow, "<f4")
    if flow.ndim != 3 or flow.shape[2] != 2 or 0 in flow.shape:
        raise ValueError(
            f"`flow` must be of shape (H, W, 2). Received: {flow.shape}."
        )
    size = np.array([flow.shape[1], flow.shape[0]], "<i4")
    known = np.where(np.isnan(flow), np.float32(_UNKNOWN), flow)
    Path(path).write_bytes(_TAG + size.tobytes() + known.tobytes())
