"""The clips to examine."""

import dataclasses
import os
import shlex
from typing import Any

from keras_twostream.flow.spec import FlowSpec


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """One clip to examine.

    Attributes:
        name: As it is called in the report: relative to the root if it lies
            below it.
        job: What `member.do` takes, without `do`, `quick` and `hash`.
        label: Index of its class, or `None`.
        group: Name of its group, or `None`.
        split: "train", "validation", "test" or `None`.
    """

    name: str
    job: dict[str, Any]
    label: int | None = None
    group: str | None = None
    split: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cases:
    """All clips to examine.

    Attributes:
        root: The path.
        kind: "folder", "list", "prepared", "images" or "file".
        clips: Each a `Case`.
        class_names: In the order of the labels.
        skipped: `(name, reason)` of what is no clip.
        flow: How stored flow is stored; `None` where none is.
        integers: The labels as integers, as the list has them.
        list_name: The list.
    """

    root: str
    kind: str
    clips: tuple[Case, ...]
    class_names: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    flow: FlowSpec | None = None
    integers: tuple[int, ...] = ()
    list_name: str = ""

    @property
    def names(self) -> list[str]:
        """The names of the clips."""
        return [each.name for each in self.clips]

    @property
    def step(self) -> int:
        """Frames between the two images of a flow field."""
        return self.flow.step if self.flow else 1


def quote(path: str | os.PathLike) -> str:
    """Returns a path as a shell takes it."""
    return shlex.quote(os.fspath(path))
