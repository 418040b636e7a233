"""What the header of a video file says of its length, to be doubted."""

import os

import av

from keras_twostream.remote.copies import local_copy


def stated_length(path: str | os.PathLike) -> tuple[float, float] | None:
    """Returns what a file says of its length, without decoding it.

    Headers lie: it is a guess, for estimates only.

    Args:
        path: The video file.

    Returns:
        `(frames, fps)`, or `None` if the file cannot be opened or says too
        little.
    """
    try:
        with av.open(str(local_copy(path).absolute())) as container:
            stream = container.streams.video[0]
            fps = float(stream.average_rate or 0)
            seconds = 0.0
            if stream.duration and stream.time_base:
                seconds = float(stream.duration * stream.time_base)
            elif container.duration:
                seconds = container.duration / av.time_base
            frames = float(stream.frames or round(seconds * fps))
    except (av.FFmpegError, OSError, ValueError, IndexError):
        return None
    return (frames, fps) if frames > 0 and fps > 0 else None
