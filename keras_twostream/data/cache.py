"""Video files -> records on disk, made once."""

import contextlib
import dataclasses
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

import cv2

from keras_twostream.data.records import VERSION, read_meta
from keras_twostream.data.summary import progress
from keras_twostream.data.workers import Job, write_records
from keras_twostream.flow import estimators
from keras_twostream.flow.spec import FlowSpec

CACHE_VARIABLE = "KERAS_TWOSTREAM_CACHE"

# Up to this many clips are made before a worker process would have started.
_FEW = 4


@dataclasses.dataclass(frozen=True)
class Prepared:
    """What `prepare` made of a list of video files.

    Attributes:
        records: Record files of the clips that can be used.
        kept: Index of each of them in the list of video files.
        frame_counts: Number of frames of each, by decoding.
        skipped: `(path, reason)` of the video files that cannot be used.
    """

    records: tuple[Path, ...]
    kept: tuple[int, ...]
    frame_counts: tuple[int, ...]
    skipped: tuple[tuple[Path, str], ...]


def default_cache_dir() -> Path:
    """Returns `$KERAS_TWOSTREAM_CACHE`, or a folder in Keras's home."""
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen)
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    return Path(home) / "keras_twostream" / "clips"


def record_path(
    video: str | os.PathLike, spec: FlowSpec, cache_dir: str | os.PathLike
) -> Path:
    """Returns where the record of a video file is kept.

    The name changes with all that the contents depend on: the file (its
    path, size and time of change), the flow, and the versions of the format
    and of OpenCV, whose releases differ in their flow.

    Args:
        video: The video file, which must exist.
        spec: Which flow.
        cache_dir: Folder of the cache.

    Raises:
        OSError: If the file does not exist.
    """
    source = Path(video).resolve()
    status = source.stat()
    identity = [
        os.fspath(source),
        status.st_size,
        status.st_mtime_ns,
        spec.to_dict(),
        VERSION,
        cv2.__version__,
    ]
    key = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
    return Path(cache_dir) / key[:2] / f"{key}.record"


def prepare(
    paths: Sequence[str | os.PathLike],
    spec: FlowSpec | None = None,
    cache_dir: str | os.PathLike | None = None,
    workers: int | None = None,
    verbose: bool | str = "auto",
) -> Prepared:
    """Decodes video files and computes their flow, unless that was done.

    What is done is kept whatever happens: the same call after an
    interruption makes only what is missing. A file that cannot be read, or
    is damaged part-way, is skipped as a whole and reported: a shortened clip
    would pass unnoticed.

    Args:
        paths: The video files.
        spec: Which flow; the default `FlowSpec()`.
        cache_dir: Folder for the records; by default
            `$KERAS_TWOSTREAM_CACHE`, else `keras_twostream/clips` in Keras's
            home folder.
        workers: Number of processes; by default one for each core, or none
            for a few clips. With 1 all is done in this process.
        verbose: Whether to show a progress bar on the standard error;
            "auto" shows it on a terminal.

    Returns:
        `Prepared`.

    Raises:
        ValueError: If the flow algorithm is unknown or `workers` is wrong.
        OSError: If records cannot be written.
    """
    spec = spec or FlowSpec()
    if workers is not None and workers < 1:
        raise ValueError(
            f"`workers` must be at least 1, or `None`. Received: {workers}."
        )
    estimators.get(spec.algorithm)  # raises what is wrong, early
    folder = Path(cache_dir or default_cache_dir()).expanduser()
    records, reasons = _locate(paths, spec, folder)
    counts = {index: _frame_count(path) for index, path in records.items()}
    missing = [index for index, count in counts.items() if not count]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
    jobs = [(Path(paths[index]), records[index]) for index in missing]
    made = _make(jobs, spec, workers, verbose)
    for index, reason in zip(missing, made, strict=True):
        counts[index] = _frame_count(records[index])
        if reason is not None:
            reasons[index] = reason
    kept = [index for index in records if index not in reasons]
    return Prepared(
        records=tuple(records[index] for index in kept),
        kept=tuple(kept),
        frame_counts=tuple(counts[index] or 0 for index in kept),
        skipped=tuple((Path(paths[i]), reasons[i]) for i in sorted(reasons)),
    )


def _locate(
    paths: Sequence[str | os.PathLike], spec: FlowSpec, folder: Path
) -> tuple[dict[int, Path], dict[int, str]]:
    """Returns the record file of each video, and what is wrong with others."""
    records, reasons = {}, {}
    for index, path in enumerate(paths):
        try:
            records[index] = record_path(path, spec, folder)
        except OSError as error:
            reasons[index] = error.strerror or str(error)
    return records, reasons


def _frame_count(record: Path) -> int | None:
    """Returns a record's number of frames; `None` if it is to be made."""
    try:
        return read_meta(record)["frames"]
    except (OSError, ValueError):
        return None


def _make(
    jobs: list[Job],
    spec: FlowSpec,
    workers: int | None,
    verbose: bool | str,
) -> list[str | None]:
    """Returns the reason why each video cannot be used, or `None`."""
    if workers is None:
        workers = 1 if len(jobs) <= _FEW else _core_count()
    reasons: list[str | None] = [None] * len(jobs)
    made = write_records(jobs, spec, min(workers, len(jobs)))
    # Closed at once whatever happens, which ends the workers.
    with contextlib.closing(made):
        for job, reason in progress(
            made, len(jobs), "Preparing clips", verbose
        ):
            reasons[job] = reason
    return reasons


def _core_count() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
