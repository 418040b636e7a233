"""Records made side by side, each worker a process of its own.

A worker is started as a program that reads jobs from its standard input.
Unlike a pool of forked or spawned processes this needs nothing of the
caller's main module, imports neither Keras nor TensorFlow, and survives a
decoder that crashes: only that clip is given up.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from keras_twostream.data import worker
from keras_twostream.flow.spec import FlowSpec

# (video file, record file)
Job = tuple[Path, Path]


def write_records(
    jobs: Sequence[Job], spec: FlowSpec, workers: int
) -> Generator[tuple[int, str | None]]:
    """Makes record files, in any order.

    Args:
        jobs: Video and record file of each clip.
        spec: Which flow.
        workers: Number of processes; with 1 all is done in this one.

    Yields:
        `(index of the job, reason or None)` as `worker.write_record`
        returns it. Closing the generator ends the workers and removes
        unfinished files.

    Raises:
        OSError: If a record cannot be written.
    """
    if workers <= 1:
        for index, job in enumerate(jobs):
            yield index, worker.write_record(*job, spec)
        return
    todo: queue.SimpleQueue = queue.SimpleQueue()
    done: queue.SimpleQueue = queue.SimpleQueue()
    for numbered in enumerate(jobs):
        todo.put(numbered)
    crew = [_Worker(spec) for _ in range(workers)]
    threads = [
        threading.Thread(target=member.serve, args=(todo, done), daemon=True)
        for member in crew
    ]
    try:
        for thread in threads:
            thread.start()
        for _ in jobs:
            index, answer = done.get()
            if isinstance(answer, Exception):
                raise answer
            yield index, answer
    finally:
        for member in crew:
            member.stop()
        for thread in threads:
            thread.join()


class _Worker:
    """Feeds one process; starts another where one has died."""

    def __init__(self, spec: FlowSpec):
        self._spec = json.dumps(spec.to_dict())
        self._process: Any = None
        self._stopped = False
        self._lock = threading.Lock()

    def serve(self, todo: queue.SimpleQueue, done: queue.SimpleQueue) -> None:
        """Does jobs until none is left or `stop` is called."""
        with contextlib.suppress(queue.Empty):
            while not self._stopped:
                index, job = todo.get_nowait()
                try:
                    done.put((index, self._do(*job)))
                except Exception as error:  # raised again by the reader
                    done.put((index, error))
        self.stop()
        self._forget()

    def stop(self) -> None:
        """Ends the process at once, in the middle of whatever it does."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()

    def _do(self, video: Path, record: Path) -> str | None:
        partial = worker.partial_path(record)
        order = json.dumps([*map(os.fspath, (video, record, partial))])
        try:
            answer = self._ask(order)
            if not answer:
                code = self._forget()
                return f"decoding it crashed the worker (exit code {code})"
        finally:
            partial.unlink(missing_ok=True)
        reason, failure = json.loads(answer)
        if failure:
            raise OSError(failure)
        return reason

    def _ask(self, order: str) -> str:
        """Returns the process's answer; nothing if it has died."""
        with self._lock:
            if self._stopped:
                return ""
            self._process = self._process or _start(self._spec)
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(order + "\n")
            self._process.stdin.flush()
        return self._process.stdout.readline()

    def _forget(self) -> int | None:
        """Cleans up after a process that is dead or dying."""
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return None
        code = process.wait()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()
        return code


def _start(spec: str) -> subprocess.Popen:
    modules = filter(None, sys.path)  # found as this process finds them
    return subprocess.Popen(
        [sys.executable, "-m", worker.__name__, spec],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": os.pathsep.join(modules)},
        # Ctrl-C is for the caller, who then ends the workers.
        start_new_session=True,
    )
