"""Flow without the motion of the camera.

Where the camera moves, every vector holds its motion beside that of what is
seen. Two ways to be rid of it:

- "mean" subtracts the mean vector of the field, as Simonyan and Zisserman
  (2014, section 3.1) do. It is quick, right for a camera that turns a little,
  and errs where what moves fills much of the picture.
- "homography" subtracts the motion of the dominating plane, after the idea of
  Wang and Schmid (2013, section 3): a homography is fitted robustly to the
  vectors of a grid. It follows zoom, roll and tilt, and leaves alone what
  moves otherwise. Where no plane dominates nothing is subtracted.
"""

from collections.abc import Callable

import cv2
import numpy as np

# Points on each side of the grid, and the fewest that are fitted to.
_POINTS, _FEWEST = 24, 16
# Pixels by which a vector may miss the motion of the plane it belongs to.
_REACH = 1.0
# Share of the vectors that must belong to it.
_SHARE = 0.35
# Below this side in pixels a plane cannot be told from noise.
_MIN_SIDE = 16


def camera_motion(flow: np.ndarray, camera: str) -> np.ndarray:
    """Returns the share of a field that the camera's motion explains.

    Args:
        flow: `float32 (H, W, 2)` displacements in pixels; unknown flow is
            NaN.
        camera: "keep", "mean" or "homography", as in `FlowSpec.camera`.

    Returns:
        `float32 (H, W, 2)`, known everywhere; zeros for "keep", or where no
        motion of the camera is found. The same field always has the same.

    Raises:
        KeyError: If `camera` is none of these.
    """
    return _MOTIONS[camera](flow)


def compensate(flow: np.ndarray, camera: str) -> np.ndarray:
    """Returns a field without the motion of the camera.

    Args:
        flow: As for `camera_motion`.
        camera: As for `camera_motion`.

    Returns:
        `float32 (H, W, 2)`.

    Raises:
        KeyError: If `camera` is none of these.
    """
    if camera == "keep":
        return flow
    return flow - camera_motion(flow, camera)


def _nothing(flow: np.ndarray) -> np.ndarray:
    return np.zeros(flow.shape, np.float32)


def _mean(flow: np.ndarray) -> np.ndarray:
    known = flow[np.isfinite(flow).all(axis=2)]
    motion = _nothing(flow)
    if len(known):
        motion += known.mean(axis=0, dtype=np.float64).astype(np.float32)
    return motion


def _homography(flow: np.ndarray) -> np.ndarray:
    height, width = flow.shape[:2]
    if min(height, width) < _MIN_SIDE:
        return _nothing(flow)
    rows, columns = (
        np.linspace(0, side - 1, _POINTS).astype(int) for side in flow.shape[:2]
    )
    vectors = flow[np.ix_(rows, columns)].reshape(-1, 2)
    places = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    known = np.isfinite(vectors).all(axis=1)
    plane = _plane(places[known].astype(np.float64), vectors[known])
    if plane is None or not _is_seen(plane, height, width):
        return _nothing(flow)
    return _motion_of(plane, height, width)


def _plane(places: np.ndarray, vectors: np.ndarray) -> np.ndarray | None:
    """Returns the 3 x 3 matrix that most places follow, if most do."""
    if len(places) < _FEWEST:
        return None
    # Its random numbers start anew with every call.
    plane, follows = cv2.findHomography(
        places, places + vectors, cv2.RANSAC, _REACH
    )
    if plane is None or follows.mean() < _SHARE:
        return None
    return plane


def _is_seen(plane: np.ndarray, height: int, width: int) -> bool:
    """Whether all of the picture stays in front of the camera."""
    corners = np.array(
        [[x, y, 1] for x in (0, width - 1) for y in (0, height - 1)]
    )
    depths = corners @ plane[2]
    return bool(np.isfinite(plane).all() and depths.min() > 0)


def _motion_of(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    columns, rows = np.meshgrid(
        np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64)
    )
    places = np.stack([columns, rows], axis=-1)
    return (cv2.perspectiveTransform(places, plane) - places).astype(np.float32)


_MOTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "keep": _nothing,
    "mean": _mean,
    "homography": _homography,
}
