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


def start(clips, run, cache):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, clips, run, cache],
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def finished(clips, cache, tmp_path_factory):
    """Returns a run that was left alone, like another that was."""
    run = tmp_path_factory.mktemp("whole") / "run"
    again = run.with_name("again")
    for folder in (run, again):
        assert start(clips, folder, cache).wait() == 0
    same(run, again)
    return run


def same(run, other):
    for ours, theirs in zip(
        load(run).weights, load(other).weights, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def steps_of(folder):
    try:
        text = (folder / "state" / "state.json").read_text()
        return json.loads(text)["step"]
    except (OSError, ValueError):
        return 0


def progress(run):
    """Returns after how many of the 24 steps a state was written."""
    head = run / "stages" / "head"
    if (head / "model.keras").is_file():
        return 12 + steps_of(run)
    return steps_of(head)


@pytest.mark.slow
def test_five_kills_change_nothing(finished, clips, cache, tmp_path):
    """Each at a step by chance, and a moment by chance after it."""
    chance = random.Random(0)
    for number, wanted in enumerate(chance.sample(range(1, 23), 5)):
        run = tmp_path / str(number)
        process = start(clips, run, cache)
        while progress(run) < wanted:
            assert process.poll() is None
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert start(clips, run, cache).wait() == 0
        same(finished, run)
        assert not (run / "state").exists()
