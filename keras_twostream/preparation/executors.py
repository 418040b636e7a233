"""Who makes the records: this process, or others of this machine.

An executor is anything with a method `run(jobs, spec)`; those of clusters are
in `preparation.engines`. The work is the same function of one clip everywhere.
"""

import dataclasses
import os
from collections.abc import Generator, Sequence
from typing import Protocol

from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation import worker, workers
from keras_twostream.preparation.plan import TIME_LIMIT
from keras_twostream.preparation.worker import Job

Results = Generator[tuple[int, str | None]]


class Executor(Protocol):
    """What makes records of clips."""

    def run(self, jobs: Sequence[Job], spec: FlowSpec) -> Results:
        """Makes record files.

        Args:
            jobs: What to make; best begun in this order, done in any.
            spec: Which flow.

        Yields:
            `(index of the job, None)`, or the reason why its clip cannot be
            used in place of `None`. Closing the generator ends the work.

        Raises:
            OSError: If a record cannot be written.
        """
        ...


@dataclasses.dataclass(frozen=True)
class Here:
    """Makes records in this process, one after another."""

    def run(self, jobs: Sequence[Job], spec: FlowSpec) -> Results:
        """Makes record files, see `Executor.run`."""
        for index, job in enumerate(jobs):
            yield index, worker.write_record(job, spec)


@dataclasses.dataclass(frozen=True)
class Local:
    """Makes records by processes of this machine.

    Attributes:
        workers: Their number; `None` is one for each core.
        time_limit: Seconds after which a clip is given up; `None` for ever.

    Raises:
        ValueError: If an attribute is not positive.
    """

    workers: int | None = None
    time_limit: float | None = TIME_LIMIT

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise ValueError(
                "`workers` must be at least 1, or `None`. "
                f"Received: {self.workers}."
            )
        check_limit(self.time_limit)

    def run(self, jobs: Sequence[Job], spec: FlowSpec) -> Results:
        """Makes record files, see `Executor.run`."""
        count = min(self.workers or core_count(), len(jobs))
        return workers.write_records(jobs, spec, count, self.time_limit)


def check_limit(seconds: float | None) -> None:
    """Raises `ValueError` for a time limit that is not positive."""
    if seconds is not None and not seconds > 0:
        raise ValueError(
            "`time_limit` must be a positive number of seconds, or `None`. "
            f"Received: {seconds}."
        )


def core_count() -> int:
    """Returns the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
