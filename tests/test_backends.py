"""Every named network on every backend: a step, a file, a fresh process."""

import importlib.util
import pathlib
import tempfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from networks import MOBILENET

from keras_twostream import list_models
from keras_twostream.models.table import MODELS

SCRIPT = pathlib.Path(__file__).with_name("backend_battery.py")
BACKENDS = [
    name
    for name in ("tensorflow", "jax", "torch")
    if importlib.util.find_spec(name)
]
TINY = [f"{name}@vgg_tiny" for name in list_models()]
# With every kind of output, of convolution and of time.
SAMPLE = [
    f"{name}@vgg_tiny"
    for name in (
        "conv_relu5_fc8",
        "conv3d_relu5_pool3d_plus",
        "lstm",
        "c3d",
    )
]
COMPILED = ["spatial@vgg_tiny+jit", "conv3d_relu5_pool3d_plus@vgg_tiny+jit"]
# Has every kind of layer that the small networks lack.
FULL_SIZE = "conv_relu5@vgg_m_2048"
EXCHANGED = [FULL_SIZE, *SAMPLE[:3]]


def check(run_python, networks, exchanged):
    """Writes networks in one process for each backend, reads in another.

    Args:
        run_python: The fixture.
        networks: Dict of backend -> networks that it writes and reads.
        exchanged: Networks that every other backend reads too.
    """

    def run(verb, names_of):
        def on(backend):
            names = names_of(backend)
            return run_python(
                SCRIPT, verb, folder, *names, KERAS_BACKEND=backend
            )

        with ThreadPoolExecutor(max_workers=2) as pool:
            done = [*pool.map(on, networks)]
        return {
            backend: {line.split()[1] for line in text.splitlines()}
            for backend, text in zip(networks, done, strict=True)
        }

    with tempfile.TemporaryDirectory() as folder:
        wrote = run("write", networks.get)
        read = run("read", lambda backend: exchanged)
    for backend, own in networks.items():
        files = {f"{backend}_{network}" for network in own}
        assert wrote[backend] == files
        shared = {
            f"{other}_{network}"
            for other in networks
            for network in {*networks[other]} & {*exchanged}
        }
        assert read[backend] == files | shared


@pytest.mark.slow
def test_small_networks_train_save_and_reload(run_python):
    networks = {"tensorflow": [*SAMPLE, COMPILED[0]], "jax": SAMPLE}
    check(run_python, networks, EXCHANGED[1:])


@pytest.mark.slow
def test_all_small_networks_train_save_and_reload(run_python):
    networks = {"tensorflow": [*TINY, *COMPILED, FULL_SIZE], "jax": TINY}
    check(run_python, networks, EXCHANGED)


@pytest.mark.slow
def test_all_small_networks_on_pytorch(run_python):
    pytest.importorskip("torch")
    networks = {"tensorflow": EXCHANGED, "torch": [*TINY, FULL_SIZE]}
    check(run_python, networks, EXCHANGED)


@pytest.mark.slow
def test_networks_of_keras_applications_move_between_backends(run_python):
    network = f"conv_relu5_fc8@{MOBILENET}"
    check(run_python, dict.fromkeys(BACKENDS, [network]), [network])


# Rows of the first tables; clips of large networks take more memory than time.
BIG = [name for name in list_models() if not MODELS[name].frames]


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ["vgg_m_2048", MOBILENET])
def test_large_networks_train_save_and_reload(backbone, run_python):
    networks = [f"{name}@{backbone}" for name in BIG]
    check(run_python, {"tensorflow": networks}, [])
