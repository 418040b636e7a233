"""Clusters that make the records: Dask and Ray, each an extra.

Jobs name files, so all machines must see the clips and the prepared set's
folder under the same paths, and have this package with the same OpenCV. Each
job runs in a worker process of its machine, as at home: a decoder that
crashes or hangs costs its clip alone.
"""

import contextlib
import dataclasses
import importlib
import itertools
from collections.abc import Sequence
from typing import Any

from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation import workers
from keras_twostream.preparation.executors import Results, check_limit
from keras_twostream.preparation.plan import TIME_LIMIT
from keras_twostream.preparation.process import ATTEMPTS
from keras_twostream.preparation.worker import Job

# Jobs that an engine holds for each of its cores, so that none ever waits.
_AHEAD = 3


@dataclasses.dataclass(frozen=True)
class Dask:
    """Makes records on a Dask cluster: the extra `dask`.

    Attributes:
        address: Of its scheduler, such as "tcp://head:8786".
        time_limit: Seconds after which a clip is given up; `None` for ever.
    """

    address: str
    time_limit: float | None = TIME_LIMIT

    def __post_init__(self) -> None:
        check_limit(self.time_limit)

    def run(self, jobs: Sequence[Job], spec: FlowSpec) -> Results:
        """Makes record files, see `Executor.run`.

        A clip is given up when as many of the engine's workers died of it as
        its setting `distributed.scheduler.allowed-failures` says.

        Raises:
            ImportError: If Dask is not installed.
            OSError: If there is no scheduler, or a record cannot be written.
        """
        dask = _engine("distributed", "Dask", "dask")
        with dask.Client(self.address, set_as_default=False) as client:
            numbers: dict[Any, int] = {}

            def begin(number: int, job: Job):
                # Each attempt writes the same bytes, so Dask may repeat it.
                future = client.submit(
                    workers.write_isolated,
                    job,
                    spec,
                    self.time_limit,
                    pure=False,
                )
                numbers[future.key] = number
                return future

            todo = iter(enumerate(jobs))
            ahead = _AHEAD * max(1, sum(client.nthreads().values()))
            first = [begin(*job) for job in itertools.islice(todo, ahead)]
            running = dask.as_completed(first, loop=client.loop)
            for future in running:
                yield numbers.pop(future.key), _of_dask(dask, future)
                for job in itertools.islice(todo, 1):
                    running.add(begin(*job))


@dataclasses.dataclass(frozen=True)
class Ray:
    """Makes records on a Ray cluster: the extra `ray`.

    Attributes:
        address: Of the cluster, such as "head:6379", or "auto", or "local" for
            one that ends with the work.
        time_limit: Seconds after which a clip is given up; `None` for ever.
    """

    address: str
    time_limit: float | None = TIME_LIMIT

    def __post_init__(self) -> None:
        check_limit(self.time_limit)

    def run(self, jobs: Sequence[Job], spec: FlowSpec) -> Results:
        """Makes record files, see `Executor.run`.

        Raises:
            ImportError: If Ray is not installed.
            OSError: If there is no cluster, or a record cannot be written.
        """
        ray = _engine("ray", "Ray", "ray")
        with contextlib.ExitStack() as end:
            if not ray.is_initialized():
                ray.init(address=self.address, log_to_driver=False)
                end.callback(ray.shutdown)
            task = ray.remote(max_retries=ATTEMPTS)(workers.write_isolated)
            todo = iter(enumerate(jobs))
            ahead = _AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
            running: dict[Any, int] = {}
            while True:
                for number, job in itertools.islice(todo, ahead - len(running)):
                    running[task.remote(job, spec, self.time_limit)] = number
                if not running:
                    return
                done, _ = ray.wait([*running])
                for future in done:
                    yield running.pop(future), _of_ray(ray, future)


def _engine(module: str, name: str, extra: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{name} is not installed: "
            f"pip install 'keras_twostream[{extra}]' brings it."
        ) from error


def _of_dask(dask: Any, future: Any) -> str | None:
    try:
        return future.result()
    except dask.KilledWorker:
        return "each of the workers of Dask that took it died"


def _of_ray(ray: Any, future: Any) -> str | None:
    wrong = ray.exceptions
    try:
        return ray.get(future)
    except (
        wrong.NodeDiedError,
        wrong.OutOfMemoryError,
        wrong.WorkerCrashedError,
    ):
        return f"it crashed Ray's worker, {ATTEMPTS + 1} times"
