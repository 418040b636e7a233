"""How the published networks were trained: on maps, and yet whole."""

import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import scores_of, tiny

from keras_twostream import keep_streams
from keras_twostream.training import freeze, split

sys.path.insert(0, str(Path(__file__).parents[1] / "zoo"))

from frozen import FrozenBelow, clip_maps

STAGE = "relu4"
CLIPS, CLASSES = 8, 2


def samples(rng):
    """Bright clips of one class and dark ones of the other; flow says less."""
    labels = np.arange(CLIPS) % CLASSES
    rgb = (
        rng.uniform(0, 40, (CLIPS, 32, 32, 3))
        + 200 * labels[:, None, None, None]
    )
    flow = rng.normal(0, 1, (CLIPS, 32, 32, 4))
    inputs = {"rgb": rgb.astype("float32"), "flow": flow.astype("float32")}
    return inputs, labels


def dataset(inputs, labels):
    return tf.data.Dataset.from_tensor_slices((inputs, labels))


def compile_with(steps):
    return {
        "optimizer": keras.optimizers.Adam(1e-2),
        "loss": "sparse_categorical_crossentropy",
        "jit_compile": False,
    }


@pytest.fixture(params=[0.0, 0.5])
def trial(rng, request):
    inputs, labels = samples(rng)
    model = tiny(
        "conv_relu5", num_classes=CLASSES, stream_dropout=request.param
    )
    freeze(model, STAGE)
    maps = clip_maps(split(model, STAGE)[0], dataset(inputs, labels))
    trial = FrozenBelow(
        model,
        STAGE,
        maps=maps,
        labels=labels,
        compile_with=compile_with,
        epochs=4,
        batch_size=4,
    )
    return trial, model, inputs, labels


def mirrored(inputs):
    flow = inputs["flow"][:, :, ::-1] * np.array([-1, 1, -1, 1], "float32")
    return {"rgb": inputs["rgb"][:, :, ::-1], "flow": flow}


def test_scores_are_those_of_the_whole_network(trial):
    trial, model, inputs, _ = trial
    trial.fit(np.arange(6), seed=0)
    everything = np.arange(CLIPS)
    below = split(model, STAGE)[0]
    sides = [below(inputs), below(mirrored(inputs))]
    exact = {s: np.stack([side[s] for side in sides]) for s in inputs}
    for streams in ("all", "rgb", "flow"):
        whole = model if streams == "all" else keep_streams(model, streams)
        wanted = (
            scores_of(whole, inputs) + scores_of(whole, mirrored(inputs))
        ) / 2
        found = trial.scores(everything, streams, exact)
        np.testing.assert_allclose(found, wanted, atol=1e-5)
        # Maps are kept in half precision.
        found = trial.scores(everything, streams)
        np.testing.assert_allclose(found, wanted, atol=0.05)


def test_only_what_is_above_learns_and_every_fit_starts_anew(trial):
    trial, model, *_ = trial
    names = [x.name for x in model.layers if x.weights]
    before = {n: model.get_layer(n).get_weights() for n in names}
    trial.fit(np.arange(6), seed=1)
    once = {n: model.get_layer(n).get_weights() for n in names}
    trial.fit(np.arange(6), seed=1)
    for name in names:
        again = model.get_layer(name).get_weights()
        for x, y in zip(once[name], again, strict=True):
            np.testing.assert_allclose(x, y, atol=1e-5)
        moved = any(
            not np.array_equal(x, y)
            for x, y in zip(before[name], again, strict=True)
        )
        assert moved == model.get_layer(name).trainable, name


def test_cross_validation_learns_from_the_other_groups(trial):
    trial, _, _, labels = trial
    told = []
    groups = np.repeat(["a", "b"], CLIPS // 2)
    wrong = {name: x[:, ::-1] for name, x in trial.maps.items()}
    right = trial.cross_validate(
        groups,
        others={"of other clips": wrong},
        after=lambda *x: told.append(x),
    )
    assert right["all"].all()
    # The clips in reverse order have the other label.
    assert not right["of other clips"].any()
    assert {*right} == {"all", "rgb", "flow", "of other clips"}
    assert told == [("a", 4, 4), ("b", 4, 4)]


def test_maps_are_kept_on_disk(tmp_path, rng):
    inputs, labels = samples(rng)
    below = split(tiny("conv_relu5"), STAGE)[0]
    files = {s: tmp_path / f"{s}.npy" for s in ("rgb", "flow")}
    made = clip_maps(below, dataset(inputs, labels), files)
    read = clip_maps(None, None, files)
    for stream in files:
        np.testing.assert_array_equal(made[stream], read[stream])
        assert made[stream].shape[:2] == (2, CLIPS)
