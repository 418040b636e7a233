"""Whether stored flow is the motion of the frames.

Flow (u, v) says where each pixel of a frame lies in the next one. So the
next frame, looked up at these places, is the frame again; if it is so rather
for (v, u) or (-u, -v), the flow was stored wrongly. Unlike a comparison with
other flow this needs no faith in an algorithm.
"""

import cv2
import numpy as np

STORED, STILL = "as stored", "still"
# Form of the flow -> which component u and v are taken from, and their signs.
VARIANTS: dict[str, tuple[int, int, int, int]] = {
    STORED: (0, 1, 1, 1),
    "u negated": (0, 1, -1, 1),
    "v negated": (0, 1, 1, -1),
    "u and v negated": (0, 1, -1, -1),
    "swapped": (1, 0, 1, 1),
    "swapped, u negated": (1, 0, -1, 1),
    "swapped, v negated": (1, 0, 1, -1),
    "swapped, u and v negated": (1, 0, -1, -1),
    STILL: (0, 1, 0, 0),
}
# Slower pixels than this, in pixels per step, tell nothing.
_SPEED = 0.75
# Pixels that must move in all before there is a verdict.
_PIXELS = 300
# Another form must leave less than this share of the error.
_MARGIN = 0.88
# A pixel's error counts up to this level: what is uncovered tells nothing.
_WORST = 60.0


def errors(
    first: np.ndarray, second: np.ndarray, flow: np.ndarray
) -> tuple[np.ndarray, int]:
    """Measures how well each form of a flow field explains two frames.

    Args:
        first: `uint8 (H, W)` grey frame.
        second: The frame that the flow leads to.
        flow: `float32 (H, W, 2)` displacements in pixels, as stored.

    Returns:
        The sums of absolute differences over the pixels that move, one for
        each of `VARIANTS`, and the number of these pixels.
    """
    flow = np.nan_to_num(flow)  # what is unknown does not move
    moving = np.hypot(flow[..., 0], flow[..., 1]) > _SPEED
    height, width = first.shape
    x, y = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    sums = []
    for from_u, from_v, sign_u, sign_v in VARIANTS.values():
        carried = cv2.remap(
            second,
            x + sign_u * flow[..., from_u],
            y + sign_v * flow[..., from_v],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        apart = cv2.absdiff(carried, first)[moving]
        sums.append(np.minimum(apart, _WORST).sum(dtype=np.float64))
    return np.array(sums), int(moving.sum())


def verdict(sums: np.ndarray, pixels: int) -> str:
    """Returns the form that explains the frames.

    Args:
        sums: Sums of errors, as of `errors`, over any number of fields.
        pixels: Number of pixels in them.

    Returns:
        A key of `VARIANTS`: "as stored" unless another form is clearly
        better, and better than no motion at all.
    """
    of = dict(zip(VARIANTS, sums.tolist(), strict=True))
    best = min((name for name in VARIANTS if name != STILL), key=of.__getitem__)
    limit = _MARGIN * min(of[STORED], of[STILL])
    return best if pixels >= _PIXELS and of[best] < limit else STORED
