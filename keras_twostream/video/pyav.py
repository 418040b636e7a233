"""Video files -> frames, by FFmpeg through PyAV."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import av
import cv2
import numpy as np

from keras_twostream.video.errors import VideoError
from keras_twostream.video.files import check_file, is_cut_off

# A file of few bytes can claim frames that would fill the memory. This is
# 8192 x 8192; frames of "8K" film have half as many.
MAX_PIXELS = 2**26
# Seconds that FFmpeg may look for the streams of a file, and for each packet.
SECONDS = 120.0

# Decoders that paint over damage without a word unless told to be strict.
# Others report it as they are, and strict ones would refuse recordings that
# merely begin between two key frames.
STRICTNESS = {"mpeg4": {"err_detect": "explode"}}

# Rates that containers give where they know none: their unit of time.
_NO_RATE = 1000
# Frames that may be missing at the end of what Matroska states as its length.
_LATE = 5
_LIMITS = {"max_pixels": str(MAX_PIXELS)}


class PyAVSource:
    """Decodes by PyAV; reports damage."""

    def __init__(self, path: Path):
        check_file(path)
        self._path = path
        self._container = self._open()
        try:
            stream = self._choose_stream()
        except VideoError:
            self.close()
            raise
        codec = stream.codec_context
        # Clips are decoded side by side in workers, not one clip by many.
        codec.thread_count = 1
        codec.options = _LIMITS | STRICTNESS.get(codec.name, {})
        rate = float(stream.average_rate or 0)
        self.fps = rate if 0 < rate < _NO_RATE else None
        self._frames = self._decode(stream)
        self._frame: Any = None
        self._matrix: list[int] | None = None

    def grab(self) -> bool:
        try:
            frame = next(self._frames, None)
        except (av.FFmpegError, ValueError) as error:
            self._fail(error)
        if frame is None:
            return False
        if self._frame is None:
            self._matrix = _display_matrix(frame)
        self._frame = frame
        return True

    def retrieve(self) -> np.ndarray:
        try:
            # OpenCV's way from YUV, to the bit: FFmpeg's other ways differ
            # for odd sizes and for more than 8 bits.
            frame = self._frame.to_ndarray(
                format="bgr24", interpolation="BICUBIC"
            )
        except (av.FFmpegError, ValueError) as error:
            self._fail(error)
        return cv2.cvtColor(_upright(frame, self._matrix), cv2.COLOR_BGR2RGB)

    def close(self) -> None:
        self._container.close()

    def _open(self):
        try:
            return av.open(
                # Absolute, since FFmpeg reads "a:b.avi" as a protocol "a".
                str(self._path.absolute()),
                # No file makes another be opened.
                container_options={"protocol_whitelist": "file"},
                options=_LIMITS,
                metadata_errors="replace",
                timeout=SECONDS,
            )
        except (av.FFmpegError, ValueError) as error:
            reason = f"FFmpeg cannot open it ({self._describe(error)})"
            raise VideoError(self._path, reason) from error

    def _choose_stream(self):
        """Returns the first stream that is not just a cover picture."""
        name = self._container.format.name
        if name == "image2" or name.endswith("_pipe"):
            raise VideoError(self._path, "it is a picture, not a video")
        streams = [s for s in self._container.streams.video if not _is_cover(s)]
        if not streams:
            raise VideoError(self._path, "it has no video stream (audio only?)")
        for stream in streams:
            if stream.codec_context is not None:
                return stream
        raise VideoError(self._path, "FFmpeg has no decoder for its video")

    def _decode(self, stream) -> Iterator[av.VideoFrame]:
        """Yields the frames; raises where some decoders merely take a note."""
        # Joined transport streams break the count of packets, and are whole.
        is_joined = self._container.format.name == "mpegts"
        count, is_begun, end = 0, False, 0.0
        for packet in self._container.demux(stream):
            if packet.pts is not None:
                until = packet.pts + (packet.duration or 0)
                end = max(end, float(until * packet.time_base))
            if packet.is_corrupt and not is_joined:
                raise ValueError(f"after frame {count} a part is cut off")
            for frame in packet.decode():
                # Before the first key frame nothing can be whole.
                is_begun = is_begun or frame.key_frame
                if frame.is_corrupt and is_begun:
                    raise ValueError(f"parts of frame {count} are lost")
                count += 1
                yield frame
        if count and self._is_short(stream, count, end):
            raise ValueError(f"it ends after {count} of its frames")

    def _is_short(self, stream, count: int, end: float) -> bool:
        """Whether the file has told of more than so many frames and seconds."""
        kind = self._container.format.name
        if kind.startswith("matroska") and self.fps:
            # Its demuxer stops at the first damage. Other streams may be
            # longer than the video.
            alone = len(self._container.streams) == 1
            stated = (self._container.duration or 0) * alone / av.time_base
            if end + _LATE / self.fps < stated:
                return True
        is_stated = kind.startswith(("avi", "mov")) and stream.frames > 0
        if is_stated and stream.frames <= count:
            return False
        return is_cut_off(self._path)

    def _fail(self, error: Exception) -> NoReturn:
        reason = f"it is damaged ({self._describe(error)})"
        raise VideoError(self._path, reason) from error

    def _describe(self, error: Exception) -> str:
        """Returns what FFmpeg says, and what it does not notice."""
        said = getattr(error, "strerror", None) or str(error)
        if isinstance(error, av.error.ExitError):
            said = f"nothing was found in it for {SECONDS:g} s"
        elif isinstance(error, av.error.ArgumentError):
            said += f"; frames have {MAX_PIXELS:,} pixels at most"
        if is_cut_off(self._path):
            said += "; its end is missing"
        return said


def _is_cover(stream) -> bool:
    """Whether a "video" stream is the cover picture of a piece of music."""
    kinds = type(stream.disposition)
    covers = kinds.attached_pic | kinds.timed_thumbnails
    return bool(stream.disposition & covers)


def _display_matrix(frame: av.VideoFrame) -> list[int] | None:
    """Returns how a frame is to be shown, nine numbers, if that is said."""
    said: Any = frame.side_data.get("DISPLAYMATRIX")
    return said and np.frombuffer(bytes(said), np.int32).tolist()


def _upright(frame: np.ndarray, matrix: list[int] | None) -> np.ndarray:
    """Turns and mirrors a frame as its display matrix says.

    It takes the pixel (x, y) to (a x + c y, b x + d y) with a, b its first
    row and c, d its second.
    """
    if matrix is None:
        return frame
    a, b, _, c, d, *_ = matrix
    if abs(b) > abs(a):
        frame, a, d = frame.swapaxes(0, 1), c, b
    frame = frame[:, ::-1] if a < 0 else frame
    return frame[::-1] if d < 0 else frame
