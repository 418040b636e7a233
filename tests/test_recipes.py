"""Recipes are data: files, stages, and what they mean for Keras."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from keras import ops

from keras_twostream.data.crop import CropSpec
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.models.table import get_spec
from keras_twostream.training import Recipe, list_recipes, read_recipe
from keras_twostream.training.compiling import (
    class_weights,
    compile_arguments,
    optimizer_of,
    rate_of,
)
from keras_twostream.training.optimizers import (
    FactoredSGD,
    MatConvNetSGD,
    SmoothedCrossentropy,
    WarmUp,
)
from keras_twostream.training.recipes import changed, recipe_path


@pytest.mark.parametrize("name", list_recipes())
def test_recipes_of_the_package_are_whole(name):
    recipe = read_recipe(name)
    assert recipe.description
    stages = recipe.steps()
    earlier = set()
    for stage, settings in stages.items():
        assert get_spec(settings.model)
        given = settings.weights
        used = given.values() if isinstance(given, dict) else [given]
        assert {x for x in used if x not in (None, "imagenet")} <= earlier
        optimizer_of(settings, 10)
        earlier.add(stage)
    assert len(stages) == max(1, len(recipe.stages))


def test_the_papers_recipe_is_that_of_the_paper():
    stages = read_recipe("feichtenhofer2016").steps()
    fusion = stages["fusion"]
    assert fusion.model == "conv3d_relu5_pool3d_plus"
    assert (fusion.batch_size, fusion.learning_rate) == (96, 1e-3)
    assert (fusion.freeze, fusion.dropout) == ("fusion", 0.85)
    assert (fusion.frames, fusion.sampling) == (5, "dense")
    assert tuple(fusion.tau) == (1, 10)
    assert fusion.weights == {"rgb": "spatial", "flow": "temporal"}
    assert stages["temporal"].dropout == 0.9
    for stage in stages.values():
        assert (stage.momentum, stage.weight_decay) == (0.9, 5e-4)
        assert stage.flow.algorithm == "tvl1"


def test_a_stage_has_what_it_does_not_say_from_the_whole():
    recipe = Recipe(
        epochs=7,
        flow=FlowSpec(bound=8.0),
        crop=CropSpec(center=1.0),
        schedule="drops",
        drops=(3,),
        stages=[
            {"name": "a", "epochs": 2, "crop": {"flip": False}},
            {"name": "b", "weights": "a", "schedule": "cosine"},
        ],
    )
    first, second = recipe.steps().values()
    assert (first.epochs, second.epochs) == (2, 7)
    assert first.crop == CropSpec(center=1.0, flip=False)
    assert second.crop == recipe.crop
    assert first.flow == second.flow == recipe.flow
    assert (first.drops, second.drops) == ((3,), ())
    assert not first.stages
    assert Recipe(epochs=7).steps() == {"": Recipe(epochs=7)}


def test_a_file_gives_the_recipe_that_was_written(tmp_path):
    recipe = read_recipe("feichtenhofer2016")
    told = json.loads(json.dumps({"recipe": recipe.to_dict()}))
    (tmp_path / "config.json").write_text(json.dumps(told))
    assert read_recipe(tmp_path).steps() == recipe.steps()
    copied = tmp_path / "mine.toml"
    text = recipe_path("feichtenhofer2016").read_text()
    copied.write_text(text.replace("batch_size = 96", "batch_size = 8"))
    assert read_recipe(copied).steps()["fusion"].batch_size == 8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model = ", "mine.toml is no recipe"),
        ("epoch = 3", "epoch"),
        ("optimizer = 'adamm'", "adam, adamw"),
        ("schedule = 'drops'", "`drops` are the epochs"),
        ("draws = 2", "by `freeze`"),
        ("protocol = 'all'", "no protocol 'all'"),
        ("[[stages]]\nepochs = 1", "`name` of its own"),
        ("[[stages]]\nname = 'a'\nseed = 1", "cannot say seed"),
        ("[[stages]]\nname = 'a'\nepoch = 1", "epoch"),
        ("[flow]\nbound = -1", "bound"),
        ("[crop]\nzoom = 1", "zoom"),
    ],
)
def test_wrong_recipes_are_named(tmp_path, text, message):
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        read_recipe(tmp_path / "mine.toml")
    assert "mine.toml is no recipe" in str(error.value)


def test_unknown_recipes_are_told_the_known_ones():
    with pytest.raises(ValueError, match=r"Did you mean tsn\?.*simonyan2014"):
        read_recipe("tsm")


def test_flags_hold_in_all_stages():
    recipe = read_recipe("small")
    told = {"epochs": 3, "flow": {"bound": 8.0}, "crop": {"flip": False}}
    for stage in changed(recipe, told).steps().values():
        assert (stage.epochs, stage.flow.bound, stage.crop.flip) == (
            *(3, 8.0),
            False,
        )
        assert stage.flow.short_side == recipe.flow.short_side
    with pytest.raises(ValueError, match="'head' of the recipe says its own"):
        changed(recipe, {"freeze": "relu4"})


RATES = {
    "cosine": [1.0, 0.5, 0.0],
    "constant": [1.0, 1.0, 1.0],
    "drops": [1.0, 0.01, 0.01],
    "plateau": [1.0, 1.0, 1.0],
}


@pytest.mark.parametrize("schedule", RATES)
def test_rates_fall_as_the_schedule_says(schedule):
    drops = (2, 4) if schedule == "drops" else ()
    recipe = Recipe(learning_rate=1.0, epochs=8, schedule=schedule, drops=drops)
    rate = rate_of(recipe, 5)
    found = [
        float(rate(step)) if callable(rate) else rate for step in (0, 20, 40)
    ]
    assert found == pytest.approx(RATES[schedule], abs=1e-6)
    if schedule == "drops":
        # The first step of the epoch is the first with the lower rate.
        edge = [float(rate(step)) for step in (9, 10)]
        assert edge == pytest.approx([1.0, 0.1])


@pytest.mark.parametrize("schedule", ["cosine", "constant", "drops"])
def test_rates_rise_first(schedule):
    drops = (6,) if schedule == "drops" else ()
    recipe = Recipe(
        learning_rate=1.0, epochs=8, warmup=2, schedule=schedule, drops=drops
    )
    rate = rate_of(recipe, 10)
    found = [float(rate(step)) for step in range(20)]
    assert np.all(np.diff(found) > 0)
    assert found[0] < 0.11
    assert float(rate(20)) == pytest.approx(1.0, abs=0.01)


def quadratic(optimizer, start, steps):
    """Minimises half the squares, and returns the ways of the variables."""
    variables = [
        keras.Variable(np.array(value), name=name)
        for name, value in start.items()
    ]
    optimizer.build(variables)
    ways = []
    for _ in range(steps):
        optimizer.apply(
            [ops.convert_to_tensor(v) for v in variables], variables
        )
        ways.append([float(ops.convert_to_numpy(v)) for v in variables])
    return np.array(ways).T


def test_matconvnets_descent_is_that_of_its_formula():
    momentum, decay, steps = 0.9, 0.1, 6
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay(
        [2], [0.1, 0.01]
    )
    optimizer = MatConvNetSGD(
        schedule, momentum, decay, no_decay=("bias",), rate_factors={"bias": 2}
    )
    ways = quadratic(optimizer, {"a_kernel": 2.0, "a_bias": 1.0}, steps)
    for way, start, wd, factor in (
        (ways[0], 2.0, decay, 1),
        (ways[1], 1.0, 0.0, 2),
    ):
        w, v = start, 0.0
        for step in range(steps):
            rate = 0.1 if step <= 2 else 0.01
            v = momentum * v - wd * w - w
            w += factor * rate * v
            assert way[step] == pytest.approx(w, rel=1e-5)


def test_factors_scale_the_rate_of_what_they_name():
    optimizer = FactoredSGD(0.1, rate_factors={"flow_conv1": 5, "bias": 2})
    start = {"rgb_conv1_kernel": 1.0, "flow_conv1_kernel": 1.0}
    start |= {"flow_conv1_bias": 1.0}
    ways = quadratic(optimizer, start, 1)
    assert ways[:, 0] == pytest.approx([0.9, 0.5, 0.0], abs=1e-6)


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "matconvnet_sgd"])
def test_optimizers_come_back_from_their_config(name):
    recipe = Recipe(
        optimizer=name,
        weight_decay=0.01,
        warmup=1,
        schedule="constant",
        clip_norm=1.0,
        ema=0.9,
        accumulate=2,
        rate_factors={"bias": 2.0},
    )
    optimizer = optimizer_of(recipe, 10)
    config = keras.saving.serialize_keras_object(optimizer)
    again = keras.saving.deserialize_keras_object(
        json.loads(json.dumps(config))
    )
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()
    assert again.rate_factors == {"bias": 2.0}


@pytest.mark.parametrize("name", ["adamw", "sgd", "matconvnet_sgd"])
def test_only_kernels_decay(name):
    recipe = Recipe(
        optimizer=name, weight_decay=0.5, learning_rate=0.1, schedule="constant"
    )
    dense = keras.layers.Dense(1, bias_initializer="ones")
    dense.build((None, 1))
    optimizer = optimizer_of(recipe, 1)
    before = [ops.convert_to_numpy(v) for v in dense.weights]
    zeros = [ops.zeros_like(v) for v in dense.weights]
    optimizer.apply(zeros, dense.trainable_variables)
    kernel, bias = (ops.convert_to_numpy(v) for v in dense.weights)
    assert np.all(np.abs(kernel) < np.abs(before[0]))
    np.testing.assert_array_equal(bias, before[1])


def test_smoothed_labels_are_those_of_keras(rng):
    scores = rng.dirichlet(np.ones(4), size=6).astype("float32")
    labels = rng.integers(0, 4, 6)
    expected = keras.losses.CategoricalCrossentropy(label_smoothing=0.2)(
        np.eye(4)[labels], scores
    )
    for shaped in (labels, labels[:, None]):
        found = SmoothedCrossentropy(0.2)(shaped, scores)
        assert float(found) == pytest.approx(float(expected), rel=1e-5)
    steps = SmoothedCrossentropy(0.2)(
        labels.reshape(2, 3), scores.reshape(2, 3, 4)
    )
    assert float(steps) == pytest.approx(float(expected), rel=1e-5)


def test_rare_classes_weigh_as_much_as_others():
    labels = [0] * 100 + [1] + [3] * 10
    weights = class_weights(labels, 4)
    mass = [labels.count(i) * weights[i] for i in range(4)]
    assert mass == pytest.approx([37, 37, 0, 37])


def test_accumulated_gradients_make_one_step():
    recipe = Recipe(
        optimizer="sgd",
        learning_rate=0.1,
        momentum=0.0,
        schedule="constant",
        accumulate=2,
    )
    ways = quadratic(optimizer_of(recipe, 4), {"w": 1.0}, 4)
    assert ways[0] == pytest.approx([1.0, 0.9, 0.9, 0.81])


def test_what_compile_gets_is_plain_keras():
    told = compile_arguments(Recipe(), 3)
    assert isinstance(told["optimizer"], keras.optimizers.Adam)
    assert isinstance(told["loss"], keras.losses.SparseCategoricalCrossentropy)
    told = compile_arguments(Recipe(label_smoothing=0.1), 3)
    assert isinstance(told["loss"], SmoothedCrossentropy)


def test_a_warm_up_comes_back_from_its_config():
    cosine = keras.optimizers.schedules.CosineDecay(1.0, 10)
    for schedule in (0.5, cosine):
        config = keras.saving.serialize_keras_object(WarmUp(schedule, 4))
        again = keras.saving.deserialize_keras_object(config)
        found = [float(again(step)) for step in range(12)]
        expected = [float(WarmUp(schedule, 4)(step)) for step in range(12)]
        assert found == expected


def test_every_setting_is_told_of():
    from keras_twostream.cli.flags import attribute_docs  # noqa: PLC0415

    names = {field.name for field in dataclasses.fields(Recipe)}
    assert {*attribute_docs(Recipe)} == names
