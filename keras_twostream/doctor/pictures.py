"""One clip -> small pictures of it, for a page."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from keras_twostream.doctor.stores import STORES
from keras_twostream.flow import estimators
from keras_twostream.flow.colors import flow_to_image
from keras_twostream.report.images import data_address
from keras_twostream.video import VideoError, open_video

_ALGORITHM = "dis_fast"


def draw(job: dict[str, Any]) -> dict[str, str]:
    """Draws the middle of a clip.

    Args:
        job: As for `member.do`.

    Returns:
        Name -> JPEG as a data address: `frame`; `flow`, its motion in the
        colours of `flow.colors`; and `stored`, its stored flow, if it has
        such, to the same scale. Nothing, if there is nothing to be seen.
    """
    try:
        first, second, stored = (
            _of_video(Path(job["path"]))
            if job["kind"] == "video"
            else _of_store(job)
        )
    except (VideoError, ValueError, OSError, cv2.error):
        return {}
    pictures = {"frame": data_address(first)}
    flow = estimators.get(_ALGORITHM)(*map(estimators.to_gray, (first, second)))
    fastest = float(np.percentile(np.hypot(flow[..., 0], flow[..., 1]), 99.5))
    bound = max(fastest, 1.0)
    pictures["flow"] = data_address(flow_to_image(flow, bound))
    if stored is not None:
        pictures["stored"] = data_address(flow_to_image(stored, bound))
    return pictures


def _of_video(path: Path):
    """Returns two frames that follow one another, of the middle of a video."""
    with open_video(path) as video:
        middle = video.count() // 2
        return *video.get([max(0, middle - 1), middle]), None


def _of_store(job: dict[str, Any]):
    store = STORES[job["kind"]](job)
    first = max(0, min(store.fields, store.frames) // 2 - 1)
    last = min(first + store.spec.step, store.frames - 1)
    frames = [
        cv2.cvtColor(store.frame(index), cv2.COLOR_BGR2RGB)
        for index in (first, last)
    ]
    return *frames, store.field(first) if store.fields else None
