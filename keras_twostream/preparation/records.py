"""One clip as one record: JPEG frames, stored flow, and how they were made.

A record is a serialised `tf.train.Example` with the features

- `meta`: JSON, see `make_record`;
- `frames`: N JPEG images, RGB, at the size that `FlowSpec.short_side` says;
- `flow`: one grey image per field, u above v, see `flow.storage`: its size is
  that of the frames divided by `FlowSpec.shrink` and rounded up, each plane
  padded to whole blocks of `BLOCK` rows. Field k pairs frames k and k + step.
  A clip too short for a pair has one field, of no motion;
- `motion`: where each field moves, see `preparation.motion.profile`; of the
  field before it is shrunk, so that no form of storage changes it.

The same video, spec and version of OpenCV give the same bytes.
"""

import json
import os
from typing import Any

import cv2
import numpy as np

from keras_twostream.flow import estimators, storage
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation import fields
from keras_twostream.preparation.example import encode_example, read_first
from keras_twostream.preparation.motion import profile
from keras_twostream.remote.copies import stamp
from keras_twostream.video import open_video

VERSION = 2
BLOCK, FRAMES = storage.BLOCK, fields.FRAMES


def make_record(path: str | os.PathLike, spec: FlowSpec) -> bytes:
    """Decodes a video file and computes its flow.

    Args:
        path: The video file.
        spec: Which flow, of which frames, at which size, stored how.

    Returns:
        The record. Its `meta` holds `version`, `flow` (the spec's fields),
        `frames` (their number, by decoding), `height` and `width` in pixels
        as stored, `fps` of the frames stored (or `None`), `source` (path and
        bytes) and `opencv` (version).

    Raises:
        VideoError: If the file cannot be read to its end, or its frame rate
            is unknown or too low for the spec's.
        ValueError: If the flow algorithm is unknown.
    """
    estimate = estimators.get(spec.algorithm)
    lists: dict[str, list[bytes]] = {"frames": [], "flow": [], "motion": []}

    def add(flow: np.ndarray) -> None:
        lists["flow"].append(storage.store_field(flow, spec))
        lists["motion"].append(profile(flow, spec.bound))

    with open_video(path) as video:
        taken = fields.frames_of(video, spec)
        for frame, flow in fields.frames_and_flow(taken, spec, estimate):
            lists["frames"].append(fields.encode_frame(frame))
            if flow is not None:
                add(flow)
    height, width = frame.shape[:2]
    if not lists["flow"]:
        add(np.zeros((height, width, 2), np.float32))
    meta = {
        "version": VERSION,
        "flow": spec.to_dict(),
        "frames": len(lists["frames"]),
        "height": height,
        "width": width,
        "fps": spec.fps or video.fps,
        "source": {"path": str(path), "bytes": stamp(path)[0]},
        "opencv": cv2.__version__,
    }
    return encode_example({"meta": [json.dumps(meta).encode()], **lists})


def read_meta(path: str | os.PathLike) -> dict[str, Any]:
    """Reads the `meta` of a record file without the rest of it.

    Args:
        path: A file that holds nothing but a record.

    Raises:
        ValueError: If the file is no record or is not whole.
        OSError: If it cannot be read.
    """
    return json.loads(read_first(path, "meta"))
