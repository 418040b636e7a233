"""A look at some of the clips of a list, before all of them are prepared."""

import collections
import contextlib
import dataclasses
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from keras_twostream.clips.image_folders import is_extracted
from keras_twostream.flow import estimators
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation.fields import at_rate, frames_and_flow
from keras_twostream.video import Reader, VideoError, open_video
from keras_twostream.video.header import stated_length

# Headers that are read to tell how much video there is. Of more files, this
# many stand for all.
_HEADERS = 1000
# Frames that may be decoded in vain before those that are looked at.
_SKIPPED = 200
# Frames per second that videos are expected to have at most.
_FASTEST = 60.0

Skipped = tuple[Path, str]


@dataclasses.dataclass(frozen=True)
class Excerpt:
    """Some frames in a row out of one clip.

    Attributes:
        video: The file, closed.
        frames: `uint8 (H, W, 3)` RGB at the size of the file.
        decoding: CPU seconds that decoding a frame took.
        length: Frames of the whole clip, as its header states; 1 if it does
            not.
    """

    video: Reader
    frames: list[np.ndarray]
    decoding: float
    length: float

    def flow(
        self, spec: FlowSpec, estimate: estimators.Estimator
    ) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Yields frames and flow as `fields.frames_and_flow` does."""
        frames = at_rate(self.frames, self.video, spec.fps)
        return frames_and_flow(frames, spec, estimate)


@dataclasses.dataclass(frozen=True)
class Extent:
    """How much video a list holds, as the headers of its files state.

    Attributes:
        clips: Number of files.
        frames: Of all of them.
        seconds: Of all of them.
    """

    clips: int
    frames: float
    seconds: float


def excerpts(
    paths: Sequence[Path], sample: int, frames: int, seed: int
) -> Iterator[Excerpt | Skipped]:
    """Yields excerpts of clips drawn by chance.

    Args:
        paths: The video files.
        sample: Number of clips, or all if there are fewer.
        frames: Number of frames of each, or all if there are fewer.
        seed: Of which clips, and where in each.

    Yields:
        `Excerpt`, or `(path, reason)` of a file that cannot be read.

    Raises:
        ValueError: If the clips are no videos.
    """
    if paths and all(map(is_extracted, paths)):
        raise ValueError(
            "Flow can be tried on videos only: these frames and their flow "
            f"were extracted earlier. Received: {paths[0]} and others."
        )
    rng = np.random.default_rng(seed)
    for index in rng.permutation(len(paths))[:sample]:
        chance = rng.random()
        try:
            yield _excerpt(paths[index], frames, chance)
        except VideoError as error:
            yield paths[index], error.reason


def frames_for(spec: FlowSpec, fields: int) -> int:
    """Returns how many frames of a video some fields are computed of."""
    stride = max(1.0, _FASTEST / spec.fps) if spec.fps else 1.0
    return math.ceil((fields + spec.step) * stride)


def extent(paths: Sequence[Path], seed: int) -> Extent:
    """Returns how much video some files hold, at a guess.

    Args:
        paths: The video files.
        seed: Of which headers are read, if there are very many.

    Raises:
        ValueError: If no header says.
    """
    order = np.random.default_rng(seed).permutation(len(paths))[:_HEADERS]
    stated = [stated_length(paths[index]) for index in order]
    known = [length for length in stated if length]
    if not known:
        raise ValueError(
            f"None of the headers of {len(order)} files states how long the "
            "video is, so nothing can be estimated."
        )
    each = len(paths) / len(known)
    return Extent(
        clips=len(paths),
        frames=each * sum(frames for frames, _ in known),
        seconds=each * sum(frames / fps for frames, fps in known),
    )


def nothing_read(unreadable: Sequence[Skipped]) -> str:
    """Returns the message for a list of which no clip can be looked at."""
    if not unreadable:
        return "There is no clip to look at: the list has none with motion."
    path, reason = unreadable[0]
    return (
        f"None of the {len(unreadable)} clips that were looked at can be "
        f"used, the first of them {str(path)!r}: {reason}."
    )


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Keeps OpenCV to one thread, as in the workers."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


def _excerpt(path: Path, frames: int, chance: float) -> Excerpt:
    length = (stated_length(path) or (1.0, 0.0))[0]
    start = int(chance * (max(0, min(length - frames, _SKIPPED)) + 1))
    # The last ones, so that a header that promised too much costs nothing.
    kept: collections.deque = collections.deque(maxlen=frames)
    began = time.process_time()
    with open_video(path) as video:
        for count, frame in enumerate(video, 1):
            kept.append(frame)
            if count == start + frames:
                break
    spent = time.process_time() - began
    return Excerpt(video, list(kept), spent / count, length)
