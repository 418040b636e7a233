"""One clip as one record: JPEG frames, stored flow, and how they were made.

A record is a serialised `tf.train.Example` with the features

- `meta`: JSON, see `make_record`;
- `frames`: N JPEG images, RGB, at the size at which flow is stored;
- `flow`: one grey image per field, JPEG or PNG, quantised by `flow.codec`:
  the plane of u above the plane of v, each padded at its lower edge to whole
  JPEG blocks (of `BLOCK` rows) so that neither bleeds into the other. Field k
  pairs frames k and k + step. A clip too short for a pair has one field, of
  no motion;
- `motion`: where each field moves, see `data.motion.profile`.
"""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from keras_twostream.data.example import encode_example, read_first
from keras_twostream.data.motion import profile
from keras_twostream.flow import codec, estimators
from keras_twostream.flow.spec import FlowSpec, jpeg_quality
from keras_twostream.video import (
    Reader,
    VideoError,
    open_video,
    resize_short_side,
)

VERSION = 2
BLOCK = 8
# How frames are stored, whatever the flow's encoding.
FRAMES = "jpeg95"
# A video may be slower than `FlowSpec.fps` by this share: 24 frames a second
# pass for 25, and one field in 25 stands still. Slower ones would stutter.
SLOWER = 0.05


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
    frames: list[bytes] = []
    fields: list[bytes] = []
    motion: list[bytes] = []

    def add(flow: np.ndarray) -> None:
        fields.append(_encode_field(flow, spec))
        motion.append(profile(flow, spec.bound))

    with open_video(path) as video:
        for frame, flow in _frames_and_flow(video, spec, estimate):
            image = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
            frames.append(_encode(image, FRAMES))
            if flow is not None:
                add(flow)
    height, width = frame.shape[:2]
    if not fields:
        add(np.zeros((height, width, 2), np.float32))
    meta = {
        "frames": len(frames),
        "height": height,
        "width": width,
        "fps": spec.fps or video.fps,
    }
    return encode_example(
        {
            "meta": [_meta(path, spec, meta)],
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


def _meta(
    path: str | os.PathLike, spec: FlowSpec, stored: dict[str, Any]
) -> bytes:
    meta = {
        "version": VERSION,
        "flow": spec.to_dict(),
        **stored,
        "source": {"path": str(path), "bytes": Path(path).stat().st_size},
        "opencv": cv2.__version__,
    }
    return json.dumps(meta).encode()


def _frames_and_flow(
    video: Reader, spec: FlowSpec, estimate: estimators.Estimator
) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Yields each frame as stored and the field that ends at it, if any."""
    recent: list[np.ndarray] = []  # grey, the last `step` frames
    for source in _at_rate(_of_one_size(video), video, spec.fps):
        frame = resize_short_side(source, spec.short_side)
        gray = estimators.to_gray(frame if spec.resize == "before" else source)
        flow = None
        if len(recent) == spec.step:
            flow = estimate(recent.pop(0), gray)
            if spec.resize == "after":
                flow = _resize_flow(flow, spec.short_side)
        recent.append(gray)
        yield frame, flow


def _of_one_size(video: Reader) -> Iterator[np.ndarray]:
    first: tuple[int, ...] | None = None
    for number, frame in enumerate(video):
        first = first or frame.shape
        if frame.shape != first:
            raise VideoError(
                video.path,
                f"its frames change size from {first[:2]} to "
                f"{frame.shape[:2]} (height, width) at frame {number}",
            )
        yield frame


def _at_rate(
    frames: Iterable[np.ndarray], video: Reader, fps: float | None
) -> Iterator[np.ndarray]:
    """Yields for each time k / fps the nearest frame, the later of two.

    Frames count as evenly spaced in time, as the times that files give for
    them are not to be trusted.
    """
    if fps is None:
        yield from frames
        return
    if not video.fps or video.fps < fps * (1 - SLOWER):
        known = f"{video.fps:g}" if video.fps else "an unknown number of"
        raise VideoError(
            video.path,
            f"it has {known} frames per second, and `fps` asks for {fps:g}",
        )
    stride, taken = video.fps / fps, 0
    for number, frame in enumerate(frames):
        while int(taken * stride + 0.5) == number:
            yield frame
            taken += 1


def _resize_flow(flow: np.ndarray, short_side: int | None) -> np.ndarray:
    """Resizes a field; its vectors grow and shrink with the frames."""
    resized = resize_short_side(flow, short_side)
    ratios = np.divide(resized.shape[1::-1], flow.shape[1::-1])
    return resized * ratios.astype(np.float32)


def _encode_field(flow: np.ndarray, spec: FlowSpec) -> bytes:
    stored = codec.quantize(flow, spec)
    below = -len(stored) % BLOCK
    planes = [
        cv2.copyMakeBorder(plane, 0, below, 0, 0, cv2.BORDER_REPLICATE)
        for plane in cv2.split(stored)
    ]
    return _encode(np.concatenate(planes), spec.encoding)


def _encode(image: np.ndarray, encoding: str) -> bytes:
    quality = jpeg_quality(encoding)
    done, encoded = (
        cv2.imencode(".png", image)
        if quality is None
        else cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    )
    if not done:
        raise ValueError(f"Cannot store an image of shape {image.shape}.")
    return encoded.tobytes()
