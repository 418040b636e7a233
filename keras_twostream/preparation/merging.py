"""What is in a prepared set already, and what a run adds to it."""

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2

from keras_twostream.clips.clips import Clips
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation.facts import Facts
from keras_twostream.preparation.manifest import (
    NAME,
    Manifest,
    PreparedClip,
    read_manifest,
)
from keras_twostream.preparation.plan import SHARDS, STAGING, Plan, read_plan
from keras_twostream.preparation.prepared import PreparedSet, broken_shards
from keras_twostream.remote.address import as_path

REPORT = "report.txt"
# What may lie in the folder of a prepared set.
_OURS = {NAME, REPORT, SHARDS, STAGING}


def stored(folder: Path, flow: FlowSpec) -> Manifest:
    """Returns what a folder holds of a prepared set, perhaps nothing.

    Raises:
        ValueError: If it holds something else, or another kind of flow.
    """
    try:
        manifest = read_manifest(folder)
    except FileNotFoundError:
        others = sorted({path.name for path in folder.iterdir()} - _OURS)
        if others:
            raise ValueError(
                f"{folder} is no prepared set, and holds other files, such as "
                f"{others[0]!r}. Give a new or an empty folder."
            ) from None
        return Manifest(class_names=(), flow=flow, clips=())
    check_flow(manifest.flow, flow, folder)
    return manifest


def flow_in(folder: str | os.PathLike) -> FlowSpec | None:
    """Returns the flow of a set, finished or begun; `None` if there is none.

    Raises:
        ValueError: If what says so cannot be read.
    """
    try:
        return read_manifest(folder).flow
    except FileNotFoundError:
        plan = read_plan(as_path(folder) / STAGING / "plan.json")
        return None if plan is None else plan.flow


def check_flow(there: FlowSpec, asked: FlowSpec, folder: Path) -> None:
    """Raises `ValueError` if a folder holds another flow than is asked for."""
    if there == asked:
        return
    fields = ", ".join(
        f"`{name}` is {old!r} there, and {new!r} was asked for"
        for name, (old, new) in there.diff(asked).items()
    )
    raise ValueError(
        f"{folder} was prepared with another FlowSpec: {fields}. Ask for what "
        "is there, or prepare into another folder."
    )


def check_opencv(there: str, folder: Path) -> None:
    """Raises `ValueError` if other clips were made by another OpenCV."""
    if there not in ("", cv2.__version__):
        raise ValueError(
            f"{folder} was prepared with OpenCV {there}, and this is "
            f"{cv2.__version__}, whose flow may differ. Install that version, "
            "or prepare into another folder."
        )


def check_plan(plan: Plan, asked: FlowSpec, size: int, folder: Path) -> None:
    """Raises `ValueError` if a run cannot go on with an earlier one's plan."""
    check_flow(plan.flow, asked, folder)
    check_opencv(plan.opencv, folder)
    if plan.clips_per_shard != size:
        raise ValueError(
            f"Preparing {folder} was begun with {plan.clips_per_shard} clips "
            f"per shard. Received: {size}."
        )


def without_broken(manifest: Manifest, folder: Path) -> Manifest:
    """Returns what is left of a set after damage to its shards."""
    damage = broken_shards(PreparedSet(folder, manifest))
    whole = [clip for clip in manifest.clips if clip.shard not in damage]
    return dataclasses.replace(manifest, clips=tuple(whole))


def next_shard(manifest: Manifest) -> int:
    """Returns the number of the first shard that is free."""
    numbers = [int(Path(clip.shard).stem) for clip in manifest.clips]
    return max(numbers, default=-1) + 1


def merged(
    manifest: Manifest,
    packed: Iterable[Mapping[str, Any]],
    clips: Clips,
    facts: Sequence[Facts],
) -> Manifest:
    """Returns the manifest of what was there and what was added.

    Args:
        manifest: What was there.
        packed: What was added, see `Staging.packed`.
        clips: The list, whose order and classes it takes on.
        facts: What it says of each clip.
    """
    numbers: dict[str | None, int | None] = {None: None}
    numbers |= {name: i for i, name in enumerate(clips.class_names)}
    found, reasons = {}, dict(manifest.quarantined)
    old = manifest.class_names
    for clip in manifest.clips:
        name = None if clip.label is None else old[clip.label]
        if name in numbers:
            found[clip.path] = dataclasses.replace(clip, label=numbers[name])
    for shard in packed:
        reasons |= dict(shard["quarantined"])
        for row in shard["clips"]:
            label = numbers[row["class_name"]]
            row = {key: row[key] for key in row if key != "class_name"}
            found[row["path"]] = PreparedClip(**row, label=label)
    names = [fact.name for fact in facts]
    return Manifest(
        class_names=clips.class_names,
        flow=manifest.flow,
        clips=tuple(found[name] for name in names if name in found),
        quarantined=tuple(
            (name, reasons[name])
            for name in names
            if name in reasons and name not in found
        ),
        opencv=manifest.opencv or cv2.__version__,
    )


def report(manifest: Manifest, skipped: Iterable[tuple[str, str]]) -> str:
    """Returns what a person wants to know of a set that is not all there.

    Args:
        manifest: What it holds.
        skipped: `(path, reason)` of what the list left out.
    """
    bad, left_out = manifest.quarantined, [*skipped]
    total = len(manifest.clips) + len(bad)
    parts = [f"{len(manifest.clips)} of {total} clips are in this set.\n"]
    if bad:
        parts.append(
            f"\n{len(bad)} cannot be used. Mend or replace them and prepare "
            "again with `retry` (--retry), or take them out of the list.\n"
        )
        parts += [f"  {path}: {reason}\n" for path, reason in bad]
    if left_out:
        parts.append(f"\n{len(left_out)} more were passed over:\n")
        parts += [f"  {path}: {reason}\n" for path, reason in left_out]
    return "".join(parts)
