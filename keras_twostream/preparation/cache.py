"""Video files -> records on disk, made once."""

import contextlib
import dataclasses
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

import cv2

from keras_twostream.clips.image_folders import is_extracted
from keras_twostream.flow import estimators
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation.executors import Executor, Here, Local
from keras_twostream.preparation.records import VERSION, read_meta
from keras_twostream.preparation.summary import progress
from keras_twostream.preparation.worker import Job
from keras_twostream.remote.address import as_path
from keras_twostream.remote.copies import stamp

CACHE_VARIABLE = "KERAS_TWOSTREAM_CACHE"

# Up to this many clips are made before a worker process would have started.
_FEW = 4


@dataclasses.dataclass(frozen=True)
class Prepared:
    """What `cache_clips` made of a list of video files.

    Attributes:
        records: Record files of the clips that can be used.
        kept: Index of each of them in the list of video files.
        frame_counts: Number of frames of each, by decoding.
        sizes: Height and width of its frames as stored, in pixels.
        skipped: `(path, reason)` of the video files that cannot be used.
    """

    records: tuple[Path, ...]
    kept: tuple[int, ...]
    frame_counts: tuple[int, ...]
    sizes: tuple[tuple[int, int], ...]
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
    source = as_path(video).resolve()
    identity = [
        os.fspath(source),
        *stamp(source),
        spec.to_dict(),
        VERSION,
        cv2.__version__,
    ]
    key = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
    return Path(cache_dir) / key[:2] / f"{key}.record"


def cache_clips(
    paths: Sequence[str | os.PathLike],
    spec: FlowSpec | None = None,
    cache_dir: str | os.PathLike | None = None,
    workers: int | None = None,
    verbose: bool | str = "auto",
) -> Prepared:
    """Decodes video files and computes their flow, unless that was done.

    What is done is kept whatever happens: the same call after an
    interruption makes only what is missing. A file that cannot be read, or
    is damaged part-way, or keeps a worker process busy for an hour, is skipped
    as a whole and reported: a shortened clip would pass unnoticed.

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
    crew = Here() if workers == 1 else Local(workers)  # raises what is wrong
    # What others extracted may be of an algorithm that is not here.
    if not all(map(is_extracted, paths)):
        estimators.get(spec.algorithm)
    folder = Path(cache_dir or default_cache_dir()).expanduser()
    records, reasons = _locate(paths, spec, folder)
    facts = {index: _facts_of(path) for index, path in records.items()}
    missing = [index for index, found in facts.items() if not found]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
    jobs = [
        Job(os.fspath(paths[index]), os.fspath(records[index]))
        for index in missing
    ]
    if workers is None and len(jobs) <= _FEW:
        crew = Here()
    made = _make(jobs, spec, crew, verbose)
    for index, reason in zip(missing, made, strict=True):
        facts[index] = _facts_of(records[index])
        if reason is not None:
            reasons[index] = reason
    kept = [index for index in records if index not in reasons]
    found = [facts[index] or (0, 0, 0) for index in kept]
    return Prepared(
        records=tuple(records[index] for index in kept),
        kept=tuple(kept),
        frame_counts=tuple(frames for frames, *_ in found),
        sizes=tuple((height, width) for _, height, width in found),
        skipped=tuple((as_path(paths[i]), reasons[i]) for i in sorted(reasons)),
    )


def _locate(
    paths: Sequence[str | os.PathLike], spec: FlowSpec, folder: Path
) -> tuple[dict[int, Path], dict[int, str]]:
    """Returns the record file of each video, and what is wrong with others."""
    records, reasons = {}, {}
    for index, path in enumerate(paths):
        try:
            records[index] = record_path(path, spec, folder)
        # Links in a circle are a RuntimeError before Python 3.13.
        except (OSError, RuntimeError, ValueError) as error:
            known = getattr(error, "strerror", None)
            reasons[index] = known or str(error)
    return records, reasons


def _facts_of(record: Path) -> tuple[int, int, int] | None:
    """Returns frames, height and width of a record; `None` if there is none."""
    try:
        meta = read_meta(record)
        return meta["frames"], meta["height"], meta["width"]
    except (OSError, ValueError):
        return None


def _make(
    jobs: list[Job],
    spec: FlowSpec,
    crew: Executor,
    verbose: bool | str,
) -> list[str | None]:
    """Returns the reason why each video cannot be used, or `None`."""
    reasons: list[str | None] = [None] * len(jobs)
    made = crew.run(jobs, spec)
    # Closed at once whatever happens, which ends the workers.
    with contextlib.closing(made):
        for job, reason in progress(
            made, len(jobs), "Preparing clips", verbose
        ):
            reasons[job] = reason
    return reasons
