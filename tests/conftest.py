"""What all tests share."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from keras_twostream.video.synthetic import write_dataset

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(autouse=True)
def seed():
    """Makes every test draw the same numbers, alone or among others."""
    np.random.seed(0)  # noqa: NPY002 - Keras's own seeds are drawn from it.
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def no_new_estimators():
    """Forgets the flow estimators that a test has added."""
    module = sys.modules.get("keras_twostream.flow.estimators")
    known = dict(module.ESTIMATORS) if module else {}
    yield
    if module:
        module.ESTIMATORS.clear()
        module.ESTIMATORS.update(known)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def policy():
    """Sets Keras's dtype policy for the time of a test."""
    keras = pytest.importorskip("keras")
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


@pytest.fixture(scope="session")
def test_data():
    """Folder of real material; tests that need it are skipped without."""
    folder = os.environ.get("KERAS_TWOSTREAM_TEST_DATA")
    if not folder:
        pytest.skip("KERAS_TWOSTREAM_TEST_DATA is not set")
    return pathlib.Path(folder)


@pytest.fixture(scope="session")
def clips(tmp_path_factory):
    """Three clips of each procedural class; not to be changed."""
    return write_dataset(tmp_path_factory.mktemp("clips"), 3)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Folder for prepared clips."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def run_python():
    """Runs a fresh Python process and returns what it printed."""

    def run(*args, **environment):
        done = subprocess.run(
            [sys.executable, *map(str, args)],
            capture_output=True,
            text=True,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | environment,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout

    return run
