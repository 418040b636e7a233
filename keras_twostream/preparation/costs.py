"""What preparing clips costs, as figures."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation.survey import Extent, Skipped
from keras_twostream.preparation.trial import StoredForm


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """What one kind of flow will cost.

    Attributes:
        spec: Which flow, stored how.
        core_hours: CPU time of one core.
        wall_hours: The same divided by the number of workers: with a core,
            and not half of one, for each.
        bytes: Of all records, frames included.
        bytes_per_hour: The same for each hour of video.
        rmse: Root of the mean squared error of u and v as they are read back
            from storage, in pixels of the stored frames: of rounding, coding,
            shrinking and of what the bound cuts off.
        p999: What 99.9 % of these errors do not exceed, in pixels.
        time_spread: Two standard errors of the times, as a share of them, by
            how much the clips differ; `None` if only one was looked at.
        size_spread: The same of the bytes.
        sampled: Number of clips that it was tried on.
    """

    spec: FlowSpec
    core_hours: float
    wall_hours: float
    bytes: int
    bytes_per_hour: int
    rmse: float
    p999: float
    time_spread: float | None
    size_spread: float | None
    sampled: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Estimate:
    """What preparing a list of clips will cost.

    Attributes:
        rows: One for each kind of flow, in the order asked for.
        extent: How much video there is.
        workers: Number of processes that `wall_hours` is for.
        unreadable: `(path, reason)` of the clips that were drawn but cannot
            be used.
    """

    rows: tuple[Row, ...]
    extent: Extent
    workers: int
    unreadable: tuple[Skipped, ...]

    def to_dict(self) -> dict[str, Any]:
        """Returns what JSON can hold."""
        return dataclasses.asdict(self) | {
            "unreadable": [[str(path), why] for path, why in self.unreadable]
        }


def row_of(form: StoredForm, whole: Extent, workers: int) -> Row:
    """Returns what storing all clips in one form will cost.

    Args:
        form: What was found on some of them.
        whole: How much video there is.
        workers: Number of processes.
    """
    spec = form.spec
    frames = whole.seconds * spec.fps if spec.fps else whole.frames
    seconds, time_spread = _mean(form.seconds, form.weights)
    size, size_spread = _mean(form.bytes, form.weights)
    rmse, p999 = form.errors()
    hours = frames * seconds / 3600
    return Row(
        spec=spec,
        core_hours=hours,
        wall_hours=hours / workers,
        bytes=round(frames * size),
        bytes_per_hour=round(frames * size / whole.seconds * 3600),
        rmse=rmse,
        p999=p999,
        time_spread=time_spread,
        size_spread=size_spread,
        sampled=len(form.weights),
    )


def _mean(
    values: Sequence[float], weights: Sequence[float]
) -> tuple[float, float | None]:
    """Returns the weighted mean and two standard errors, as a share of it."""
    x, w = np.array(values), np.array(weights) / np.sum(weights)
    mean = float(x @ w)
    if len(x) < 2 or not mean:
        return mean, None
    variance = np.square(w * (x - mean)).sum() * len(x) / (len(x) - 1)
    return mean, float(2 * np.sqrt(variance) / mean)
