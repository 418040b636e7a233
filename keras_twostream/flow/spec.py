"""The contract that says which optical flow a model or a cache holds."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class FlowSpec:
    """How flow was, or is to be, computed and stored.

    It travels as JSON with caches and saved models, so that flow of one kind
    is never fed to a network trained on another.

    Attributes:
        algorithm: Name in `flow.estimators.ESTIMATORS`, or the name that a
            user gives to an estimator of their own.
        bound: Displacement, in pixels per step at the size at which flow is
            computed, at which stored flow saturates.
        short_side: Length in pixels to which the shorter side of the frames
            is resized before flow is computed; `None` keeps their size.
        step: Frames from the first to the second image of a pair.

    Raises:
        ValueError: If a field holds what it cannot hold.
    """

    algorithm: str = "dis_fast"
    bound: float = 20.0
    short_side: int | None = 256
    step: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.algorithm, str) or not self.algorithm:
            _refuse("algorithm", "a non-empty string", self.algorithm)
        if not _is_number(self.bound) or self.bound <= 0:
            _refuse("bound", "a positive finite number", self.bound)
        if self.short_side is not None and not _is_count(self.short_side):
            _refuse("short_side", "`None` or an integer >= 1", self.short_side)
        if not _is_count(self.step):
            _refuse("step", "an integer >= 1", self.step)
        # A bound read from JSON as 20 and one typed as 20.0 are one setting.
        object.__setattr__(self, "bound", float(self.bound))

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as a dict that JSON can hold."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """Returns the spec whose `to_dict()` gave `fields`.

        Args:
            fields: Mapping with exactly the names of the attributes.

        Raises:
            ValueError: If names are missing or unknown, or a value is wrong.
        """
        names = [field.name for field in dataclasses.fields(cls)]
        missing = [name for name in names if name not in fields]
        unknown = [name for name in fields if name not in names]
        if missing or unknown:
            raise ValueError(
                f"A FlowSpec has exactly the fields {names}. "
                f"Received: {dict(fields)} (missing: {missing}, "
                f"unknown: {unknown})."
            )
        return cls(**fields)

    def diff(self, other: "FlowSpec") -> dict[str, tuple[Any, Any]]:
        """Returns `{field: (here, there)}` of the fields that differ."""
        mine, theirs = self.to_dict(), other.to_dict()
        return {
            name: (mine[name], theirs[name])
            for name in mine
            if mine[name] != theirs[name]
        }


def _is_number(value: Any) -> bool:
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return is_real and math.isfinite(value)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 1


def _refuse(name: str, allowed: str, value: Any) -> None:
    raise ValueError(
        f"FlowSpec: `{name}` must be {allowed}. Received: {value!r}."
    )
