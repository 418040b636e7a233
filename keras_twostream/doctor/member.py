"""The program that examines clips, one after another.

It reads jobs from its standard input, a line of JSON each, and answers each
by a line on its standard output. It imports neither Keras nor TensorFlow.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import cv2

from keras_twostream.doctor.facts import Facts
from keras_twostream.doctor.pictures import draw
from keras_twostream.doctor.stored import examine_stored
from keras_twostream.doctor.videos import examine_video


def do(job: dict[str, Any]) -> dict[str, Any]:
    """Does one job.

    Args:
        job: `do`, "examine" or "draw"; `kind`, "video" or a key of
            `stores.STORES`, with what that takes (`path` of a video); and to
            examine `quick`, and `hash`, whether the file's SHA-256 is wanted.

    Returns:
        The fields of `Facts`, or pictures as of `pictures.draw`.
    """
    try:
        if job["do"] == "draw":
            return draw(job)
        return _examine(job).to_dict()
    except Exception as error:
        # Whatever a strange file provokes must not cost the others their turn.
        return failed(f"{type(error).__name__}: {error}", job["do"])


def failed(reason: str, doing: str = "examine") -> dict[str, Any]:
    """Returns the answer for a clip that could not be examined or drawn."""
    if doing == "draw":
        return {}
    return Facts(problem="unreadable", reason=reason).to_dict()


def _examine(job: dict[str, Any]) -> Facts:
    if job["kind"] != "video":
        return examine_stored(job, job["quick"])
    facts = examine_video(Path(job["path"]), job["quick"])
    if job.get("hash") and not facts.problem:
        with Path(job["path"]).open("rb") as file:
            facts.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return facts


def main() -> None:
    """Serves jobs until the standard input ends."""
    cv2.setNumThreads(1)
    # What a library prints must not get among the answers.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        for order in sys.stdin:
            answers.write(json.dumps(do(json.loads(order))) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
