"""A result: the scores of clips, with all that makes them comparable."""

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from keras_twostream.evaluation.protocols import Protocol
from keras_twostream.evaluation.result_text import FORMAT, text_of

# Of what a row of scores may differ from 1, being probabilities.
TOLERANCE = 1e-3


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """What a network, or several, said of a list of clips.

    Whatever is known of a network's quality is computed from results:
    `metrics`, `compare`, `fuse` and the report of a run.

    Attributes:
        clips: Names of the clips, each once.
        labels: `int (clips,)`, the class of each.
        scores: `float32 (clips, classes)`, probabilities.
        class_names: Names of the classes.
        protocol: How the scores came about; like is compared with like.
        groups: The group of each clip, of which some may be `None`; `None`
            for no groups. Clips of a group are not independent.
        skipped: `(clip, reason)` of clips without scores.
        made: What the scores are of: dict of "model", "weights" (SHA-256),
            "data", "flow" (`FlowSpec.to_dict()`), "seed" and the like, which
            JSON can hold.

    Raises:
        ValueError: If these do not fit together, or scores are no
            probabilities.
    """

    clips: tuple[str, ...]
    labels: np.ndarray
    scores: np.ndarray
    class_names: tuple[str, ...]
    protocol: Protocol = Protocol()
    groups: tuple[str | None, ...] | None = None
    skipped: tuple[tuple[str, str], ...] = ()
    made: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        set_to = object.__setattr__
        set_to(self, "clips", tuple(map(str, self.clips)))
        set_to(self, "class_names", tuple(map(str, self.class_names)))
        set_to(self, "labels", np.asarray(self.labels, int))
        set_to(self, "scores", np.asarray(self.scores, np.float32))
        set_to(
            self, "skipped", tuple((str(x), str(y)) for x, y in self.skipped)
        )
        if self.groups is not None:
            set_to(self, "groups", tuple(self.groups))
        self._check()

    def _check(self) -> None:
        clips, classes = len(self.clips), len(self.class_names)
        if not clips or len({*self.clips}) < clips:
            twice = sorted({x for x in self.clips if self.clips.count(x) > 1})
            raise ValueError(
                "A result is about one clip or more, each once. Received: "
                f"{clips} clips, several times: {twice[:3]}"
            )
        shapes = {
            "labels": (self.labels.shape, (clips,)),
            "scores": (self.scores.shape, (clips, classes)),
        }
        if self.groups is not None:
            shapes["groups"] = ((len(self.groups),), (clips,))
        for name, (shape, wanted) in shapes.items():
            if shape != wanted:
                raise ValueError(
                    f"{clips} clips and {classes} classes need `{name}` of "
                    f"shape {wanted}. Received: {shape}"
                )
        if self.labels.min() < 0 or self.labels.max() >= classes:
            raise ValueError(
                f"Labels of {classes} classes are 0 to {classes - 1}. "
                f"Received: {self.labels.min()} to {self.labels.max()}"
            )
        wrong = ~(np.abs(self.scores.sum(-1) - 1) < TOLERANCE)
        wrong |= (self.scores < 0).any(-1)
        if wrong.any():
            first = int(wrong.argmax())
            raise ValueError(
                "The scores of a clip are probabilities, whose sum is 1. "
                f"Received: those of {self.clips[first]!r}, of the sum "
                f"{self.scores[first].sum():g}"
            )

    def __len__(self) -> int:
        return len(self.clips)

    @property
    def answers(self) -> np.ndarray:
        """`int (clips,)`, the most probable class of each clip."""
        return self.scores.argmax(-1)

    @property
    def right(self) -> np.ndarray:
        """`bool (clips,)`, which answers are right."""
        return self.answers == self.labels

    @property
    def accuracy(self) -> float:
        """Share of the clips whose answer is right."""
        return float(self.right.mean())

    @property
    def split(self) -> str:
        """SHA-256 of the clips and their classes, in any order."""
        names = [self.class_names[label] for label in self.labels]
        rows = sorted(zip(self.clips, names, strict=True))
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()

    def take(self, chosen: np.ndarray) -> Self:
        """Returns the result for some of the clips.

        Args:
            chosen: Their numbers, or `bool (clips,)`.
        """
        numbers = np.arange(len(self))[chosen]
        groups = self.groups and tuple(self.groups[i] for i in numbers)
        return dataclasses.replace(
            self,
            clips=tuple(self.clips[i] for i in numbers),
            labels=self.labels[numbers],
            scores=self.scores[numbers],
            groups=groups,
        )

    def save(self, path: str | os.PathLike) -> Path:
        """Writes a JSON file, whole or not at all.

        Args:
            path: The file; its folder is made if need be.

        Returns:
            Its path.

        Raises:
            OSError: If it cannot be written.
        """
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{os.getpid()}.{target.name}")
        try:
            partial.write_text(text_of(self), encoding="utf-8")
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        return target

    @classmethod
    def load(cls, path: str | os.PathLike) -> Self:
        """Reads what `save` wrote.

        Args:
            path: The file.

        Raises:
            FileNotFoundError: If there is none.
            ValueError: If it is not a result, or has been changed.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(f"There is no file {path}")
        text = Path(path).read_text(encoding="utf-8", errors="replace")
        try:
            fields = json.loads(text)
            if fields["format"] != FORMAT:
                raise ValueError(
                    f"its format is {fields['format']}, and {FORMAT} is known"
                )
            result = cls._of(fields)
            if result.split != fields["split"]:
                raise ValueError("its clips are not those that were written")
        except (KeyError, TypeError, ValueError) as error:
            known = (
                f"it has no {error}" if isinstance(error, KeyError) else error
            )
            raise ValueError(
                f"{path} is not a result of keras_twostream: {known}"
            ) from error
        return result

    @classmethod
    def _of(cls, fields: dict[str, Any]) -> Self:
        names = list(fields["class_names"])
        rows = fields["clips"]
        groups = tuple(row["group"] for row in rows)
        return cls(
            clips=tuple(row["clip"] for row in rows),
            labels=np.array([names.index(row["class"]) for row in rows], int),
            scores=np.array([row["scores"] for row in rows], np.float32),
            class_names=tuple(names),
            protocol=Protocol.from_dict(fields["protocol"]),
            groups=groups if any(groups) else None,
            skipped=tuple((clip, why) for clip, why in fields["skipped"]),
            made=fields["made"],
        )
