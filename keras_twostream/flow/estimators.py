"""Two grey frames -> optical flow, by the algorithms of OpenCV.

Algorithms have names; those of users are import paths, see `flow.own`.
"""

import math
import threading
from collections.abc import Callable

import cv2
import numpy as np

from keras_twostream.flow.spec import is_import_path

Estimator = Callable[[np.ndarray, np.ndarray], np.ndarray]

# Below 12 pixels DIS refuses to work; some margin for other releases.
_MIN_SIDE = 16
_DIS_PATCH = 8

_NO_TVL1 = (
    'The flow algorithm "tvl1" needs OpenCV\'s contrib modules, which the '
    "installed OpenCV lacks. The wheels overwrite one another, so swap them: "
    "`pip uninstall opencv-python-headless`, then "
    '`pip install "keras_twostream[tvl1]"`; or compute other flow, such as '
    "dis_fast, which costs a network trained on TV-L1 some accuracy."
)


def _dis(preset: int) -> Estimator:
    # Its buffers live in the object, which threads therefore cannot share.
    own = threading.local()

    def estimate(previous, following):
        if not hasattr(own, "method"):
            own.method = cv2.DISOpticalFlow.create(preset)
            own.finest = own.method.getFinestScale()
        # Frames too small for the preset's finest scale would make OpenCV
        # choose other settings, keep them for later calls, and, at some
        # sizes, write beyond its buffers.
        is_small = _coarsest_scale(*previous.shape) < own.finest
        own.method.setFinestScale(0 if is_small else own.finest)
        return own.method.calc(previous, following, None)

    return estimate


def _coarsest_scale(height: int, width: int) -> int:
    """Returns the number of halvings at which DIS begins, as OpenCV does."""
    by_longer = int(math.log2(max(height, width) / (4 * _DIS_PATCH)) + 0.5)
    return min(by_longer, int(math.log2(min(height, width) // _DIS_PATCH)))


def _farneback() -> Estimator:
    def estimate(previous, following):
        return cv2.calcOpticalFlowFarneback(
            previous,
            following,
            np.empty((*previous.shape, 2), np.float32),
            pyr_scale=0.5,
            levels=3,
            winsize=15,
            iterations=3,
            poly_n=5,
            poly_sigma=1.2,
            flags=0,
        )

    return estimate


def _tvl1() -> Estimator:
    contrib = getattr(cv2, "optflow", None)
    if contrib is None:
        raise ImportError(_NO_TVL1)

    def estimate(previous, following):
        method = contrib.createOptFlow_DualTVL1()
        return method.calc(previous, following, None)

    return estimate


ESTIMATORS: dict[str, Callable[[], Estimator]] = {
    "dis_ultrafast": lambda: _dis(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST),
    "dis_fast": lambda: _dis(cv2.DISOPTICAL_FLOW_PRESET_FAST),
    "dis_medium": lambda: _dis(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM),
    "farneback": _farneback,
    "tvl1": _tvl1,
}


def get(algorithm: str | Estimator) -> Estimator:
    """Resolves the name of a flow algorithm; imports nothing.

    Args:
        algorithm: A name in `ESTIMATORS`, an import path that
            `add_estimator` has had, or a callable of the returned form,
            which is returned as it is.

    Returns:
        A callable `(previous, following) -> flow`: two `uint8` grey frames
        `(H, W)` to `float32` displacements `(H, W, 2)` in pixels, u (right
        positive) and v (down positive), of each pixel of `previous`. It may
        be shared between threads.

    Raises:
        ValueError: If the name is unknown, or an import path that nobody
            has added.
        ImportError: If the algorithm needs an OpenCV that is not installed.
    """
    if callable(algorithm):
        return algorithm
    if algorithm not in ESTIMATORS:
        raise ValueError(unknown(algorithm))
    return _padded(ESTIMATORS[algorithm]())


def installed() -> list[str]:
    """Returns the names in `ESTIMATORS` that can be used here."""
    has_contrib = hasattr(cv2, "optflow")
    return [x for x in ESTIMATORS if has_contrib or x != "tvl1"]


def unknown(algorithm: str) -> str:
    """Returns what to say of a name that is not in `ESTIMATORS`."""
    if is_import_path(algorithm):
        return (
            f"The flow algorithm {algorithm!r} is code of somebody's own, "
            "which is not imported because a file says so. If you trust it: "
            f"keras_twostream.flow.add_estimator({algorithm!r}), or "
            f"--algorithm {algorithm} on the command line."
        )
    return (
        f"Unknown flow algorithm. Received: {algorithm!r}. Allowed: "
        f"{list(ESTIMATORS)}, or an import path "
        '"package.module:function", or a callable.'
    )


def to_gray(frame: np.ndarray) -> np.ndarray:
    """Returns an RGB frame `uint8 (H, W, 3)` as `uint8 (H, W)` grey."""
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)


def _padded(estimate: Estimator) -> Estimator:
    """Makes `estimate` work on frames of any size."""

    def call(previous: np.ndarray, following: np.ndarray) -> np.ndarray:
        _check_pair(previous, following)
        height, width = previous.shape
        more = ((0, max(0, _MIN_SIDE - height)), (0, max(0, _MIN_SIDE - width)))
        if any(end for _, end in more):
            previous = np.pad(previous, more, mode="edge")
            following = np.pad(following, more, mode="edge")
        flow = estimate(
            np.ascontiguousarray(previous), np.ascontiguousarray(following)
        )
        return flow[:height, :width]

    return call


def _check_pair(previous: np.ndarray, following: np.ndarray) -> None:
    forms = [(frame.shape, str(frame.dtype)) for frame in (previous, following)]
    (shape, dtype), other = forms
    if other != forms[0] or len(shape) != 2 or dtype != "uint8" or 0 in shape:
        raise ValueError(
            "Flow is estimated between two non-empty `uint8` grey frames "
            f"(H, W) of one size. Received: {forms[0]} and {forms[1]}."
        )
