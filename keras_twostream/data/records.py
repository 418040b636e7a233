"""One clip as one record: JPEG frames, stored flow, and how they were made.

A record is a serialised `tf.train.Example` with the features

- `meta`: JSON, see `make_record`;
- `frames`: N JPEG images, RGB, at the size at which flow was computed;
- `flow`: one grey JPEG image per field, quantised by `flow.codec`: the plane
  of u above the plane of v, each padded at its lower edge to whole JPEG
  blocks (of `BLOCK` rows) so that neither bleeds into the other. Field k pairs
  frames k and k + step. A clip too short for a pair has one field, of no
  motion;
- `motion`: where each field moves, see `data.motion.profile`.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from keras_twostream.data.example import encode_example, read_first
from keras_twostream.data.motion import profile
from keras_twostream.flow import codec, estimators
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.video import VideoError, open_video, resize_short_side

VERSION = 2
JPEG_QUALITY = 95
BLOCK = 8


def make_record(path: str | os.PathLike, spec: FlowSpec) -> bytes:
    """Decodes a video file and computes its flow.

    Args:
        path: The video file.
        spec: Which flow, at which size.

    Returns:
        The record. Its `meta` holds `version`, `flow` (the spec's fields),
        `frames` (their number, by decoding), `height` and `width` in pixels
        as stored, `fps` (or `None`), `source` (path and bytes) and `opencv`
        (version).

    Raises:
        VideoError: If the file cannot be read to its end.
        ValueError: If the flow algorithm is unknown.
    """
    estimate = estimators.get(spec.algorithm)
    frames: list[bytes] = []
    fields: list[bytes] = []
    motion: list[bytes] = []
    recent: list[np.ndarray] = []  # grey, the last `step` frames
    with open_video(path) as video:
        for frame in _resized(video, spec.short_side):
            gray = estimators.to_gray(frame)
            frames.append(_jpeg(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)))
            if len(recent) == spec.step:
                flow = estimate(recent.pop(0), gray)
                fields.append(_encode_field(flow, spec.bound))
                motion.append(profile(flow, spec.bound))
            recent.append(gray)
        meta = {
            "version": VERSION,
            "flow": spec.to_dict(),
            "frames": len(frames),
            "height": gray.shape[0],
            "width": gray.shape[1],
            "fps": video.fps,
            "source": {"path": str(path), "bytes": Path(path).stat().st_size},
            "opencv": cv2.__version__,
        }
    if not fields:
        still = np.zeros((*gray.shape, 2), np.float32)
        fields.append(_encode_field(still, spec.bound))
        motion.append(profile(still, spec.bound))
    return encode_example(
        {
            "meta": [json.dumps(meta).encode()],
            "frames": frames,
            "flow": fields,
            "motion": motion,
        }
    )


def read_meta(path: str | os.PathLike) -> dict[str, Any]:
    """Reads the `meta` of a record file without the rest of it.

    Args:
        path: A file that holds nothing but a record.

    Raises:
        ValueError: If the file is no record or is not whole.
        OSError: If it cannot be read.
    """
    return json.loads(read_first(path, "meta"))


def _resized(video, short_side: int | None) -> Iterator[np.ndarray]:
    """Yields the frames at the size at which they are stored."""
    first: tuple[int, ...] | None = None
    for number, frame in enumerate(video):
        first = first or frame.shape
        if frame.shape != first:
            raise VideoError(
                video.path,
                f"its frames change size from {first[:2]} to "
                f"{frame.shape[:2]} (height, width) at frame {number}",
            )
        yield resize_short_side(frame, short_side)


def _encode_field(flow: np.ndarray, bound: float) -> bytes:
    stored = codec.quantize(flow, bound)
    below = -len(stored) % BLOCK
    planes = [
        cv2.copyMakeBorder(plane, 0, below, 0, 0, cv2.BORDER_REPLICATE)
        for plane in cv2.split(stored)
    ]
    return _jpeg(np.concatenate(planes))


def _jpeg(image: np.ndarray) -> bytes:
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    done, encoded = cv2.imencode(".jpg", image, quality)
    if not done:
        raise ValueError(f"Cannot store an image of shape {image.shape}.")
    return encoded.tobytes()
