"""Decoded frames -> the frames that are stored, and their flow."""

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from keras_twostream.flow import estimators
from keras_twostream.flow.camera import compensate
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.flow.storage import encode_image
from keras_twostream.video import Reader, VideoError, resize_short_side

# How frames are stored, whatever the flow's encoding.
FRAMES = "jpeg95"
# A video may be slower than `FlowSpec.fps` by this share: 24 frames a second
# pass for 25, and one field in 25 stands still. Slower ones would stutter.
SLOWER = 0.05


def frames_of(video: Reader, spec: FlowSpec) -> Iterator[np.ndarray]:
    """Yields the frames of a video that a spec takes, at their own size.

    Args:
        video: The open video.
        spec: Of which `fps` matters.

    Raises:
        VideoError: If the video cannot be read to its end, its frames change
            size, or its frame rate is unknown or too low.
    """
    return at_rate(_of_one_size(video), video, spec.fps)


def frames_and_flow(
    frames: Iterable[np.ndarray],
    spec: FlowSpec,
    estimate: estimators.Estimator,
) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Yields each frame as stored, and the field that ends at it, if any.

    Args:
        frames: `uint8 (H, W, 3)` RGB, at the rate that is stored.
        spec: Which flow.
        estimate: Its estimator.

    Yields:
        The resized frame, and `float32` displacements of its size in its
        pixels, without the camera's motion if that is to be subtracted;
        `None` for the first `spec.step` frames.
    """
    recent: list[np.ndarray] = []  # grey, the last `step` frames
    for source in frames:
        frame = resize_short_side(source, spec.short_side)
        gray = estimators.to_gray(frame if spec.resize == "before" else source)
        flow = None
        if len(recent) == spec.step:
            flow = estimate(recent.pop(0), gray)
            if spec.resize == "after":
                flow = _resize_flow(flow, spec.short_side)
            flow = compensate(flow, spec.camera)
        recent.append(gray)
        yield frame, flow


def encode_frame(frame: np.ndarray) -> bytes:
    """Returns an RGB frame `uint8 (H, W, 3)` as it is stored."""
    return encode_image(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), FRAMES)


def at_rate(
    frames: Iterable[np.ndarray], video: Reader, fps: float | None
) -> Iterator[np.ndarray]:
    """Yields for each time k / fps the nearest frame, the later of two.

    Frames count as evenly spaced in time, as the times that files give for
    them are not to be trusted.

    Args:
        frames: Frames of a video.
        video: The video.
        fps: Frames per second to yield; `None` yields all.

    Raises:
        VideoError: If the video's frame rate is unknown or too low.
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


def _resize_flow(flow: np.ndarray, short_side: int | None) -> np.ndarray:
    """Resizes a field; its vectors grow and shrink with the frames."""
    resized = resize_short_side(flow, short_side)
    ratios = np.divide(resized.shape[1::-1], flow.shape[1::-1])
    return resized * ratios.astype(np.float32)
