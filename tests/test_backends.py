"""Every named network on every backend: a step, a file, a fresh process."""

import importlib.util
import pathlib
import tempfile

import pytest
from networks import MOBILENET

from keras_twostream import list_models

SCRIPT = pathlib.Path(__file__).with_name("backend_battery.py")
BACKENDS = [
    name
    for name in ("tensorflow", "jax", "torch")
    if importlib.util.find_spec(name)
]
QUICK = [
    *(f"{name}@vgg_tiny" for name in list_models()),
    "conv_relu5@vgg_m_2048",
    f"conv_relu5_fc8@{MOBILENET}",
]
THOROUGH = [
    f"{name}@{backbone}"
    for name in list_models()
    for backbone in ("vgg_m_2048", MOBILENET)
]


def check(run_python, networks, backends):
    with tempfile.TemporaryDirectory() as folder:
        for backend in backends:
            wrote = run_python(
                SCRIPT, "write", folder, *networks, KERAS_BACKEND=backend
            )
            assert wrote.count("wrote") == len(networks)
        for backend in backends:
            done = run_python(SCRIPT, "read", folder, KERAS_BACKEND=backend)
            assert done.count("read") == len(networks) * len(backends)


def test_networks_train_save_and_reload(run_python):
    assert {"tensorflow", "jax"} <= {*BACKENDS}
    check(run_python, QUICK, BACKENDS)


@pytest.mark.slow
@pytest.mark.parametrize("network", THOROUGH)
def test_large_networks_train_save_and_reload(network, run_python):
    check(run_python, [network], BACKENDS[:1])
