"""Video files -> frames, indexed by the order of decoding.

Neither the frame count in a file's header nor its timestamps are trusted:
real files lie in both. A frame's index is the number of frames decoded
before it, whichever backend decodes.
"""

import contextlib
import functools
import os
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from keras_twostream.remote.address import as_path
from keras_twostream.remote.copies import local_copy
from keras_twostream.video.backends import BACKENDS, Source
from keras_twostream.video.errors import VideoError


class Reader:
    """The frames of one video file; made by `open_video`.

    Frames are `uint8 (H, W, 3)` RGB, upright (a rotation noted in the file
    is applied), all of one size. Every pass over the file decodes it from
    its start.

    Attributes:
        path: The file.
        fps: Frames per second as the file states them, or `None`.
    """

    def __init__(self, path: Path, open_source: Callable[[Path], Source]):
        self.path = path
        self._open_source = open_source
        self._count: int | None = None
        self._size: tuple[int, ...] | None = None
        # Opened at once to find what is wrong early; the first pass uses it.
        self._fresh: Source | None = open_source(path)
        self.fps = self._fresh.fps

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; whatever is read later opens it again."""
        if self._fresh is not None:
            self._fresh.close()
            self._fresh = None

    def count(self) -> int:
        """Returns the number of frames, by decoding them; raises as iter."""
        if self._count is None:
            self._count = sum(1 for _ in self._decode())
        return self._count

    def get(self, indices: Sequence[int]) -> np.ndarray:
        """Returns the frames at `indices`, in the order given.

        Args:
            indices: Indices in decode order from 0; they may repeat. Frames
                after the largest one are not decoded.

        Returns:
            `uint8 (len(indices), H, W, 3)` RGB.

        Raises:
            ValueError: If an index is negative.
            VideoError: If the file ends or is damaged before the largest
                index, or its frames change size.
        """
        places: dict[int, list[int]] = {} if len(indices) else {0: []}
        for place, index in enumerate(indices):
            places.setdefault(int(index), []).append(place)
        if min(places) < 0:
            raise ValueError(
                f"Frame indices start at 0. Received: {list(indices)}."
            )
        last, number, frames = max(places), -1, np.empty(0, np.uint8)
        with contextlib.closing(self._decode()) as sources:
            for number, source in enumerate(sources):
                if number in places:
                    frame = self._retrieve(source)
                    if not frames.size:
                        frames = np.empty((len(indices), *frame.shape), "uint8")
                    frames[places[number]] = frame
                if number == last:
                    return frames
        raise VideoError(
            self.path,
            f"frame {last} was wanted, but it ends after {number + 1} frames",
        )

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yields all frames.

        Raises:
            VideoError: If there is none, or (backend "pyav") after the last
                one before some damage.
        """
        for source in self._decode():
            yield self._retrieve(source)

    def _decode(self) -> Generator[Source, None, None]:
        """Yields the source once for each frame that it stands on."""
        source = self._fresh or self._open_source(self.path)
        self._fresh = None
        count = 0
        with contextlib.closing(source):
            while source.grab():
                count += 1
                yield source
        if not count:
            raise VideoError(self.path, "no frame in it can be decoded")

    def _retrieve(self, source: Source) -> np.ndarray:
        frame = source.retrieve()
        self._size = self._size or frame.shape[:2]
        if self._size != frame.shape[:2]:
            raise VideoError(
                self.path,
                f"its frames change size from {self._size} to "
                f"{frame.shape[:2]} (height, width)",
            )
        return frame


def open_video(path: str | os.PathLike, backend: str = "pyav") -> Reader:
    """Opens a video file.

    Args:
        path: The file, or its address, such as `s3://bucket/clip.mp4`.
        backend: "pyav", which reports damage, or "opencv", which is fast on
            some formats but drops or repeats frames of damaged files
            silently.

    Returns:
        A `Reader`, best used in a `with` statement.

    Raises:
        VideoError: If the file is missing, empty or not a video.
        ValueError: If there is no such backend.
    """
    if backend not in BACKENDS:
        raise ValueError(
            f"Unknown video backend. Received: {backend!r}. "
            f"Allowed: {list(BACKENDS)}."
        )
    return Reader(as_path(path), functools.partial(_open, backend))


def _open(backend: str, path: Path) -> Source:
    """Opens a file, or the copy of one that is behind an address."""
    try:
        return BACKENDS[backend](local_copy(path))
    except VideoError as error:
        raise VideoError(path, error.reason) from error
    except (OSError, ValueError) as error:
        raise VideoError(path, str(error)) from error


def read_video(
    path: str | os.PathLike, backend: str = "pyav", on_damage: str = "raise"
) -> np.ndarray:
    """Reads all frames of a video file.

    Args:
        path: The file.
        backend: As for `open_video`.
        on_damage: "raise", or "keep" to return the frames before the damage
            with a warning that says so.

    Returns:
        `uint8 (N, H, W, 3)` RGB.

    Raises:
        VideoError: If the file cannot be read, or is damaged part-way and
            `on_damage` is "raise".
        ValueError: If an argument is unknown.
    """
    if on_damage not in ("raise", "keep"):
        raise ValueError(
            f'`on_damage` must be "raise" or "keep". Received: {on_damage!r}.'
        )
    frames: list[np.ndarray] = []
    with open_video(path, backend) as reader:
        try:
            for frame in reader:
                frames.append(frame)
        except VideoError as error:
            if on_damage == "raise" or not frames:
                raise
            warnings.warn(
                f"{error} Kept the {len(frames)} frames before it.",
                stacklevel=2,
            )
    return np.stack(frames)
