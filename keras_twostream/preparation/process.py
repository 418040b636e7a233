"""One worker process and what becomes of it."""

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation import worker
from keras_twostream.preparation.worker import Job

# A clip is to blame for the death of a worker only after so many of them:
# they also die when memory is short or somebody ends them.
ATTEMPTS = 2


class WorkerProcess:
    """Feeds one process; starts another where one has died.

    Args:
        spec: Which flow.
        time_limit: Seconds after which a clip is given up; `None` for ever.

    Attributes:
        stopped: Whether `stop` was called.
    """

    def __init__(self, spec: FlowSpec, time_limit: float | None = None):
        self.stopped = False
        self._spec = json.dumps(spec.to_dict())
        self._time_limit = time_limit
        self._process: subprocess.Popen | None = None
        self._lock = threading.Lock()

    def do(self, job: Job) -> str | None:
        """Makes a record, as `worker.write_record` does.

        Raises:
            OSError: If the record cannot be written, or no worker started.
        """
        partial = worker.partial_path(Path(job.record))
        order = json.dumps([dataclasses.asdict(job), os.fspath(partial)])
        ends: list[_EndedError] = []
        while len(ends) < ATTEMPTS and not self.stopped:
            try:
                reason, failure = json.loads(self._ask(order))
            except _EndedError as ended:
                ends.append(ended)
                if ended.is_final:
                    break
            else:
                if failure:
                    raise OSError(failure)
                return reason
            finally:
                partial.unlink(missing_ok=True)
        return _blame(ends)

    def stop(self) -> None:
        """Ends the process at once, in the middle of whatever it does."""
        with self._lock:
            self.stopped = True
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """Ends the process while it does nothing."""
        self.stop()
        if self._process is not None:
            self._forget(self._process)

    def _ask(self, order: str) -> str:
        """Returns the process's answer, a line.

        Raises:
            _EndedError: If the process ends without one.
        """
        process = self._running()
        with _deadline(process, self._time_limit) as is_late:
            answer = _exchange(process, order)
        if answer and not is_late():
            return answer
        code = self._forget(process)
        if answer:
            return answer
        if is_late():
            raise _EndedError(
                f"it took longer than {self._time_limit:g} s", True
            )
        raise _EndedError(f"decoding it crashed the worker (exit code {code})")

    def _running(self) -> subprocess.Popen:
        with self._lock:
            if self.stopped:
                raise _EndedError("stopped", True)
            if self._process is not None:
                return self._process
            process = self._process = _start(self._spec)
        if _exchange(process) == worker.READY:
            return process
        code = self._forget(process)
        raise _NotStartedError(f"A worker could not start (exit code {code}).")

    def _forget(self, process: subprocess.Popen) -> int:
        """Cleans up after a process that is dead or dying."""
        with self._lock:
            self._process = None
        code = process.wait()
        pipes: Any = (process.stdin, process.stdout)
        for pipe in pipes:
            with contextlib.suppress(OSError):
                pipe.close()
        return code


class _EndedError(Exception):
    """A worker ended without an answer; says how, and whether that counts."""

    def __init__(self, how: str, is_final: bool = False):
        super().__init__(how)
        self.is_final = is_final


class _NotStartedError(_EndedError):
    """A worker ended before it took any job."""


def _blame(ends: Sequence[_EndedError]) -> str:
    """Returns what a clip is to blame for, if it is."""
    if not ends:
        return "stopped"
    if isinstance(ends[-1], _NotStartedError):
        raise OSError(f"{ends[-1]} Its own words are above.")
    return str(ends[-1]) + ("" if ends[-1].is_final else f", {len(ends)} times")


@contextlib.contextmanager
def _deadline(
    process: subprocess.Popen, seconds: float | None
) -> Iterator[Callable[[], bool]]:
    """Ends a process that is still at it after so many seconds.

    Yields:
        Whether it was.
    """
    late = threading.Event()

    def end():
        late.set()
        process.kill()

    timer = threading.Timer(seconds or 0, end)
    timer.daemon = True
    if seconds is not None:
        timer.start()
    try:
        yield late.is_set
    finally:
        timer.cancel()


def _exchange(process: subprocess.Popen, order: str = "") -> str:
    """Sends a line, if any, and returns the next one; nothing at the end."""
    sender: Any = process.stdin
    with contextlib.suppress(OSError):
        if order:
            sender.write(order + "\n")
            sender.flush()
    receiver: Any = process.stdout
    line = receiver.readline()
    return line if line.endswith("\n") else ""


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
