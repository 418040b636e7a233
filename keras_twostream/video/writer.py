"""Frames -> video files."""

import os
import uuid
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

# Suffix -> codec, and codec -> its options: near to lossless to the eye.
# x264's AVX-512 code takes memory that nobody set into account where it
# deals out bits, and its other vector code rounds otherwise from one CPU to
# the next; without any the bytes are the same, at a fifth of the speed.
CODECS = {".mp4": "libx264", ".avi": "mpeg4"}
OPTIONS = {
    "libx264": {"crf": "18", "x264-params": "asm=0"},
    "mpeg4": {"qmin": "2", "qmax": "4"},
}

# MPEG-4 holds the frame rate as a fraction of 16-bit numbers.
_DENOMINATOR_MAX = 65535


def write_video(
    path: str | os.PathLike,
    frames: Iterable[np.ndarray],
    fps: float = 25,
    codec: str | None = None,
) -> None:
    """Writes frames to a video file.

    The file appears under its name only when it is complete. The same frames
    give the same bytes on every machine with the same libraries.

    Args:
        path: The file; `.mp4` (H.264) or `.avi` (MPEG-4), or any suffix that
            FFmpeg knows if `codec` is given.
        frames: `uint8 (H, W, 3)` RGB frames, all of one size, which may be
            odd.
        fps: Frames per second.
        codec: Name of an FFmpeg encoder, to override the suffix's.

    Raises:
        ValueError: If there is no frame, a frame has another form than the
            first, the suffix is unknown or FFmpeg refuses the combination.
    """
    path = Path(path)
    codec = codec or _codec_of(path)
    # The suffix stays at the end: it tells FFmpeg the container.
    unfinished = path.with_name(f".{uuid.uuid4().hex}{path.suffix}")
    try:
        _write(unfinished, frames, fps, codec)
        unfinished.replace(path)
    except av.FFmpegError as error:
        raise ValueError(
            f"Cannot write the video {str(path)!r} with codec {codec!r}: "
            f"{error.strerror or error}."
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _codec_of(path: Path) -> str:
    if path.suffix.lower() not in CODECS:
        raise ValueError(
            f"No codec is known for the suffix of {str(path)!r}. "
            f"Allowed: {list(CODECS)}, or give `codec`."
        )
    return CODECS[path.suffix.lower()]


def _write(path: Path, frames: Iterable[np.ndarray], fps, codec: str) -> None:
    rate = Fraction(fps).limit_denominator(_DENOMINATOR_MAX)
    with av.open(str(path.absolute()), "w") as container:
        stream = None
        shape: tuple[int, ...] = ()
        for number, frame in enumerate(frames):
            if stream is None:
                shape = np.shape(frame)
                _check(frame, shape, number)
                stream = _add_stream(container, codec, rate, shape)
            _check(frame, shape, number)
            picture = av.VideoFrame.from_ndarray(
                np.ascontiguousarray(frame), format="rgb24"
            )
            container.mux(stream.encode(picture))
        if stream is None:
            raise ValueError("`frames` is empty: a video needs a frame.")
        container.mux(stream.encode())


def _add_stream(container, codec: str, rate: Fraction, shape):
    stream = container.add_stream(
        codec, rate=rate, options=OPTIONS.get(codec, {})
    )
    stream.height, stream.width = shape[:2]
    if codec == "libx264":
        # H.264 with halved chroma has no odd sizes; players want it halved.
        odd = stream.height % 2 or stream.width % 2
        stream.pix_fmt = "yuv444p" if odd else "yuv420p"
    # More threads would make the bytes depend on the number of cores.
    stream.codec_context.thread_count = 1
    return stream


def _check(frame: np.ndarray, shape: tuple[int, ...], number: int) -> None:
    is_frame = len(shape) == 3 and shape[2] == 3
    found = (np.shape(frame), str(getattr(frame, "dtype", type(frame))))
    if not is_frame or found != (shape, "uint8"):
        raise ValueError(
            "Every frame must be `uint8 (H, W, 3)` of the first one's size. "
            f"Received: {found} as frame {number}, the first was {shape}."
        )
