"""A video file -> what is known of it."""

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from keras_twostream.doctor.facts import Facts
from keras_twostream.doctor.likeness import describe, shrink
from keras_twostream.video import VideoError, open_video

# A frame is out of step if its distance in time from the one before is wrong
# by more than this share of the usual one.
_OUT_OF_STEP = 0.5


def examine_video(path: Path, quick: bool = False) -> Facts:
    """Examines a video file.

    Args:
        path: The file.
        quick: Whether to trust its header and decode one frame only.
    """
    facts = Facts()
    try:
        with open_video(path) as video:
            facts.fps = video.fps
            vars(facts).update(_header(path, quick))
            _decode(video, facts, quick)
    except (VideoError, av.FFmpegError, OSError) as error:
        facts.problem = _problem(path)
        facts.reason = getattr(error, "reason", None) or str(error)
    return facts


def _decode(video, facts: Facts, quick: bool) -> None:
    small: list[np.ndarray] = []
    try:
        for frame in video:
            facts.height, facts.width = frame.shape[:2]
            if quick:
                facts.frames = facts.stated
                return
            small.append(shrink(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)))
    except VideoError as error:
        reason = f"after {len(small)} frames: {error.reason}"
        raise VideoError(error.path, reason) from error
    facts.frames = len(small)
    facts.likeness = describe(small)


def _header(path: Path, quick: bool) -> dict[str, Any]:
    """Returns what a file says of itself, and how even its times are."""
    times, turned = [], None
    with av.open(str(path.absolute()), metadata_errors="replace") as file:
        stream = file.streams.video[0]
        known = {"container": file.format.name, "stated": stream.frames}
        for packet in file.demux(stream):
            if turned is None:
                frame = next(iter(packet.decode()), None)
                turned = frame and -int(frame.rotation) % 360
            elif quick:
                break
            if packet.pts is not None and packet.size:
                times.append(packet.pts)
    return known | {"turned": turned or 0, "uneven": _uneven(times)}


def _uneven(times: list[int]) -> float:
    """Returns the share of frames that are out of step."""
    steps = np.diff(np.sort(times))
    if len(steps) < 2:
        return 0.0
    usual = np.median(steps)
    return float(np.mean(np.abs(steps - usual) > _OUT_OF_STEP * usual))


def _problem(path: Path) -> str:
    """Returns the kind of finding that a file which cannot be read is."""
    if not path.is_file():
        return "unreadable" if path.exists() else "missing"
    if not path.stat().st_size:
        return "empty"
    try:
        with av.open(str(path.absolute())) as file:
            pictures = [
                stream
                for stream in file.streams.video
                if not stream.disposition & stream.disposition.attached_pic
            ]
            only_sound = bool(file.streams.audio) and not pictures
    except (av.FFmpegError, ValueError):
        only_sound = False
    return "no_video" if only_sound else "unreadable"
