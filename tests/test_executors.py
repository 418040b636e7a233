"""Who makes records, and what becomes of clips that end them."""

import sys

import pytest
import sets
from sets import SPEC

from keras_twostream.data import Dask, Local, Ray
from keras_twostream.flow import FlowSpec, add_estimator
from keras_twostream.preparation.executors import Here
from keras_twostream.preparation.worker import Job
from keras_twostream.preparation.workers import write_isolated

# What workers import first: opening a certain file does something to them.
TRAP = """
import os, pathlib, time
original = pathlib.Path.open
def open(path, *args, **kwargs):
    if path.name == "01.mp4":
        {act}
    return original(path, *args, **kwargs)
pathlib.Path.open = open
"""


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    source = sets.write_source(tmp_path_factory.mktemp("v"), "a", 4, 3)
    return sorted(source.glob("a/*"))


@pytest.fixture
def jobs(videos, tmp_path):
    folder = tmp_path / "records"
    return [Job(str(p), str(folder / f"{p.stem}.record")) for p in videos]


@pytest.fixture
def trap(tmp_path, monkeypatch):
    def set_up(act):
        code = TRAP.format(act=act)
        (tmp_path / "sitecustomize.py").write_text(code)
        monkeypatch.syspath_prepend(str(tmp_path))

    return set_up


def records(tmp_path):
    files = (tmp_path / "records").iterdir()
    return {path.name: path.read_bytes() for path in files}


def test_here_and_elsewhere_the_same_is_made(jobs, tmp_path):
    assert sorted(Here().run(jobs, SPEC)) == [(i, None) for i in range(4)]
    here = records(tmp_path)
    assert len(here) == 4
    assert sorted(Local(2).run(jobs, SPEC)) == [(i, None) for i in range(4)]
    assert records(tmp_path) == here


def test_a_clip_that_ends_two_workers_is_to_blame(jobs, tmp_path, trap):
    trap("os.abort()")
    answers = dict(Local(2).run(jobs, SPEC))
    assert answers.pop(1) == (
        "decoding it crashed the worker (exit code -6), 2 times"
    )
    assert answers == {0: None, 2: None, 3: None}
    assert {*records(tmp_path)} == {f"0{n}.record" for n in (0, 2, 3)}


def test_a_clip_whose_worker_dies_once_is_not(jobs, tmp_path, trap):
    """As when memory is short, or somebody ends the process."""
    flag = str(tmp_path / "died")
    trap(
        f"os.path.exists({flag!r}) or (os.mkdir({flag!r}), "
        "os.kill(os.getpid(), 9))"
    )
    answers = dict(Local(1).run(jobs, SPEC))
    assert answers == dict.fromkeys(range(4))
    assert (tmp_path / "died").exists()
    assert len(records(tmp_path)) == 4


def test_a_clip_that_takes_too_long_is_given_up(jobs, tmp_path, trap):
    trap("time.sleep(3600)")
    answers = dict(Local(1, time_limit=4).run(jobs, SPEC))
    assert answers.pop(1) == "it took longer than 4 s"
    assert answers == {0: None, 2: None, 3: None}
    assert len(records(tmp_path)) == 3


def test_closing_ends_the_workers_at_once(jobs, tmp_path, trap):
    trap("time.sleep(3600)")
    made = Local(1, time_limit=None).run(jobs, SPEC)
    assert next(made) == (0, None)
    made.close()
    assert {*records(tmp_path)} == {"00.record"}


def test_workers_that_cannot_start_are_an_error(jobs, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("import os; os._exit(3)")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(OSError, match=r"could not start \(exit code 3\)"):
        list(Local(1).run(jobs, SPEC))


def test_workers_know_a_users_own_flow(jobs, tmp_path, monkeypatch):
    (tmp_path / "still.py").write_text(
        "import numpy as np\n"
        "def flow(previous, following):\n"
        "    return np.zeros((*previous.shape, 2), np.float32)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    spec = FlowSpec(algorithm=add_estimator("still:flow"), short_side=32)
    assert list(Local(1).run(jobs[:1], spec)) == [(0, None)]
    own = records(tmp_path)
    assert list(Here().run(jobs[:1], spec)) == [(0, None)]
    assert records(tmp_path) == own


def test_an_engine_keeps_its_worker_for_the_next_job(jobs, tmp_path):
    (tmp_path / "records").mkdir()
    assert [write_isolated(job, SPEC, 60) for job in jobs] == [None] * 4
    assert len(records(tmp_path)) == 4


def test_a_folder_that_is_gone_is_an_error(jobs, tmp_path):
    """And is not made again by a worker that outlived its run."""
    away = [Job(job.source, str(tmp_path / "x" / "y" / "z")) for job in jobs]
    for executor in (Here(), Local(1)):
        with pytest.raises(OSError, match="No such file or directory"):
            list(executor.run(away, SPEC))


def test_wrong_numbers_are_refused():
    with pytest.raises(ValueError, match="`workers` must be at least 1"):
        Local(0)
    for executor in (Local, Dask, Ray):
        with pytest.raises(ValueError, match="`time_limit` must be"):
            executor("x", time_limit=-1) if executor != Local else Local(1, 0)


@pytest.mark.parametrize(
    ("executor", "module", "extra"),
    [(Dask, "distributed", "dask"), (Ray, "ray", "ray")],
)
def test_engines_that_are_not_installed_say_so(
    executor, module, extra, monkeypatch, jobs
):
    monkeypatch.setitem(sys.modules, module, None)
    message = rf"pip install 'keras_twostream\[{extra}\]'"
    with pytest.raises(ImportError, match=message):
        list(executor("tcp://127.0.0.1:1").run(jobs, SPEC))
