"""Folders of procedural video files, one folder per class."""

import json
import os
import pathlib

import numpy as np
from rich.console import Console
from rich.progress import track

from keras_twostream.video.rendering import render
from keras_twostream.video.scenes import (
    CLASS_NAMES,
    REGISTRATION_CLASSES,
    SIDES,
    Scene,
    sample_scene,
)
from keras_twostream.video.writer import write_video

__all__ = [
    "CLASS_NAMES",
    "REGISTRATION_CLASSES",
    "SPLITS",
    "Scene",
    "clip_scene",
    "render",
    "sample_scene",
    "write_dataset",
]

# Every split draws from random streams of its own: no texture is shared.
SPLITS = ("train", "validation", "test")
SUFFIXES = (".mp4", ".avi")  # by turns within each class
# Lossless, each frame by itself. Codecs that predict frames from others leave
# traces of the motion in single frames: of H.264 at near lossless quality, a
# linear classifier tells the registration classes apart at 80 %.
CODEC = "ffv1"
SETTINGS_FILE = ".synthetic.json"
FPS = 25


def clip_scene(class_name, index, *, seed=0, split="train", **sizes):
    """Returns the scene of one file of `write_dataset`, for its true flow.

    Args:
        class_name: One of `CLASS_NAMES`.
        index: Number of the clip within its class.
        seed: Seed of the whole set.
        split: One of `SPLITS`.
        **sizes: `frames`, `size`, `sides` and `apart`, as for `sample_scene`.

    Raises:
        ValueError: If `split`, `class_name` or a size is not allowed.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {SPLITS}. Received: {split!r}")
    stream = (seed, SPLITS.index(split), index, *class_name.encode())
    return sample_scene(np.random.default_rng(stream), class_name, **sizes)


def write_dataset(
    directory,
    clips_per_class=250,
    *,
    seed=0,
    split="train",
    frames=16,
    size=64,
    sides=SIDES,
    apart=None,
    classes=CLASS_NAMES,
    verbose="auto",
):
    """Writes a split of the procedural set as MP4 and AVI files.

    A clip appears only when it is complete, and clips that are there already
    are kept: the same call after an interruption writes what is missing.

    Args:
        directory: Folder that gets one folder per class; made if needed.
        clips_per_class: Number of clips of each class.
        seed: Seed of the whole set. Its splits share nothing but this number.
        split: `"train"`, `"validation"` or `"test"`.
        frames: Number of frames of a clip.
        size: Side of the picture in pixels.
        sides: Smallest and largest side of a square, in pixels.
        apart: How closely squares pass each other, as for `sample_scene`.
        classes: Those of `CLASS_NAMES` that are written.
        verbose: Whether to show a progress bar; `"auto"` shows it on a
            terminal.

    Returns:
        The `pathlib.Path` of the folder.

    Raises:
        ValueError: If an argument is not allowed, or if the folder holds a
            set that was written with other arguments.
    """
    if clips_per_class < 1:
        raise ValueError(
            f"clips_per_class must be positive. Received: {clips_per_class}"
        )
    scenes = {"seed": seed, "split": split, "frames": frames, "size": size}
    # What was not told before there was a choice is not told by default, so
    # that sets of then go on.
    if (*sides,) != SIDES:
        scenes["sides"] = [*sides]
    if apart is not None:
        scenes["apart"] = apart
    names = sorted({*classes})
    for name in names:  # raises what is wrong, early
        clip_scene(name, 0, **scenes)
    told = scenes | {"clips_per_class": clips_per_class}
    if (*names,) != CLASS_NAMES:
        told["classes"] = names
    directory = pathlib.Path(directory)
    _claim(directory, told, names)
    missing = [
        (path, name, index)
        for index in range(clips_per_class)
        for name in names
        if not (path := _clip_path(directory, name, index)).exists()
    ]
    for path, name, index in _progress(missing, verbose):
        video, _ = render(clip_scene(name, index, **scenes))
        write_video(path, video, FPS, CODEC)
    return directory


def _clip_path(directory, class_name, index):
    suffix = SUFFIXES[index % len(SUFFIXES)]
    return directory / class_name / f"clip_{index:05d}{suffix}"


def _claim(directory, settings, names):
    """Makes the folders, and makes sure that they hold no other set."""
    record = directory / SETTINGS_FILE
    found = json.loads(record.read_text()) if record.exists() else settings
    if found != settings:
        raise ValueError(
            f"directory {os.fspath(directory)!r} holds a set written with "
            f"{found}: remove it or name another. Received: {settings}"
        )
    for name in names:
        (directory / name).mkdir(parents=True, exist_ok=True)
    partial = record.with_suffix(".partial")
    partial.write_text(json.dumps(settings, indent=2) + "\n")
    partial.replace(record)


def _progress(clips, verbose):
    console = Console(stderr=True)
    shown = console.is_terminal if verbose == "auto" else bool(verbose)
    return track(clips, "Rendering clips", console=console, disable=not shown)
