"""Augmentation layers: what all have in common, on every backend."""

import importlib.util
import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from motions import arrays, clip, close, noise

from keras_twostream import layers, transforms

CASES = {
    "TwoStreamColorJitter": {
        "brightness_factor": 0.1,
        "contrast_factor": (-0.3, 0.2),
        "saturation_factor": 0.5,
        "hue_factor": 0.1,
        "grayscale_factor": 0.2,
    },
    "TwoStreamCutMix": {"num_classes": 3},
    "TwoStreamMixUp": {"alpha": 0.4, "num_classes": 3},
    "TwoStreamRandomCrop": {"height": 8, "width": 9},
    "TwoStreamRandomErasing": {"factor": 0.9},
    "TwoStreamRandomFlip": {"mode": "horizontal_and_vertical"},
    "TwoStreamRandomResizedCrop": {"height": 13, "width": 15},
    "TwoStreamRandomRotation": {"factor": 0.2},
    "TwoStreamSpeedChange": {"factors": [1, 2]},
    "TwoStreamTimeReverse": {},
}
MIXING = ("TwoStreamCutMix", "TwoStreamMixUp")
# Others in graphs are slow to trace, and no different.
IN_GRAPHS = ("TwoStreamMixUp", "TwoStreamRandomFlip")
MOVING = (
    *MIXING,
    "TwoStreamRandomCrop",
    "TwoStreamRandomFlip",
    "TwoStreamRandomRotation",
)
every_layer = pytest.mark.parametrize("name", CASES)


def make(name, **options):
    return getattr(layers, name)(**({"seed": 5} | CASES[name] | options))


def sample(**sizes):
    return clip(
        **({"height": 12, "width": 14, "fields": 4, "batch": 6} | sizes)
    )


def shapes(values):
    return {name: tuple(x.shape) for name, x in values.items()}


def same(one, other):
    return all(np.array_equal(one[name], other[name]) for name in one)


def test_every_layer_is_tried():
    kinds = {x for x in layers.__all__ if x.startswith("TwoStream")}
    assert {*CASES} == kinds - {"TwoStreamAugmentation"}


@every_layer
def test_the_same_seed_gives_the_same(name):
    inputs, layer, twin = sample(), make(name), make(name)
    first, second = arrays(layer(inputs)), arrays(layer(inputs))
    assert same(first, arrays(twin(inputs)))
    assert not same(first, second)
    assert not same(first, arrays(make(name, seed=6)(inputs)))


@every_layer
def test_outside_of_training_nothing_is_left_to_chance(name):
    inputs, layer = sample(), make(name)
    still = arrays(layer(inputs, training=False))
    assert same(still, arrays(layer(inputs, training=False)))
    told = layer.compute_output_shape(shapes(inputs))
    assert told == shapes(still) == shapes(layer(inputs, training=True))
    if told == shapes(inputs):
        assert same(still, inputs)


def test_crops_are_central_outside_of_training():
    inputs = sample()
    cut = arrays(make("TwoStreamRandomCrop")(inputs, training=False))
    middle = {k: x[:, :, 2:10, 2:11] for k, x in inputs.items()}
    assert same(cut, middle)
    layer = layers.TwoStreamRandomResizedCrop(6, 6)
    scaled = arrays(layer(inputs, training=False))
    box = np.float32([0, 1, 12, 12])
    close(scaled, arrays(transforms.resized_crop(inputs, box, (6, 6))))
    np.testing.assert_allclose(
        layers.TwoStreamSpeedChange()(inputs, training=False)["flow"],
        inputs["flow"][..., 2:6],
    )


@every_layer
def test_all_frames_and_both_streams_are_treated_alike(name):
    inputs = sample(fields=4)
    frame = 60 + abs(20 * noise(6, 1, 12, 14, 1))
    inputs["rgb"] = np.tile(frame, (1, 3, 1, 1, 3))
    inputs["flow"] = np.tile(frame, (1, 3, 1, 1, 8))
    inputs["flow"][..., 1::2] = 0
    result = arrays(make(name)(inputs))
    for x in result.values():
        np.testing.assert_allclose(x, np.repeat(x[:, :1], 3, 1), atol=1e-3)
    if name in MOVING:
        # Vectors turn and keep their length, which is what the pixels show.
        length = np.hypot(result["flow"][..., 0], result["flow"][..., 1])
        np.testing.assert_allclose(length, result["rgb"][..., 0], rtol=1e-3)


@every_layer
def test_clips_of_a_batch_have_chances_of_their_own(name):
    one = sample(batch=1)
    inputs = {k: np.repeat(x, 6, 0) for k, x in one.items()}
    if name in MIXING:
        inputs = sample()
    result = arrays(make(name)(inputs))
    kept = {k: x for k, x in result.items() if k != "labels"}
    different = {tuple(x.sum((1, 2, 3, 4))) for x in kept.values()}
    assert max(len({*row}) for row in different) > 1


