"""Records made side by side, each worker a process of its own.

A worker is started as a program that reads jobs from its standard input.
Unlike a pool of forked or spawned processes this needs nothing of the
caller's main module, imports neither Keras nor TensorFlow, survives a decoder
that crashes, and can end one that hangs: only that clip is given up.
"""

import collections
import contextlib
import queue
import threading
from collections.abc import Generator, Sequence

from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation.process import WorkerProcess
from keras_twostream.preparation.worker import Job


def write_records(
    jobs: Sequence[Job],
    spec: FlowSpec,
    workers: int,
    time_limit: float | None = None,
) -> Generator[tuple[int, str | None]]:
    """Makes record files by worker processes.

    Args:
        jobs: What to make; begun in this order, done in any.
        spec: Which flow.
        workers: Number of processes.
        time_limit: Seconds after which a clip is given up.

    Yields:
        `(index of the job, reason or None)` as `worker.write_record`
        returns it. Closing the generator ends the workers and removes
        unfinished files.

    Raises:
        OSError: If a record cannot be written, or no worker can be started.
    """
    todo: queue.SimpleQueue = queue.SimpleQueue()
    done: queue.SimpleQueue = queue.SimpleQueue()
    for numbered in enumerate(jobs):
        todo.put(numbered)
    crew = [WorkerProcess(spec, time_limit) for _ in range(workers)]
    threads = [
        threading.Thread(target=_serve, args=(member, todo, done), daemon=True)
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


def _serve(
    member: WorkerProcess, todo: queue.SimpleQueue, done: queue.SimpleQueue
) -> None:
    """Does jobs until none is left or the worker is stopped."""
    with contextlib.suppress(queue.Empty):
        while not member.stopped:
            index, job = todo.get_nowait()
            try:
                done.put((index, member.do(job)))
            except Exception as error:  # raised again by the reader
                done.put((index, error))
    member.close()


# Workers of this process that wait for a job of such a kind.
_idle: dict[tuple[FlowSpec, float | None], list[WorkerProcess]] = (
    collections.defaultdict(list)
)


def write_isolated(
    job: Job, spec: FlowSpec, time_limit: float | None = None
) -> str | None:
    """Makes a record by a worker process that is kept for the next job.

    It is what an engine runs on its machines, where a decoder that crashes or
    hangs would otherwise cost the engine's own process.

    Raises:
        OSError: If the record cannot be written, or no worker started.
    """
    waiting = _idle[spec, time_limit]
    try:
        member = waiting.pop()
    except IndexError:
        member = WorkerProcess(spec, time_limit)
    try:
        return member.do(job)
    finally:
        waiting.append(member)
