"""Where the fields of a clip move.

When a clip is prepared, every flow field leaves a *profile*: how much moves in
each of `GRID` rows and columns of the frame. `data.regions` makes of these
numbers what a sample is cut from, so its settings can change without the flow
being computed again.
"""

import cv2
import numpy as np

from keras_twostream.flow.codec import is_finite

GRID = 32
# Of fields that are large enough every such row and column is looked at, which
# takes a quarter of the time.
THIN = 2
# Speed in pixels per step, as stored, up to which nothing moves: the noise of
# flow on still ground.
STILL = 0.5


def profile(flow: np.ndarray, bound: float) -> bytes:
    """Returns where a flow field moves.

    Args:
        flow: `float (height, width, 2)`, pixels. Unknown flow (NaN) does not
            move.
        bound: Displacement in pixels at which flow is cut off.

    Returns:
        `GRID` rows, then `GRID` columns, as little-endian `float16`: the mean
        speed above `STILL`.
    """
    known = flow[::THIN, ::THIN] if min(flow.shape[:2]) >= THIN * GRID else flow
    if not is_finite(known):
        known = np.nan_to_num(known, nan=0.0, posinf=bound, neginf=-bound)
    cut = np.clip(known, -bound, bound, dtype=np.float32)
    speed = cv2.magnitude(*cv2.split(cut))
    moving = np.maximum(speed, STILL) - STILL
    cells = cv2.resize(moving, (GRID, GRID), interpolation=cv2.INTER_AREA)
    both = np.concatenate([cells.mean(axis=1), cells.mean(axis=0)])
    return both.astype("<f2").tobytes()
