"""What of a prepared set is done while it is being made.

The folder `.staging` of the set holds, each written whole or not at all:

- `plan.json`: what is to be made;
- `records/0000012.record` of the clip at place 12 of the plan;
- `records/0000012.reason` if it cannot be used;
- `packed/00003.json`: what shard 3 holds. Its records and reasons are gone.

So a killed run leaves nothing that has to be mended, and the next one sees
what is missing.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from keras_twostream.preparation.plan import (
    SHARDS,
    STAGING,
    Plan,
    read_plan,
    write_json,
)
from keras_twostream.preparation.records import read_meta
from keras_twostream.preparation.shards import write_shard


class Staging:
    """The unfinished part of a prepared set.

    Args:
        folder: The prepared set.
        plan: What is to be made.
    """

    def __init__(self, folder: Path, plan: Plan):
        self.plan = plan
        self._folder = folder
        self._records = folder / STAGING / "records"
        self._packed = folder / STAGING / "packed"

    @classmethod
    def begun(cls, folder: Path) -> Self | None:
        """Returns what an earlier run left, or `None`.

        Raises:
            ValueError: If its plan cannot be read.
        """
        plan = read_plan(folder / STAGING / "plan.json")
        return None if plan is None else cls(folder, plan)

    @classmethod
    def begin(cls, folder: Path, plan: Plan) -> Self:
        """Writes a plan down, after which it is to be fulfilled."""
        discard(folder)
        made = cls(folder, plan)
        for part in (made._records, made._packed, folder / SHARDS):
            part.mkdir(parents=True, exist_ok=True)
        write_json(folder / STAGING / "plan.json", plan.to_dict())
        return made

    def missing(self) -> list[int]:
        """Returns the places of clips of which nothing is there."""
        for partial in self._records.glob(".*.partial"):
            partial.unlink(missing_ok=True)
        places: list[int] = []
        for shard in self.plan.shards():
            if not self.is_packed(shard):
                places += filter(self._is_missing, self.plan.places(shard))
        return places

    def record(self, place: int) -> Path:
        """Returns the file of a clip's record."""
        return self._records / f"{place:07}.record"

    def quarantine(self, place: int, reason: str) -> None:
        """Notes why a clip cannot be used."""
        write_json(self._reason(place), reason)

    def is_packed(self, shard: int) -> bool:
        """Returns whether a shard is where it belongs."""
        return self._index(shard).exists()

    def pack(self, shard: int) -> None:
        """Writes the shard of clips that are all done.

        Raises:
            ValueError: If a record was made by another OpenCV.
            OSError: If a record is missing, or the shard cannot be written.
        """
        places = self.plan.places(shard)
        reasons = {place: self._why(place) for place in places}
        good = [place for place in places if reasons[place] is None]
        rows = [self._row(place) for place in good]
        if good:
            name = f"{SHARDS}/{shard:05}.tfrecord"
            records = (self.record(place).read_bytes() for place in good)
            spots = write_shard(self._folder / name, records)
            for row, (offset, length) in zip(rows, spots, strict=True):
                row |= {"shard": name, "offset": offset, "length": length}
        clips = self.plan.clips
        bad = [
            (clips[place].name, why)
            for place, why in reasons.items()
            if why is not None
        ]
        write_json(self._index(shard), {"clips": rows, "quarantined": bad})
        for place in places:
            self.record(place).unlink(missing_ok=True)
            self._reason(place).unlink(missing_ok=True)

    def packed(self) -> Iterator[dict[str, Any]]:
        """Yields what each shard holds: `clips` and `quarantined`."""
        for shard in self.plan.shards():
            yield json.loads(self._index(shard).read_text("utf-8"))

    def _is_missing(self, place: int) -> bool:
        if self._reason(place).exists():
            return False
        try:
            read_meta(self.record(place))
        except (OSError, ValueError):
            return True
        return False

    def _row(self, place: int) -> dict[str, Any]:
        """Returns what the manifest says of a clip, but for where it is."""
        facts, path = self.plan.clips[place], self.record(place)
        try:
            meta = read_meta(path)
        except FileNotFoundError as error:
            raise OSError(
                f"{path} was made and is not there. Do all workers see the "
                "folder under this path?"
            ) from error
        if meta["opencv"] != self.plan.opencv:
            raise ValueError(
                f"A worker has OpenCV {meta['opencv']}, and this process "
                f"{self.plan.opencv}, whose flow may differ. Install one "
                "version everywhere."
            )
        names = "frames", "height", "width", "fps"
        return {
            "path": facts.name,
            "class_name": facts.class_name,
            "group": facts.group,
            "split": facts.split,
            **{name: meta[name] for name in names},
            "sha256": meta["source"]["sha256"],
        }

    def _why(self, place: int) -> str | None:
        try:
            return json.loads(self._reason(place).read_text("utf-8"))
        except FileNotFoundError:
            return None

    def _reason(self, place: int) -> Path:
        return self._records / f"{place:07}.reason"

    def _index(self, shard: int) -> Path:
        return self._packed / f"{shard:05}.json"


def discard(folder: Path) -> None:
    """Removes what is not finished of a prepared set."""
    # Without its plan the rest is nothing, however far this gets.
    (folder / STAGING / "plan.json").unlink(missing_ok=True)
    shutil.rmtree(folder / STAGING, ignore_errors=True)
