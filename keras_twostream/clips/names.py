"""What the names of files and of classes mean."""

import re
import unicodedata
from pathlib import PurePath

VIDEO_SUFFIXES = (
    ".3gp",
    ".avi",
    ".flv",
    ".m4v",
    ".mkv",
    ".mov",
    ".mp4",
    ".mpeg",
    ".mpg",
    ".ogv",
    ".ts",
    ".webm",
    ".wmv",
)
# What spellings of one class differ in, besides case.
_FILLERS = re.compile(r"[\s_'\"’-]+")


def is_video(path: PurePath) -> bool:
    """Returns whether a file has the suffix of a video."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def stem_of(name: str) -> str:
    """Returns the name of a clip, a video file or a folder of images.

    Only the suffix of a video is no part of the name: a folder may have dots
    in its own.
    """
    stem, dot, suffix = name.rpartition(".")
    return stem if stem and (dot + suffix).lower() in VIDEO_SUFFIXES else name


def alias_key(name: str) -> str:
    """Returns what is equal for all spellings of a name.

    UCF101 itself has both "HandstandPushups" and "HandStandPushups", and
    folders of Kinetics may be "air_drumming" for "air drumming".
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    # A name of nothing else is still a name.
    return _FILLERS.sub("", plain) or plain
