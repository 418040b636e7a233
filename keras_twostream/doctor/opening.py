"""A path -> the clips to examine, whatever it is the path of."""

import dataclasses
import os
from pathlib import Path
from typing import Any

from keras_twostream.clips import layouts
from keras_twostream.clips.clips import Clips
from keras_twostream.clips.entries import SPLITS
from keras_twostream.clips.image_folders import find_apart
from keras_twostream.clips.listing import list_clips
from keras_twostream.clips.lists import read_clips
from keras_twostream.doctor.cases import Case, Cases
from keras_twostream.doctor.labels import integers_of
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation.facts import name_of
from keras_twostream.preparation.manifest import read_manifest
from keras_twostream.preparation.prepared import is_prepared
from keras_twostream.remote.address import is_remote


def open_cases(
    path: str | os.PathLike,
    list_file: str | os.PathLike | None = None,
    format: str = "auto",
    split: int | str | None = None,
    flow: FlowSpec | None = None,
) -> Cases:
    """Finds out what a path is, and lists its clips.

    Args:
        path: A prepared set; folders of extracted frames and flow; a folder
            of classes, or of splits of classes; or one video file.
        list_file: List of the clips, whose paths start at `path`.
        format: Of the list, as for `clips.lists.read_clips`.
        split: Which of the official splits, as there.
        flow: How extracted flow is stored; by default as the released flow
            of Feichtenhofer et al. (2016), bound 20.

    Raises:
        ValueError: If there is nothing to examine, or the list is wrong.
        OSError: If it cannot be read.
    """
    if is_remote(path):
        raise ValueError(
            "Clips are examined where they can be read often: on this "
            f"machine. Received: {path}"
        )
    root = Path(path)
    if is_prepared(root):
        return _prepared(root)
    spec = flow or FlowSpec(quantization="offset", short_side=None, shrink=1)
    if list_file is not None:
        clips = read_clips(root, list_file, format, split, verbose=False)
        cases = _cases(root, "list", clips, spec)
        numbers = integers_of(list_file, format, split)
        return dataclasses.replace(
            cases, integers=numbers, list_name=str(list_file)
        )
    if root.is_file():
        return _cases(root.parent, "file", Clips((root,)), spec)
    if root.is_dir() and layouts.find_layout(root):
        return _cases(root, "images", layouts.list_layout(root), spec)
    return _cases(root, "folder", _folder(root), spec)


def _prepared(root: Path) -> Cases:
    found = read_manifest(root)
    spec = found.flow.to_dict()
    return Cases(
        root=str(root),
        kind="prepared",
        clips=tuple(
            Case(
                name=each.path,
                job={
                    "kind": "record",
                    "shard": str((root / each.shard).absolute()),
                    "offset": each.offset,
                    "length": each.length,
                    "frames": each.frames,
                    "fps": each.fps,
                    "sha256": each.sha256,
                    "flow": spec,
                },
                label=each.label,
                group=each.group,
                split=each.split,
            )
            for each in found.clips
        ),
        class_names=found.class_names,
        skipped=found.quarantined,
        flow=found.flow,
    )


def _folder(root: Path) -> Clips:
    """Lists a folder of classes, or of splits of classes."""
    folders = [
        path
        for path in (sorted(root.iterdir()) if root.is_dir() else ())
        if path.is_dir() and not path.name.startswith(".")
    ]
    if not folders:
        return list_clips(root, labels=None)
    if any(path.name.lower() not in SPLITS for path in folders):
        return list_clips(root)
    parts = [list_clips(path) for path in folders]
    names = sorted({name for part in parts for name in part.class_names})
    splits = [SPLITS[path.name.lower()] for path in folders]
    return Clips(
        paths=_joined(part.paths for part in parts),
        labels=tuple(
            names.index(part.class_names[label])
            for part in parts
            for label in part.labels or ()
        ),
        class_names=tuple(names),
        groups=_joined(part.groups or map(str, part.paths) for part in parts),
        skipped=_joined(part.skipped for part in parts),
        splits=_joined(
            [split] * len(part)
            for split, part in zip(splits, parts, strict=True)
        ),
    )


def _joined(parts) -> tuple:
    return tuple(value for part in parts for value in part)


def _cases(root: Path, kind: str, clips: Clips, spec: FlowSpec) -> Cases:
    columns = (clips.labels, clips.groups, clips.splits)
    none = [None] * len(clips)
    rows = zip(clips.paths, *(x or none for x in columns), strict=True)
    found = [
        Case(
            name=name_of(path, root),
            job=_job(path, spec),
            label=label,
            group=group,
            split=split,
        )
        for path, label, group, split in rows
    ]
    # A list may tell of the folder itself that it does not name all of it.
    skipped = [(path, why) for path, why in clips.skipped if path != root]
    gone = [
        path
        for path, _ in skipped
        if not path.exists() and not (root / path).exists()
    ]
    found += [
        Case(name=path.as_posix(), job=_job(root / path, spec)) for path in gone
    ]
    images = any(case.job["kind"] == "images" for case in found)
    return Cases(
        root=str(root),
        kind=kind,
        clips=tuple(found),
        class_names=clips.class_names,
        skipped=tuple(
            (name_of(path, root), why)
            for path, why in skipped
            if path not in gone
        ),
        flow=spec if images else None,
    )


def _job(path: Path, spec: FlowSpec) -> dict[str, Any]:
    """Returns what a worker needs to know of a video or a folder of frames."""
    if not path.is_dir():
        return {"kind": "video", "path": str(path.absolute())}
    apart = find_apart(path, spec.algorithm)
    return {
        "kind": "images",
        "folder": str(path.absolute()),
        "u": apart and str(apart.u),
        "v": apart and str(apart.v),
        "flow": spec.to_dict(),
    }
