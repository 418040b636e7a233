"""The rows of a list and the clips of a folder -> `Clips`."""

import collections
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from keras_twostream.clips.classes import Labels
from keras_twostream.clips.clips import Clips
from keras_twostream.clips.entries import Entry
from keras_twostream.clips.finding import Finder
from keras_twostream.clips.groups import group_clips
from keras_twostream.clips.listing import Group
from keras_twostream.remote.address import as_path

Skipped = list[tuple[Path, str]]


@dataclasses.dataclass(frozen=True)
class _Row:
    path: Path
    entry: Entry
    label: int | None


def match(
    entries: Sequence[Entry], labels: Labels, finder: Finder, group: Group
) -> Clips:
    """Returns the clips that are both in a list and in a folder.

    Args:
        entries: The rows of the list.
        labels: Their labels.
        finder: Knows the folder.
        group: As for `listing.list_clips`; "auto" takes the groups of the
            list, if it has some.

    Returns:
        `Clips` in the order of the list. `skipped` has the clips of the list
        that are not there, those that the list leaves out or names again,
        and, in one line, how many clips of the folder it does not name.

    Raises:
        ValueError: If nothing is found, or a clip has two labels or two
            splits.
    """
    rows, skipped = _found(entries, labels, finder)
    if not rows:
        raise ValueError(_nothing(entries, finder, skipped))
    labelled = [row for row in rows if row.label is not None]
    if labelled:
        no_label = (row.path for row in rows if row.label is None)
        skipped += [(path, "its class is not known") for path in no_label]
        rows = labelled
    clips = Clips(
        paths=tuple(row.path for row in rows),
        labels=tuple(x.label for x in rows if x.label is not None) or None,
        class_names=labels.names if labelled else (),
        skipped=tuple(skipped),
        splits=_told([row.entry.split for row in rows]),
    )
    return dataclasses.replace(clips, groups=_groups(rows, clips, group))


def straddling(clips: Clips) -> list[str]:
    """Returns the groups that have clips in more than one split."""
    parts: dict[str, set[str]] = {}
    for name, split in zip(
        clips.groups or (), clips.splits or (), strict=False
    ):
        if split is not None:
            parts.setdefault(name, set()).add(split)
    return sorted(name for name, splits in parts.items() if len(splits) > 1)


def _found(
    entries: Sequence[Entry], labels: Labels, finder: Finder
) -> tuple[list[_Row], Skipped]:
    """Returns the rows whose clip is there, each clip once, and the others."""
    rows: dict[Path, _Row] = {}
    conflicts: list[tuple[_Row, _Row]] = []
    unused: collections.Counter[str] = collections.Counter()
    known: set[Path] = set()
    skipped: Skipped = []
    for entry, label in zip(entries, labels.indices, strict=True):
        path, reason = finder.find(entry)
        if path is not None:
            known.add(path)
        if entry.unused:
            unused[entry.unused] += 1
        elif path is None:
            skipped.append((as_path(entry.path), reason))
        elif path in rows:
            skipped.append((path, f"the list has it again ({entry.where})"))
            conflicts.append((rows[path], _Row(path, entry, label)))
        else:
            rows[path] = _Row(path, entry, label)
    _check(conflicts, labels.names)
    skipped += [
        (finder.root, f"{count} clips of the list: {reason}")
        for reason, count in unused.items()
    ]
    if others := finder.unlisted(known):
        count = f"{len(others)} clips in it are not in the list"
        skipped.append((finder.root, f"{count}, such as {others[0].name!r}"))
    return list(rows.values()), skipped


def _check(conflicts: list[tuple[_Row, _Row]], names: Sequence[str]) -> None:
    """Raises if one clip is two things.

    Raises:
        ValueError: In that case.
    """

    def said(kind: str, row: _Row) -> str | None:
        if kind == "split":
            return row.entry.split
        return None if row.label is None else names[row.label]

    for kind in ("split", "label"):
        wrong = [
            (first, second)
            for first, second in conflicts
            if None not in (said(kind, first), said(kind, second))
            and said(kind, first) != said(kind, second)
        ]
        if wrong:
            first, second = wrong[0]
            raise ValueError(
                f"A clip must have one {kind}. Received: {len(wrong)} clips "
                f"with two, such as {str(first.path)!r}: "
                f"{said(kind, first)!r} ({first.entry.where}) and "
                f"{said(kind, second)!r} ({second.entry.where})."
            )


def _groups(
    rows: list[_Row], clips: Clips, group: Group
) -> tuple[str, ...] | None:
    if group == "auto" and any(row.entry.group for row in rows):
        return tuple(row.entry.group or str(row.path) for row in rows)
    return group_clips(clips.paths, clips.labels, clips.class_names, group)


def _told(values: list[str | None]) -> tuple[str | None, ...] | None:
    return tuple(values) if any(values) else None


def _nothing(entries: Sequence[Entry], finder: Finder, skipped: Skipped) -> str:
    used = [entry for entry in entries if not entry.unused] or entries
    reasons = [why for path, why in skipped if path == as_path(used[0].path)]
    because = f" ({reasons[0]})" if reasons else ""
    return (
        f"None of the {len(used)} clips of the list is in "
        f"{str(finder.root)!r}. The list has {used[0].path!r}{because}; the "
        f"folder has {len(finder)} clips, such as {finder.example()}."
    )
