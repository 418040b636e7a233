"""Trains, saves and reloads networks under the backend of `KERAS_BACKEND`.

A script, since a process has one backend:

    backend_battery.py write FOLDER NETWORK...   NETWORK is name@backbone[+jit]
    backend_battery.py read FOLDER               compares every saved network
"""

import pathlib
import sys

import keras
import numpy as np
from networks import inputs_for, scores_of, tiny_of

from keras_twostream.models.network import answer
from keras_twostream.models.table import MODELS

BACKEND = keras.backend.backend()
TOLERANCE = 1e-4


def write(folder, networks):
    """Trains every network for a step and saves it with its answers."""
    for network in networks:
        keras.utils.set_random_seed(0)
        name, _, backbone = network.removesuffix("+jit").partition("@")
        own = {} if MODELS[name].clips else {"backbone": backbone}
        model = tiny_of(name, **own, input_shape=(64, 64))
        train(model, jit=network.endswith("+jit"))
        path = folder / f"{BACKEND}_{network}"
        model.save(f"{path}.keras")
        inputs = inputs_for(model)
        scores = scores_of(model, inputs)
        np.savez(f"{path}.npz", **inputs, scores=scores)
        sys.stdout.write(f"wrote {path.name}\n")


def train(model, jit):
    """Takes one step; every variable must receive a gradient and move."""
    for layer in model.layers:
        # At scores of nearly 0 and 1 there is no gradient to look at.
        if layer.name.endswith("fc8"):
            layer.kernel.assign(layer.kernel * 0.1)
    # A large rate: a variable that hardly moves would look still in float32.
    model.compile(
        optimizer=keras.optimizers.SGD(1.0),
        loss="sparse_categorical_crossentropy",
        jit_compile=jit,
        run_eagerly=not jit,
    )
    to_numpy = keras.ops.convert_to_numpy
    before = [np.array(to_numpy(v)) for v in model.trainable_variables]
    loss = model.train_on_batch(
        inputs_for(model, 4), np.arange(4) % 5, return_dict=True
    )["loss"]
    assert np.isfinite(loss), (model.name, loss)
    for old, variable in zip(before, model.trainable_variables, strict=True):
        new = to_numpy(variable)
        assert np.isfinite(new).all(), (model.name, variable.path)
        assert np.abs(new - old).max() > 0, (model.name, variable.path)


def read(folder, foreign):
    """Loads saved networks and compares their answers.

    All that this backend saved, and of the others those of `foreign`.

    No layer is named: they have to register themselves.
    """
    for path in sorted(folder.glob("*.npz")):
        backend, _, network = path.name[:-4].partition("_")
        if backend != BACKEND and network not in foreign:
            continue
        model = keras.models.load_model(f"{str(path)[:-4]}.keras")
        arrays = dict(np.load(path))
        expected = arrays.pop("scores")
        scores = keras.ops.convert_to_numpy(
            answer(model(arrays, training=False))
        )
        np.testing.assert_allclose(scores, expected, atol=TOLERANCE)
        if backend == BACKEND:
            np.testing.assert_allclose(scores, expected, atol=1e-6)
        sys.stdout.write(f"read {path.name[:-4]}\n")


if __name__ == "__main__":
    verb, folder, *networks = sys.argv[1:]
    if verb == "write":
        write(pathlib.Path(folder), networks)
    else:
        read(pathlib.Path(folder), networks)
