"""A training that is killed goes on, and ends as if nothing had happened."""

import json
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from keras_twostream import load
from keras_twostream.video.synthetic import write_dataset

PROGRAM = """
import sys
from keras_twostream import training
from keras_twostream.data.crop import CropSpec
from keras_twostream.flow.spec import FlowSpec
clips, run, cache = sys.argv[1:]
recipe = training.Recipe(
    backbone="vgg_tiny",
    batch_size=4,
    image_size=(32, 32),
    flow_frames=2,
    validation_split=0.34,
    flow=FlowSpec(short_side=32, algorithm="dis_ultrafast"),
    crop=CropSpec(flip=False),
    ema=0.9,
    epochs=4,
    stages=[
        {"name": "head", "freeze": "fusion", "draws": 2},
        {"name": "all", "weights": "head", "learning_rate": 1e-3},
    ],
)
training.train(
    clips, run, recipe, cache_dir=cache, workers=1, save_seconds=0, verbose=0
)
"""


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("clips"), 3)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def start(clips, run, cache):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, clips, run, cache],
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def whole(clips, cache, tmp_path_factory):
    """Returns the run that was left alone, and the seconds it took."""
    run = tmp_path_factory.mktemp("whole") / "run"
    # Once for the clips, so that the time is that of training.
    assert start(clips, run, cache).wait() == 0
    again, begun = run.with_name("again"), time.monotonic()
    assert start(clips, again, cache).wait() == 0
    same(run, again)
    return run, time.monotonic() - begun


def same(run, other):
    for ours, theirs in zip(
        load(run).variables, load(other).variables, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def steps_of(run):
    try:
        return json.loads((run / "state" / "state.json").read_text())["step"]
    except (OSError, ValueError):
        return 0


@pytest.mark.slow
def test_five_kills_change_nothing(whole, clips, cache, tmp_path):
    finished, seconds = whole
    chance = random.Random(0)
    for number in range(5):
        run, broken = tmp_path / str(number), 0
        while True:
            process = start(clips, run, cache)
            try:
                status = process.wait(chance.uniform(0.5, 1) * seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                broken += 1
                continue
            assert status == 0
            break
        assert broken
        same(finished, run)
        assert not (run / "state").exists()
