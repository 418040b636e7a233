"""The program that makes records, one job after another.

It reads jobs from its standard input, a line of JSON each, and answers each
by a line on its standard output. When its standard input ends, so does it,
in the middle of whatever it does: who asked is gone.
"""

import dataclasses
import json
import os
import queue
import sys
import threading
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2

from keras_twostream.clips.image_folders import find_images, is_extracted
from keras_twostream.flow.own import add_estimator
from keras_twostream.flow.spec import FlowSpec, is_import_path
from keras_twostream.preparation import extracted
from keras_twostream.preparation.digest import described
from keras_twostream.preparation.records import make_record
from keras_twostream.remote.address import as_path
from keras_twostream.remote.copies import borrowing, local_copy
from keras_twostream.video import VideoError

READY = "ready\n"


@dataclasses.dataclass(frozen=True)
class Job:
    """One clip of which a record is to be made.

    Attributes:
        source: The video file, or a folder of frames and flow that were
            extracted earlier.
        record: The record file to write.
        about: What the record's `meta` says of the clip beyond what is read
            from it: `source`, what the record calls it, and facts such as
            `class`. With it, `meta` also has the source's SHA-256.
    """

    source: str
    record: str
    about: Mapping[str, Any] | None = None


def write_record(
    job: Job, spec: FlowSpec, partial: Path | None = None
) -> str | None:
    """Makes a record file, which appears under its name only when complete.

    Args:
        job: What to make of what. The record's folder must exist or have a
            parent that does.
        spec: Which flow.
        partial: Name of the unfinished file; removed whatever happens.

    Returns:
        `None`, or the reason why the clip cannot be used.

    Raises:
        OSError: If the record cannot be written.
    """
    try:
        with borrowing():
            contents = _contents(job, spec)
    except VideoError as error:
        return error.reason
    except Exception as error:
        # Whatever a strange file provokes in a decoder must not cost the
        # others their turn.
        return f"{type(error).__name__}: {error}"
    record = Path(job.record)
    partial = partial or partial_path(record)
    try:
        partial.parent.mkdir(exist_ok=True)
        partial.write_bytes(contents)
        partial.replace(record)
    finally:
        partial.unlink(missing_ok=True)
    return None


def partial_path(record: Path) -> Path:
    """Returns a hidden name, used once, beside a record file."""
    return record.with_name(f".{uuid.uuid4().hex}.partial")


def _contents(job: Job, spec: FlowSpec) -> bytes:
    source = as_path(job.source)
    if is_extracted(source):
        record = extracted.make_record(source, spec)
        images = find_images(source, spec.step, spec.algorithm)
        files = images.files()
    else:
        record = make_record(source, spec)
        source = local_copy(source)
        files = (source,)
    if job.about is None:
        return record
    return described(record, source, files, job.about)


def _answer(order: str, spec: FlowSpec) -> tuple[str | None, str | None]:
    job, partial = json.loads(order)
    try:
        return write_record(Job(**job), spec, Path(partial)), None
    except OSError as error:
        return None, str(error)


def _listen(orders: queue.SimpleQueue) -> None:
    for line in sys.stdin:
        orders.put(line)
    os._exit(0)


def main() -> None:
    """Serves jobs until the standard input ends."""
    cv2.setNumThreads(1)
    spec = FlowSpec.from_dict(json.loads(sys.argv[1]))
    # Who starts this program has resolved the algorithm: it was agreed to.
    if is_import_path(spec.algorithm):
        add_estimator(spec.algorithm)
    orders: queue.SimpleQueue = queue.SimpleQueue()
    # What a library prints must not get among the answers.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        answers.write(READY)
        answers.flush()
        threading.Thread(target=_listen, args=(orders,), daemon=True).start()
        while True:
            answers.write(json.dumps(_answer(orders.get(), spec)) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
