"""The program that makes records, one job after another.

It reads jobs from its standard input, a line of JSON each, and answers each
by a line on its standard output.
"""

import json
import os
import sys
import uuid
from pathlib import Path

import cv2

from keras_twostream.data.records import make_record
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.video import VideoError


def write_record(
    video: Path, record: Path, spec: FlowSpec, partial: Path | None = None
) -> str | None:
    """Makes a record file, which appears under its name only when complete.

    Args:
        video: The video file.
        record: The record file to write.
        spec: Which flow.
        partial: Name of the unfinished file; removed whatever happens.

    Returns:
        `None`, or the reason why the video cannot be used.

    Raises:
        OSError: If the record cannot be written.
    """
    try:
        contents = make_record(video, spec)
    except VideoError as error:
        return error.reason
    except Exception as error:
        # Whatever a strange file provokes in a decoder must not cost the
        # others their turn.
        return f"{type(error).__name__}: {error}"
    partial = partial or partial_path(record)
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(contents)
        partial.replace(record)
    finally:
        partial.unlink(missing_ok=True)
    return None


def partial_path(record: Path) -> Path:
    """Returns a hidden name, used once, beside a record file."""
    return record.with_name(f".{uuid.uuid4().hex}.partial")


def _answer(order: str, spec: FlowSpec) -> tuple[str | None, str | None]:
    video, record, partial = map(Path, json.loads(order))
    try:
        return write_record(video, record, spec, partial), None
    except OSError as error:
        return None, str(error)


def main() -> None:
    """Serves jobs until the standard input ends."""
    cv2.setNumThreads(1)
    spec = FlowSpec.from_dict(json.loads(sys.argv[1]))
    # What a library prints must not get among the answers.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        for order in sys.stdin:
            answers.write(json.dumps(_answer(order, spec)) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
