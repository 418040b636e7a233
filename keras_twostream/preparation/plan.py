"""What a run is to make of a prepared set, written down before it begins."""

import dataclasses
import json
import os
from pathlib import Path
from typing import Any, Self

from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation.facts import Facts

# In the folder of a set: what is finished, and what is not.
SHARDS, STAGING = "shards", ".staging"
# About 100 to 200 MB of short clips.
CLIPS_PER_SHARD = 32
# Seconds after which a clip is given up: its decoder hangs.
TIME_LIMIT = 3600.0


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a run makes.

    Attributes:
        flow: Which flow.
        opencv: Version that computes it.
        clips_per_shard: Clips of a shard, those that turn out to be
            unusable included.
        first_shard: Number of the first shard.
        clips: In the order of the list.
    """

    flow: FlowSpec
    opencv: str
    clips_per_shard: int
    first_shard: int
    clips: tuple[Facts, ...]

    def shard_of(self, place: int) -> int:
        """Returns the number of a clip's shard."""
        return self.first_shard + place // self.clips_per_shard

    def places(self, shard: int) -> range:
        """Returns the places of a shard's clips."""
        start = (shard - self.first_shard) * self.clips_per_shard
        return range(start, min(start + self.clips_per_shard, len(self.clips)))

    def shards(self) -> range:
        """Returns the numbers of all shards."""
        return range(self.first_shard, self.shard_of(len(self.clips) - 1) + 1)

    def to_dict(self) -> dict[str, Any]:
        """Returns what JSON can hold."""
        return vars(self) | {"flow": self.flow.to_dict()}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Returns the plan whose `to_dict()` gave `fields`."""
        flow = FlowSpec.from_dict(fields["flow"])
        clips = tuple(Facts(*clip) for clip in fields["clips"])
        return cls(**fields | {"flow": flow, "clips": clips})


def read_plan(path: Path) -> Plan | None:
    """Reads a plan; `None` if there is none.

    Raises:
        ValueError: If it cannot be understood.
    """
    try:
        return Plan.from_dict(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} cannot be read ({error!r}). Delete {path.parent} to "
            "make anew what is not finished."
        ) from error


def write_whole(path: Path, text: str) -> None:
    """Writes a text file, whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def write_json(path: Path, value: Any) -> None:
    """Writes a value as a JSON file, whole or not at all."""
    write_whole(path, json.dumps(value, indent=1) + "\n")
