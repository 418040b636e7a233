"""Jobs done side by side, each worker a process of its own.

A clip on which a decoder crashes or hangs costs that clip's facts, nothing
else.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from keras_twostream.doctor import member
from keras_twostream.preparation.executors import core_count

# After so long on one clip a decoder counts as hanging.
SECONDS = 600.0


def do_all(
    jobs: Sequence[dict[str, Any]],
    workers: int | None = None,
    seconds: float = SECONDS,
) -> Generator[tuple[int, dict[str, Any]]]:
    """Does jobs, in any order.

    Args:
        jobs: As for `member.do`.
        workers: Number of processes, by default one for each core; with 1
            all is done in this one.
        seconds: How long one job may take in a process of its own.

    Yields:
        `(index of the job, its answer)`. Closing the generator ends the
        workers.
    """
    if workers == 1:
        yield from enumerate(map(member.do, jobs))
        return
    count = max(1, min(workers or core_count(), len(jobs)))
    crew = [_Member(seconds) for _ in range(count)]
    idle: queue.SimpleQueue[_Member] = queue.SimpleQueue()
    for each in crew:
        idle.put(each)

    def do(job: dict[str, Any]) -> dict[str, Any]:
        each = idle.get()
        try:
            return each.do(job)
        finally:
            idle.put(each)

    pool = ThreadPoolExecutor(count)
    try:
        indices = {pool.submit(do, job): n for n, job in enumerate(jobs)}
        for done in as_completed(indices):
            yield indices.pop(done), done.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for each in crew:
            each.stop()
        pool.shutdown()


class _Member:
    """Feeds one process; starts another where one has died."""

    def __init__(self, seconds: float):
        self._seconds = seconds
        self._process: Any = None
        self._stopped = self._late = False
        self._lock = threading.Lock()

    def do(self, job: dict[str, Any]) -> dict[str, Any]:
        """Returns the answer to a job, whatever becomes of the process."""
        self._late = False
        timer = threading.Timer(self._seconds, self._hurry)
        timer.start()
        try:
            answer = self._ask(json.dumps(job))
        finally:
            timer.cancel()
        if answer:
            return json.loads(answer)
        code = self._forget()
        if self._late:
            why = f"examining it took longer than {self._seconds:g} s"
        else:
            why = f"decoding it crashed the worker (exit code {code})"
        return member.failed(why, job["do"])

    def stop(self) -> None:
        """Ends the process at once, in the middle of whatever it does."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()
        self._forget()

    def _hurry(self) -> None:
        with self._lock:
            self._late = True
            if self._process is not None:
                self._process.kill()

    def _ask(self, order: str) -> str:
        """Returns the process's answer; nothing if it has died."""
        with self._lock:
            if self._stopped:
                return ""
            self._process = self._process or _start()
            process: Any = self._process
        with contextlib.suppress(OSError, ValueError):
            process.stdin.write(order + "\n")
            process.stdin.flush()
            return process.stdout.readline()
        return ""

    def _forget(self) -> int | None:
        """Cleans up after a process that is dead or dying."""
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return None
        code = process.wait()
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.stdout.close()
        return code


def _start() -> subprocess.Popen:
    modules = filter(None, sys.path)  # found as this process finds them
    return subprocess.Popen(
        [sys.executable, "-m", member.__name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": os.pathsep.join(modules)},
        # Ctrl-C is for the caller, who then ends the workers.
        start_new_session=True,
    )
