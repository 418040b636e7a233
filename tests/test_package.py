"""What importing the package costs and brings."""

import importlib
import json
import subprocess
import sys

import pytest

import keras_twostream

HEAVY = ("av", "cv2", "h5py", "jax", "keras", "matplotlib", "tensorflow")
LAZY = f"""
import json, sys
import keras_twostream
keras_twostream.flow, keras_twostream.FlowSpec
print(json.dumps([name for name in {HEAVY} if name in sys.modules]))
"""
LOADED = """
import {first}
import {second}
import keras
name = "keras_twostream>ConvFusion"
assert keras.saving.get_registered_object(name), "not registered"
"""


def test_importing_is_light_and_silent():
    done = subprocess.run(
        [sys.executable, "-c", LAZY], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert json.loads(done.stdout) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "order",
    [
        ("keras", "keras_twostream"),
        ("keras_twostream", "keras.layers"),
        ("keras_twostream.models.network", "keras_twostream.layers"),
        ("keras_twostream.layers", "keras_twostream.zoo.loading"),
        ("keras_twostream.zoo.describe", "keras_twostream.evaluation.use"),
    ],
)
def test_layers_are_registered_in_either_order(order, run_python):
    run_python("-c", LOADED.format(first=order[0], second=order[1]))


MODULES = [None, *keras_twostream.MODULES]


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_is_there(name):
    full_name = ".".join(filter(None, ["keras_twostream", name]))
    module = importlib.import_module(full_name)
    for public in getattr(module, "__all__", ()):
        assert getattr(module, public) is not None
        assert public in dir(module)
    with pytest.raises(AttributeError, match="nonsense"):
        module.nonsense  # noqa: B018


def test_version():
    assert keras_twostream.__version__.count(".") == 2
