"""Clusters make the same set as this machine, and outlive their workers."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest
import sets
from sets import contents, listed

from keras_twostream.data import Dask, Local, Ray, prepare
from keras_twostream.flow import FlowSpec
from keras_twostream.preparation.worker import Job

# Slow enough for a worker to be caught in the act.
SPEC = FlowSpec(short_side=128, algorithm="dis_medium")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    sets.write_source(folder, "abcdef", 4, frames=8)
    (folder / "b" / "02.mp4").write_text("no video")
    return folder


def make(source, target, executor, flow=SPEC):
    settings = {"root": source, "clips_per_shard": 4, "verbose": False}
    return prepare(listed(source), target, flow, executor=executor, **settings)


@pytest.fixture(scope="module")
def local(source, tmp_path_factory):
    """The files of the set that this machine makes."""
    return contents(make(source, tmp_path_factory.mktemp("l"), Local(2)).folder)


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    assert found
    return found


class Killing:
    """Ends something after the first clips are done.

    Args:
        executor: Who does the work.
        kill: What to do then.
    """

    def __init__(self, executor, kill):
        self.executor, self.kill = executor, kill

    def run(self, jobs, spec):
        for number, answer in enumerate(self.executor.run(jobs, spec)):
            yield answer
            if number == 2:
                self.kill()


@pytest.fixture
def processes():
    """Starts programs in the background, and ends them."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def dask_cluster(processes, tmp_path):
    """A scheduler and two workers on loopback."""
    distributed = pytest.importorskip("distributed")
    place = tmp_path / "scheduler.json"
    scheduler = "-m", "distributed.cli.dask_scheduler"
    processes(
        *scheduler,
        "--host",
        "127.0.0.1",
        "--port",
        0,
        "--no-dashboard",
        "--scheduler-file",
        place,
    )
    wait_for(place.exists)
    worker = "-m", "distributed.cli.dask_worker", "--scheduler-file", place
    local = "--host", "127.0.0.1", "--nthreads", 1, "--no-nanny"
    scratch = "--no-dashboard", "--local-directory", tmp_path
    crew = [processes(*worker, *local, *scratch) for _ in range(2)]
    with distributed.Client(scheduler_file=str(place)) as client:
        client.wait_for_workers(2, timeout=120)
        address = client.scheduler.address
    return address, crew


@pytest.mark.slow
def test_dask_makes_the_same_set_though_a_worker_is_killed(
    source, local, tmp_path, dask_cluster
):
    address, crew = dask_cluster
    killing = Killing(Dask(address), crew[0].kill)
    made = make(source, tmp_path / "set", killing)
    assert crew[0].wait() == -signal.SIGKILL
    assert crew[1].poll() is None
    assert contents(made.folder) == local
    assert [name for name, _ in made.manifest.quarantined] == ["b/02.mp4"]


@pytest.mark.slow
def test_dask_reports_what_cannot_be_written(jobs_nowhere, dask_cluster):
    with pytest.raises(OSError, match="No such file or directory"):
        list(Dask(dask_cluster[0]).run(jobs_nowhere, SPEC))


@pytest.fixture
def jobs_nowhere(source, tmp_path):
    path = next(source.glob("a/*"))
    return [Job(str(path), str(tmp_path / "x" / "y" / "z.record"))]


def test_no_scheduler_is_an_error(jobs_nowhere):
    pytest.importorskip("distributed")
    dask = pytest.importorskip("dask")
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(OSError, match="127.0.0.1:9"),
    ):
        list(Dask("tcp://127.0.0.1:9").run(jobs_nowhere, SPEC))


def busy_worker(psutil):
    """Returns a process of Ray's that makes a record, below this process."""
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.cmdline()[:1] == ["ray::write_isolated"]:
                return process
    return None


@pytest.mark.slow
def test_ray_makes_the_same_set_though_a_worker_is_killed(
    source, local, tmp_path, monkeypatch
):
    pytest.importorskip("ray")
    psutil = pytest.importorskip("psutil")
    # It would write a token into the home folder.
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    killed = []

    def kill():
        killed.append(wait_for(lambda: busy_worker(psutil)))
        killed[0].kill()

    made = make(source, tmp_path / "set", Killing(Ray("local"), kill))
    assert not killed[0].is_running()
    assert contents(made.folder) == local
