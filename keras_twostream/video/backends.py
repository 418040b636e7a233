"""The decoders behind `open_video`, each as a source of frames in order."""

from pathlib import Path
from typing import Protocol

import av
import cv2
import numpy as np

# Bytes of a file that is looked at to see whether it is text. FFmpeg would
# render a .txt file as a video of a terminal, and follow a play list to
# other files.
_SNIFFED = 512
_TEXT = frozenset(range(32, 127)) | frozenset(b"\t\n\r\f")

# Decoders that paint over damage without a word unless told to be strict.
# Others report it as they are, and strict ones would refuse recordings that
# merely begin between two key frames.
STRICTNESS = {"mpeg4": {"err_detect": "explode"}}


class VideoError(ValueError):
    """A video file that cannot be read.

    Attributes:
        path: The file.
        reason: What is wrong with it.
    """

    def __init__(self, path: Path, reason: str):
        super().__init__(f"Cannot read the video {str(path)!r}: {reason}.")
        self.path = path
        self.reason = reason

    def __reduce__(self):
        # The default would give the message back as the only argument, and
        # errors travel between worker processes.
        return type(self), (self.path, self.reason)


class Source(Protocol):
    """One pass over the frames of a file, from its start."""

    fps: float | None

    def grab(self) -> bool:
        """Goes to the next frame; returns whether there is one."""

    def retrieve(self) -> np.ndarray:
        """Returns the frame just grabbed, `uint8 (H, W, 3)` upright RGB."""

    def close(self) -> None:
        """Closes the file."""


class PyAVSource:
    """Decodes by PyAV; reports damage."""

    def __init__(self, path: Path):
        _check_file(path)
        self._path = path
        try:
            # Absolute, since FFmpeg reads "a:b.avi" as a protocol "a".
            self._container = av.open(
                str(path.absolute()), metadata_errors="replace"
            )
        except (av.FFmpegError, ValueError) as error:
            raise VideoError(path, _describe(error)) from error
        streams = [s for s in self._container.streams.video if not _is_cover(s)]
        if not streams:
            self._container.close()
            raise VideoError(path, "it has no video stream (audio only?)")
        codec = streams[0].codec_context
        # Clips are decoded side by side in workers, not one clip by many.
        codec.thread_count = 1
        codec.options = STRICTNESS.get(codec.name, {})
        rate = streams[0].average_rate
        self.fps = float(rate) if rate else None
        self._frames = self._container.decode(streams[0])
        self._frame: av.VideoFrame

    def grab(self) -> bool:
        try:
            frame = next(self._frames, None)
        except (av.FFmpegError, ValueError) as error:
            reason = f"it is damaged ({_describe(error)})"
            raise VideoError(self._path, reason) from error
        if frame is None:
            return False
        self._frame = frame
        return True

    def retrieve(self) -> np.ndarray:
        turns = int(self._frame.rotation) // 90
        # OpenCV's way from YUV, to the bit: FFmpeg's other ways differ for
        # odd sizes and for more than 8 bits.
        frame = self._frame.to_ndarray(format="bgr24", interpolation="BICUBIC")
        return cv2.cvtColor(np.rot90(frame, turns), cv2.COLOR_BGR2RGB)

    def close(self) -> None:
        self._container.close()


class OpenCVSource:
    """Decodes by OpenCV; what it cannot decode is skipped silently."""

    def __init__(self, path: Path):
        _check_file(path)
        self._path = path
        self._capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            raise VideoError(path, "OpenCV finds no video in it")
        self._capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        self.fps = self._capture.get(cv2.CAP_PROP_FPS) or None

    def grab(self) -> bool:
        return self._capture.grab()

    def retrieve(self) -> np.ndarray:
        is_there, frame = self._capture.retrieve()
        if not is_there:
            raise VideoError(self._path, "OpenCV lost a frame of it")
        return cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)

    def close(self) -> None:
        self._capture.release()


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(_SNIFFED)
    except FileNotFoundError as error:
        raise VideoError(path, "there is no such file") from error
    except IsADirectoryError as error:
        raise VideoError(path, "it is a directory") from error
    except OSError as error:
        raise VideoError(path, str(error.strerror)) from error
    if not head:
        raise VideoError(path, "it is empty (zero bytes)")
    if _TEXT.issuperset(head):
        raise VideoError(path, "it holds text, not video")


def _is_cover(stream) -> bool:
    """Whether a "video" stream is the cover picture of a piece of music."""
    return bool(stream.disposition & stream.disposition.attached_pic)


def _describe(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
