"""Two devices learn what one learns."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from keras_twostream.training.devices import divisor_of, on_devices
from keras_twostream.training.workers import on_workers

pytestmark = pytest.mark.slow
PROGRAM = Path(__file__).with_name("device_runs.py")
WORKER = Path(__file__).with_name("worker_runs.py")
VIRTUAL = "--xla_force_host_platform_device_count=2"


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


def fit(backend, clips, cache, folder, processes):
    """Returns what each of so many processes found, each told who it is."""
    ports = free_ports(processes)
    running = []
    for index in range(processes):
        addresses = [f"127.0.0.1:{port}" for port in ports]
        told = {
            "TF_CONFIG": json.dumps(
                {
                    "cluster": {"worker": addresses},
                    "task": {"type": "worker", "index": index},
                }
            ),
            "KERAS_DISTRIBUTION_JOB_ADDRESSES": ",".join(addresses),
            "KERAS_DISTRIBUTION_NUM_PROCESSES": str(processes),
            "KERAS_DISTRIBUTION_PROCESS_ID": str(index),
        }
        how = "together" if processes > 1 else "alone"
        target = folder / f"{processes}.{index}.json"
        words = [str(x) for x in (clips, cache, target, how)]
        env = {**os.environ, "KERAS_BACKEND": backend, **told}
        running.append(
            subprocess.Popen(
                [sys.executable, str(WORKER), *words],
                env=env,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    for process in running:
        _, said = process.communicate(timeout=240)
        assert process.returncode == 0, said[-3000:]
    return [
        json.loads((folder / f"{processes}.{i}.json").read_text())
        for i in range(processes)
    ]


def free_ports(count):
    """Returns ports of this machine that nobody listens at."""
    taken = [socket.socket() for _ in range(count)]
    for end in taken:
        end.bind(("127.0.0.1", 0))
    ports = [end.getsockname()[1] for end in taken]
    for end in taken:
        end.close()
    return ports


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_two_processes_have_the_losses_of_one(backend, clips, cache, tmp_path):
    (one,) = fit(backend, clips, cache, tmp_path, 1)
    for found in fit(backend, clips, cache, tmp_path, 2):
        assert found["losses"] == pytest.approx(one["losses"], abs=1e-4)
        assert found["found"] == pytest.approx(one["found"], abs=1e-4)
        assert found["kernel"] == pytest.approx(one["kernel"], rel=1e-4)
    assert one["losses"][-1] < one["losses"][0]


def test_processes_must_know_who_they_are(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "{}")
    with pytest.raises(ValueError, match="TF_CONFIG says"), on_workers():
        pass
