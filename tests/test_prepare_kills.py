"""Preparing, killed at any moment: the next run ends where one run would."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sets
from sets import contents, listed

from keras_twostream.data import is_prepared, prepare
from keras_twostream.flow import FlowSpec

# Slow enough to be caught in the act.
SPEC = FlowSpec(short_side=256, algorithm="dis_medium")
PROGRAM = """
import signal, sys
from pathlib import Path
# What a shell starts in the background ignores Ctrl-C, and so do its children.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, sys.argv[3])
from sets import listed
from keras_twostream.data import prepare
from keras_twostream.flow import FlowSpec
source, target = map(Path, sys.argv[1:3])
spec = FlowSpec(short_side=256, algorithm="dis_medium")
settings = {"root": source, "clips_per_shard": 3, "workers": 2}
prepare(listed(source), target, spec, **settings)
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Twenty clips, one of them bad."""
    folder = tmp_path_factory.mktemp("videos")
    sets.write_source(folder, "abcde", 4, frames=12)
    (folder / "b" / "02.mp4").write_text("no video")
    return folder


@pytest.fixture(scope="module")
def whole(source, tmp_path_factory):
    """The files of a set that was made without interruption."""
    target = tmp_path_factory.mktemp("whole")
    finish(source, target)
    return contents(target)


def finish(source, target):
    settings = {"root": source, "clips_per_shard": 3, "verbose": False}
    return prepare(listed(source), target, SPEC, **settings)


def start(source, target, mark="none"):
    arguments = [source, target, Path(__file__).parent]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"MARK": mark, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.002)
    assert condition()


def end(process, how):
    process.send_signal(how)
    said = process.communicate()[1]
    return process.returncode, said


def count(target, pattern):
    return len([*(target / ".staging").glob(pattern)])


def test_two_kills_change_nothing(source, whole, tmp_path):
    """Once among the first records, once after a shard."""
    process = start(source, tmp_path)
    wait_for(lambda: count(tmp_path, "records/*.record") > 1)
    end(process, signal.SIGKILL)
    assert not is_prepared(tmp_path)
    process = start(source, tmp_path)
    wait_for(lambda: count(tmp_path, "packed/*.json") > 0)
    end(process, signal.SIGKILL)
    finish(source, tmp_path)
    assert contents(tmp_path) == whole


def test_ctrl_c_ends_at_once_and_says_how_to_go_on(source, tmp_path):
    process = start(source, tmp_path)
    wait_for(lambda: count(tmp_path, "records/*.record") > 1)
    code, said = end(process, signal.SIGINT)
    assert code != 0
    assert "the same call goes on from there" in said
    assert not count(tmp_path, "records/.*")


def marked(mark):
    """Returns the processes that have inherited a mark."""
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"MARK={mark}\0".encode() in place.read_bytes():
                found.append(int(place.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="there is no /proc"
)
def test_workers_end_with_the_one_that_started_them(source, tmp_path):
    mark = f"test{os.getpid()}"
    process = start(source, tmp_path, mark)
    wait_for(lambda: count(tmp_path, "records/*.record") > 1)
    assert len(marked(mark)) == 3
    end(process, signal.SIGKILL)
    wait_for(lambda: not marked(mark), 10)


@pytest.mark.slow
def test_ten_kills_at_random_moments_change_nothing(source, whole, tmp_path):
    begun = time.monotonic()
    assert start(source, tmp_path / "timed").wait() == 0
    seconds = time.monotonic() - begun
    chance = random.Random(0)
    unfinished = 0
    for _ in range(10):
        process = start(source, tmp_path / "set")
        try:
            process.wait(chance.uniform(0.3, 1) * seconds / 2)
        except subprocess.TimeoutExpired:
            end(process, signal.SIGKILL)
        unfinished += not is_prepared(tmp_path / "set")
    assert unfinished
    finish(source, tmp_path / "set")
    assert contents(tmp_path / "set") == whole
    assert contents(tmp_path / "timed") == whole
