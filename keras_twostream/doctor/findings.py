"""What was found to be wrong, and what is to be done about it."""

import dataclasses
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from keras_twostream.doctor.cases import Cases, quote
from keras_twostream.doctor.clip_kinds import CLIP_KINDS
from keras_twostream.doctor.kinds import Kind
from keras_twostream.doctor.set_kinds import SET_KINDS

KINDS: dict[str, Kind] = CLIP_KINDS | SET_KINDS


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is wrong, or good to know.

    Attributes:
        id: Name of its kind, a key of `KINDS`.
        severity: "error", "warning" or "note".
        what: What was found, in words.
        fix: What to do about it, with a command between backquotes where
            there is one.
        files: The clips or files that it is about.
        notes: What is to be said of each file; may be empty words.
    """

    id: str
    severity: str
    what: str
    fix: str
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def find(
    kind: str,
    cases: Cases,
    files: Sequence[str] = (),
    notes: Sequence[str] = (),
    unit: str = "clip",
    **words: Any,
) -> Finding:
    """Makes a finding.

    Args:
        kind: A key of `KINDS`.
        cases: What was examined.
        files: Names below its root.
        notes: What is to be said of each file; none by default.
        unit: What the files are.
        **words: Other words of the kind's sentences.
    """
    row = KINDS[kind]
    first = str(PurePath(cases.root) / files[0]) if files else cases.root
    path = PurePath(first)
    given = {
        "clips": f"{len(files)} {unit}{'' if len(files) == 1 else 's'}",
        "root": quote(cases.root),
        # Frames and flow that lie ready are not what they were made of.
        "source": "VIDEOS" if cases.flow else quote(cases.root),
        "file": quote(first),
        "fixed": quote(path.with_name(f"{path.stem}_fixed.mp4")),
    } | words
    return Finding(
        id=kind,
        severity=row.severity,
        what=row.what.format(**given),
        fix=row.fix.format(**given),
        files=tuple(files),
        notes=tuple(notes) or ("",) * len(files),
    )