@every_layer
@pytest.mark.parametrize("lead", ["frames", "clip", "frame"])
def test_other_forms_of_samples(name, lead):
    batched = sample()
    if lead == "frames":
        layer, inputs = make(name), {k: x[:, 0] for k, x in batched.items()}
    elif lead == "clip":
        layer = make(name, frames=3)
        inputs = {k: x[0] for k, x in batched.items()}
    else:
        layer, inputs = make(name), {k: x[0, 0] for k, x in batched.items()}
    if name in MIXING and lead != "frames":
        with pytest.raises(ValueError, match="batch first"):
            layer(inputs)
        return
    assert shapes(layer(inputs)) == layer.compute_output_shape(shapes(inputs))
    for stream in ("rgb", "flow"):
        alone = {stream: inputs[stream]}
        told = layer.compute_output_shape(shapes(alone))
        assert shapes(layer(alone)) == told


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in IN_GRAPHS else pytest.mark.slow)
        for name in CASES
    ],
)
def test_within_a_dataset_of_tensorflow(name):
    inputs, labels = sample(), np.int32([0, 1, 2, 0, 1, 2])
    data = tf.data.Dataset.from_tensor_slices((inputs, labels)).batch(6)

    def run(**options):
        mapped = data.map(make(name, **options)).repeat(2)
        return [(arrays(x), y.numpy()) for x, y in mapped]

    (first, told), (second, _) = run()
    layer = make(name)
    assert shapes(first) == layer.compute_output_shape(shapes(inputs))
    assert not same(first, second)
    (again, _), (later, _) = run()
    assert same(first, again)
    assert same(second, later)
    if name in MIXING:
        assert told.shape == (6, 3)
        np.testing.assert_allclose(told.sum(1), 1, atol=1e-6)
    else:
        np.testing.assert_array_equal(told, labels)
    unlabelled = tf.data.Dataset.from_tensor_slices(inputs).batch(6)
    layer = make(name)
    (still,) = unlabelled.map(lambda x: layer(x, training=False))
    close(arrays(still), arrays(layer(inputs, training=False)))


@every_layer
def test_config_survives_json(name):
    layer = make(name, frames=3)
    config = json.loads(json.dumps(keras.layers.serialize(layer)))
    again = keras.layers.deserialize(config)
    assert json.loads(json.dumps(again.get_config())) == config["config"]
    inputs = sample()
    assert same(arrays(layer(inputs)), arrays(again(inputs)))


@every_layer
def test_precision_is_that_of_pixels(name, policy):
    policy("mixed_float16")
    result = make(name)(sample())
    for x in result.values():
        assert keras.backend.standardize_dtype(x.dtype) == "float32"
    integers = sample()
    integers["rgb"] = np.clip(integers["rgb"], 0, 255).astype("uint8")
    close(
        arrays(make(name)(integers)),
        arrays(make(name)(integers | {"rgb": np.float32(integers["rgb"])})),
    )


def network(names):
    """A model that augments its own input."""
    sizes = {"rgb": (3, 12, 14, 3), "flow": (3, 12, 14, 8)}
    inputs = {k: keras.Input(size, name=k) for k, size in sizes.items()}
    x = inputs
    for name in names:
        x = make(name)(x)
    pool = keras.layers.GlobalAveragePooling3D
    pooled = [pool()(x[name]) for name in ("rgb", "flow")]
    joined = keras.layers.Concatenate()(pooled)
    scores = keras.layers.Dense(3, activation="softmax")(joined)
    return keras.Model(inputs, scores)


LOAD = """
import keras_twostream, keras, numpy as np
model = keras.saving.load_model("{folder}/model.keras")
arrays = dict(np.load("{folder}/arrays.npz"))
expected = arrays.pop("expected")
found = keras.ops.convert_to_numpy(model(arrays, training=False))
np.testing.assert_allclose(found, expected, atol=1e-5)
other = keras.ops.convert_to_numpy(model(arrays, training=True))
assert np.isfinite(other).all()
"""


@pytest.mark.parametrize(
    "names",
    [
        ["TwoStreamRandomFlip", "TwoStreamSpeedChange"],
        pytest.param(
            [name for name in CASES if name not in MIXING],
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_model_trains_and_reloads_with_them(names, tmp_path, run_python):
    model, inputs = network(names), sample()
    loss = "sparse_categorical_crossentropy"
    # What torch.compile warns of is none of ours.
    jit = len(names) > 2 and keras.backend.backend() != "torch"
    model.compile(optimizer="sgd", loss=loss, jit_compile=jit)
    history = model.fit(inputs, np.arange(6) % 3, batch_size=6, verbose=0)
    assert np.isfinite(history.history["loss"][0])
    model.save(tmp_path / "model.keras")
    expected = model.predict(inputs, verbose=0)
    np.savez(tmp_path / "arrays.npz", **inputs, expected=expected)
    run_python("-c", LOAD.format(folder=tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_on_other_backends(backend, run_python):
    if not importlib.util.find_spec(backend):
        pytest.skip(f"{backend} is not installed")
    names = ["augmentation_layers", "augmentation_meaning"]
    names += ["transforms", "transforms_time", "transforms_pixels"]
    files = [__file__.replace("augmentation_layers", name) for name in names]
    everything = "slow or not slow"
    command = "pytest", "-n0", "-m", everything, "-k", "not other_backends"
    run_python("-m", *command, *files, KERAS_BACKEND=backend)
