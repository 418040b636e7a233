"""Folders of video files -> lists of labelled clips."""

import dataclasses
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from keras_twostream.clips.clips import Clips
from keras_twostream.clips.groups import group_clips
from keras_twostream.clips.names import VIDEO_SUFFIXES, is_video
from keras_twostream.remote.address import as_path

Group = str | Callable[[Path], str | None] | None


def list_clips(
    directory: str | os.PathLike,
    labels: str | Sequence[int] | None = "inferred",
    class_names: Sequence[str] | None = None,
    group: Group = "auto",
) -> Clips:
    """Lists the video files below a directory.

    Args:
        directory: Folder with one sub-folder of video files for each class.
            Files may lie deeper; hidden files and folders are passed over.
        labels: "inferred" from the sub-folders; or one integer for each
            video file anywhere below the directory, in the order of their
            paths sorted as strings; or `None` for clips without labels.
        class_names: The sub-folders to take, in the order of their labels;
            all of them in alphabetical order by default. Only with inferred
            labels.
        group: How groups are read from the names of files: "auto" (the names
            of UCF101, UT-Interaction, and those that end in `_CLASS`, as in
            Weizmann and KTH), a regular expression with one group that is
            searched in each name, a callable on the path, or `None`.

    Returns:
        `Clips`, sorted by path. `skipped` reports files whose suffix is not
        one of `VIDEO_SUFFIXES`, video files outside of the class folders, and
        class folders without videos.

    Raises:
        ValueError: If there is nothing to list, or an argument is wrong.
    """
    root = as_path(directory)
    if not root.is_dir():
        found = "a file" if root.exists() else "nothing of that name"
        raise ValueError(
            "`directory` must be an existing folder. "
            f"Received: {str(root)!r}, which is {found}."
        )
    if labels == "inferred":
        clips = _list_classes(root, _class_folders(root, class_names))
    else:
        clips = _list_files(root, labels, class_names)
    if not clips.paths:
        raise ValueError(_nothing_found(root, clips.skipped))
    groups = group_clips(clips.paths, clips.labels, clips.class_names, group)
    return dataclasses.replace(clips, groups=groups)


def _class_folders(root: Path, class_names: Sequence[str] | None) -> list[str]:
    found = sorted(
        path.name
        for path in root.iterdir()
        if path.is_dir() and not path.name.startswith(".")
    )
    if not found:
        raise ValueError(
            "`directory` must have one sub-folder of videos for each class "
            f"(or pass `labels=None`). Received: {str(root)!r}, which has no "
            "sub-folder."
        )
    names = list(found if class_names is None else class_names)
    if not names or len({*names}) < len(names) or not {*names} <= {*found}:
        raise ValueError(
            "The `class_names` passed did not match the names of the "
            f"subdirectories of the target directory. Expected: {found} (or a "
            f"subset of it), but received: class_names={names}"
        )
    return names


def _list_classes(root: Path, names: Sequence[str]) -> Clips:
    paths, labels = [], []
    skipped = [
        (path, "it is not in the folder of a class")
        for path in sorted(root.iterdir())
        if path.is_file() and is_video(path)
    ]
    for label, name in enumerate(names):
        videos, others = find_videos(root / name)
        paths += videos
        labels += [label] * len(videos)
        skipped += others
        if not videos:
            skipped.append((root / name, "this class folder has no videos"))
    return Clips(
        paths=tuple(paths),
        labels=tuple(labels),
        class_names=tuple(names),
        skipped=tuple(skipped),
    )


def _list_files(root: Path, labels, class_names) -> Clips:
    if class_names is not None:
        raise ValueError(
            'You can only pass `class_names` if `labels="inferred"`. '
            f"Received: labels={labels}, and class_names={class_names}"
        )
    paths, skipped = find_videos(root)
    if labels is None:
        return Clips(tuple(paths), skipped=tuple(skipped))
    if isinstance(labels, str) or len(labels) != len(paths):
        raise ValueError(
            '`labels` must be "inferred", `None`, or one integer for each '
            f"of the {len(paths)} video files in {str(root)!r}. "
            f"Received: {labels!r}"
        )
    values = sorted({int(label) for label in labels})
    return Clips(
        paths=tuple(paths),
        labels=tuple(values.index(int(label)) for label in labels),
        class_names=tuple(map(str, values)),
        skipped=tuple(skipped),
    )


def find_videos(
    folder: Path,
) -> tuple[list[Path], list[tuple[Path, str]]]:
    """Returns the videos below a folder, and what else lies there.

    Returns:
        Paths, sorted, without what is hidden; and `(path, reason)` of other
        files.
    """
    files = sorted(
        path
        for path in folder.rglob("[!.]*")
        if (path.is_file() or _is_called_video(path))
        and not any(p.startswith(".") for p in path.relative_to(folder).parts)
    )
    videos = [path for path in files if is_video(path)]
    others = [
        (path, f"{path.suffix or 'no suffix'} is not a video suffix")
        for path in files
        if not is_video(path)
    ]
    return videos, others


def _is_called_video(path: Path) -> bool:
    """Tells of dead links and pipes: they must not vanish without a word."""
    return is_video(path) and not path.is_dir()


def _nothing_found(root: Path, skipped) -> str:
    files = [path.name for path, _ in skipped if path.is_file()]
    seen = f", which holds other files, such as {files[0]!r}" if files else ""
    return (
        f"No videos found in directory {str(root)!r}{seen}. "
        f"Allowed suffixes: {', '.join(VIDEO_SUFFIXES)}"
    )
