"""Two devices learn what one learns."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from keras_twostream.training.devices import divisor_of, on_devices
from keras_twostream.video.synthetic import write_dataset

pytestmark = pytest.mark.slow
PROGRAM = Path(__file__).with_name("device_runs.py")
VIRTUAL = "--xla_force_host_platform_device_count=2"


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("clips"), 3)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def train(backend, clips, cache, run, devices, draws=0):
    env = {**os.environ, "KERAS_BACKEND": backend, "XLA_FLAGS": VIRTUAL}
    words = [str(x) for x in (clips, cache, run, devices, draws)]
    done = subprocess.run(
        [sys.executable, str(PROGRAM), *words],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads((run / "losses.json").read_text())


@pytest.mark.parametrize("draws", [0, 2], ids=["end to end", "on maps"])
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_two_devices_have_the_losses_of_one(
    backend, draws, clips, cache, tmp_path
):
    one, two = (
        train(backend, clips, cache, tmp_path / str(n), n, draws)
        for n in (0, 2)
    )
    assert len(one["losses"]) == 3
    for ours, theirs in zip(two["losses"], one["losses"], strict=True):
        for name in ("loss", "val_loss"):
            assert ours[name] == pytest.approx(theirs[name], abs=1e-4)
    np.testing.assert_allclose(two["weights"], one["weights"], rtol=1e-3)
    falls = [x["loss"] for x in one["losses"]]
    assert falls[-1] != falls[0]


def test_devices_that_are_not_there():
    with (
        pytest.raises(ValueError, match="devices=99 are more than there are"),
        on_devices(99),
    ):
        pass
    with on_devices(None), on_devices(1):
        assert divisor_of(None) == 1
