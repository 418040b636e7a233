"""The list of clips that everything else works on."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from keras_twostream.remote.address import as_path


@dataclasses.dataclass(frozen=True)
class Clips:
    """A list of video files with what is known of each.

    Attributes:
        paths: The files. In place of an address, such as
            `s3://bucket/clip.mp4`, is a `remote.Address`.
        labels: Index of each file's class in `class_names`, or `None` if the
            files have no labels.
        class_names: Names of the classes, in the order of the labels.
        groups: Name of each file's group, or `None` if every file is a group
            of its own. Files of one group (scenes cut from one source, say)
            resemble one another and must not be split.
        skipped: `(path, reason)` of what was found but is not in the list.
        splits: "train", "validation", "test" or `None` for each file, as its
            list says, or `None` if there is no such list.

    Raises:
        ValueError: If the lengths or labels do not fit together.
    """

    paths: tuple[Path, ...]
    labels: tuple[int, ...] | None = None
    class_names: tuple[str, ...] = ()
    groups: tuple[str, ...] | None = None
    skipped: tuple[tuple[Path, str], ...] = ()
    splits: tuple[str | None, ...] | None = None

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            frozen = value if value is None else tuple(value)
            object.__setattr__(self, field.name, frozen)
        object.__setattr__(self, "paths", tuple(map(as_path, self.paths)))
        for name in ("labels", "groups", "splits"):
            value = getattr(self, name)
            if value is not None and len(value) != len(self.paths):
                raise ValueError(
                    f"`{name}` must have one entry for each of the "
                    f"{len(self.paths)} clips. Received: {len(value)}."
                )
        count = len(self.class_names)
        if wrong := [x for x in self.labels or () if not 0 <= x < count]:
            raise ValueError(
                f"`labels` must be indices of the {count} `class_names`. "
                f"Received: {wrong[0]}."
            )

    def __len__(self) -> int:
        return len(self.paths)

    def take(self, indices: Sequence[int]) -> "Clips":
        """Returns the clips at `indices`, in that order."""

        def pick(values):
            return values and tuple(values[index] for index in indices)

        return dataclasses.replace(
            self,
            paths=pick(self.paths),
            labels=pick(self.labels),
            groups=pick(self.groups),
            splits=pick(self.splits),
        )

    def of_split(self, split: str) -> "Clips":
        """Returns the clips of one split.

        Raises:
            ValueError: If there are none.
        """
        chosen = [i for i, x in enumerate(self.splits or ()) if x == split]
        if not chosen:
            found = sorted({x for x in self.splits or () if x})
            raise ValueError(
                f"The list has no clips for {split!r}. Found: {found}."
            )
        return self.take(chosen)
