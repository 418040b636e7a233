"""Every named network on every backend: a step, a file, a fresh process."""

import importlib.util
import pathlib
import tempfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from networks import MOBILENET

from keras_twostream import list_models

SCRIPT = pathlib.Path(__file__).with_name("backend_battery.py")
BACKENDS = [
    name
    for name in ("tensorflow", "jax", "torch")
    if importlib.util.find_spec(name)
]
TINY = [f"{name}@vgg_tiny" for name in list_models()]
# Has every kind of layer that the small networks lack.
FULL_SIZE = "conv_relu5@vgg_m_2048"
THOROUGH = [
    f"{name}@{backbone}"
    for name in list_models()
    for backbone in ("vgg_m_2048", MOBILENET)
]


def check(run_python, networks, backends):
    """Writes networks in one process for each backend, reads in another."""

    def run(verb, names):
        def of(backend):
            return run_python(
                SCRIPT, verb, folder, *names, KERAS_BACKEND=backend
            )

        with ThreadPoolExecutor(max_workers=2) as pool:
            return [*pool.map(of, backends)]

    exchanged = networks[-1:]
    with tempfile.TemporaryDirectory() as folder:
        for wrote in run("write", networks):
            assert wrote.count("wrote") == len(networks)
        for done in run("read", exchanged):
            assert done.count("read") == len(networks) + len(backends) - 1


def test_small_networks_train_save_and_reload(run_python):
    check(run_python, [*TINY, FULL_SIZE], ["tensorflow", "jax"])


@pytest.mark.slow
def test_small_networks_on_pytorch(run_python):
    pytest.importorskip("torch")
    check(run_python, [*TINY, FULL_SIZE], ["tensorflow", "torch"])


@pytest.mark.slow
def test_networks_of_keras_applications_move_between_backends(run_python):
    check(run_python, [f"conv_relu5_fc8@{MOBILENET}"], BACKENDS)


@pytest.mark.slow
@pytest.mark.parametrize("network", THOROUGH)
def test_large_networks_train_save_and_reload(network, run_python):
    check(run_python, [network], ["tensorflow"])
