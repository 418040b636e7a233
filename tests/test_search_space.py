"""Which combinations a search has, and what network each of them is."""

import dataclasses
import itertools
import json
import math

import keras_tuner
import numpy as np
import pytest

from keras_twostream import training
from keras_twostream.data.crop import CropSpec
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.models.spec import Spec
from keras_twostream.models.table import MODELS, get_spec
from keras_twostream.search.answers import key_of
from keras_twostream.search.columns import Column, recipes_column
from keras_twostream.search.meaning import row_of, title
from keras_twostream.search.space import Space
from keras_twostream.training.networks import spec_of

BASE = training.Recipe(
    backbone="vgg_tiny",
    batch_size=4,
    epochs=2,
    image_size=(32, 32),
    flow_frames=2,
    frames=8,
    draws=1,
    freeze="relu5",
    time={"relu7": {"segments": 3}},
    learning_rate=2e-3,
    flow=FlowSpec(short_side=32, algorithm="dis_ultrafast"),
    crop=CropSpec(flip=False),
)
SPACE = Space.of(BASE)
LATE = {"location": "softmax"}
OF_FUSION = {"fusion", "start", "keep", "freeze"}


def chosen(space=SPACE, **values):
    """Returns the combination with these values, all else by default."""
    return space.drawn(
        lambda name, _: values.get(name, space.columns[name].default)
    )


def some(space, count, seed=0):
    return [*itertools.islice(space.sequence(seed), count)]


def plain(recipe):
    """Returns a recipe as JSON holds it."""
    return json.loads(json.dumps(recipe.to_dict()))


def test_the_default_is_a_row_of_the_table_with_the_settings_of_the_base():
    recipe = SPACE.recipe(SPACE.default)
    assert recipe == BASE
    assert recipe.model == "conv_relu5"
    assert dataclasses.replace(
        spec_of(recipe), frames=None, flow_frames=10, time={}
    ) == get_spec("conv_relu5")
    assert next(SPACE.sequence()) == SPACE.default


EVERY = [(name, x) for name, col in SPACE.columns.items() for x in col.values]


@pytest.mark.parametrize(("name", "value"), EVERY)
def test_every_value_of_every_column_is_another_network(name, value):
    known = {"location": "relu4"} if name == "freeze" else {}
    default = SPACE.recipe(chosen(**known))
    values = chosen(**(known | {name: value}))
    assert values[name] == value
    recipe = SPACE.recipe(values)
    same = value == {**SPACE.default, "freeze": "below"}[name]
    assert (key_of(recipe) == key_of(default)) == same
    assert recipe.seed == BASE.seed
    assert spec_of(recipe).streams == ("rgb", "flow")


MEANT = [
    ({"fusion": "sum"}, {"model": "sum_relu5", "fuse": None}),
    ({"location": "relu4"}, {"model": "conv_relu4", "freeze": "relu4"}),
    (
        {"location": "relu4", "freeze": "towers"},
        {"model": "conv_relu4", "freeze": "towers"},
    ),
    (
        {"location": "relu4", "fusion": "max"},
        {"model": "conv_relu5", "fuse": {"relu4": "max"}},
    ),
    (
        {"location": "pool5"},
        {"fuse": {"pool5": "conv"}, "freeze": "pool5"},
    ),
    (
        {"location": "relu5+fc8", "fusion": "bilinear"},
        {"fuse": {"relu5": "bilinear", "fc8": "sum"}},
    ),
    ({"location": "relu5+fc8"}, {"model": "conv_relu5_fc8", "fuse": None}),
    (LATE, {"model": "sum_softmax", "fuse": None, "freeze": "relu5"}),
    (
        {"start": "chance"},
        {
            "fuse": {
                "relu5": {
                    "kind": "conv",
                    "kernel_initializer": {
                        "class_name": "GlorotUniform",
                        "config": {},
                    },
                }
            }
        },
    ),
    ({"keep": True}, {"model": "conv_relu5", "keep": True}),
    ({"frames": 1}, {"frames": None, "time": None}),
    ({"frames": 4}, {"frames": 4, "time": BASE.time}),
    ({"time": "average"}, {"time": {"fc8": "average"}}),
    ({"dropout": 0.2}, {"dropout": 0.2}),
]


@pytest.mark.parametrize(("values", "settings"), MEANT)
def test_values_mean_settings_of_a_recipe_and_nothing_else(values, settings):
    recipe = SPACE.recipe(chosen(**values))
    for name, value in settings.items():
        assert getattr(recipe, name) == value, name
    # What is chosen for fusion alone is said by these.
    may = {*settings, "model", "fuse", "keep", "freeze"}
    for field in dataclasses.fields(recipe):
        if field.name not in may:
            assert getattr(recipe, field.name) == getattr(BASE, field.name)


ABSENT = [
    ({"fusion": "sum"}, {"start"}),
    ({"fusion": "bilinear"}, {"start"}),
    ({"location": "softmax"}, OF_FUSION),
    # There is no more of the image networks to freeze.
    ({"location": "pool5"}, {"freeze"}),
    ({"frames": 1}, {"time"}),
    ({"frames": 1, "location": "softmax"}, OF_FUSION | {"time"}),
    ({"fusion": "conv3d"}, set()),
]


@pytest.mark.parametrize(("values", "absent"), ABSENT)
def test_columns_without_a_meaning_are_absent(values, absent):
    found = {*SPACE.columns} - {*chosen(**({"location": "relu4"} | values))}
    assert found == absent


def active(space, values):
    """Returns which columns apply, by what `given` says, asked anew."""
    return {
        name
        for name, column in space.columns.items()
        if all(
            parent in values and values[parent] in allowed
            for parent, allowed in column.given.items()
            if parent in space.columns
        )
    }


@pytest.mark.parametrize("seed", range(3))
def test_columns_that_apply_are_those_of_which_it_is_given(seed):
    for values in some(SPACE, 60, seed):
        assert {*values} == active(SPACE, values)


SPACES = {
    "whole": SPACE,
    "no convolution": SPACE.changed(fusion=["sum", "max"]),
    "late alone": SPACE.changed(location="softmax"),
    "one frame": SPACE.changed(frames=1),
    "no fusion": SPACE.changed(fusion=None),
    "of one's own": SPACE.changed(
        weight_decay=Column.of(
            "weight_decay", [0.0, 0.1], given={"keep": [True]}
        )
    ),
}


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_keras_tuner_draws_what_the_space_would(space):
    hp = keras_tuner.HyperParameters()
    assert space.declared(hp) == space.default
    oracle = keras_tuner.oracles.RandomSearchOracle(
        objective=keras_tuner.Objective("accuracy", "max"),
        max_trials=None,
        hyperparameters=hp,
        seed=0,
    )
    seen = set()
    for number in range(40):
        told = oracle.populate_space(str(number)).get("values")
        if told is None:  # nothing new is left
            break
        assert {*told} == active(space, told)
        trial = hp.copy()
        trial.values = dict(told)
        drawn = space.drawn(lambda name, _, told=told: told[name])
        assert space.declared(trial) == drawn == told
        assert space.recipe(drawn)
        seen |= {*drawn}
    assert seen >= {*space.default}


def test_keras_tuner_knows_the_conditions():
    hp = keras_tuner.HyperParameters()
    SPACE.declared(hp)
    told = {x.name: {c.name: c.values for c in x.conditions} for x in hp.space}
    assert {*told} == {*SPACE.columns}
    assert told["location"] == told["dropout"] == told["frames"] == {}
    assert told["time"] == {"frames": [4, 8]}
    assert {*told["fusion"]} == {"location"}
    assert "softmax" not in told["fusion"]["location"]
    assert {*told["start"]} == {"location", "fusion"}
    assert told["start"]["fusion"] == ["conv", "conv3d"]


def test_columns_are_narrowed_fixed_and_left_out():
    space = SPACE.changed(
        fusion=["sum", "max"], dropout=0.2, seen=None, location=["relu3"]
    )
    assert [*space.columns["fusion"].values] == ["sum", "max"]
    assert [*space.columns["dropout"].values] == [0.2]
    assert "seen" not in space.columns
    # The default is kept where it can be, or it is the first.
    assert space.default["fusion"] == "sum"
    assert space.default["location"] == "relu3"
    kept = SPACE.changed(fusion=["sum", "conv"])
    assert kept.default["fusion"] == "conv"
    # The space that was changed is as it was.
    assert SPACE.columns == Space.of(BASE).columns
    assert space.recipe(space.default).dropout == 0.2


def test_columns_that_depend_on_a_narrowed_one_stay_consistent():
    for space in (
        SPACE.changed(fusion=["sum", "max"]),
        SPACE.changed(fusion="sum", location=["relu3", "softmax"]),
        SPACE.changed(location="softmax", frames=1),
    ):
        for values in some(space, 40):
            assert {*values} == active(space, values)
            assert "start" not in values
            assert space.recipe(values)
    # Without the column that it depends on, a column always applies.
    free = SPACE.changed(frames=None)
    assert all("time" in values for values in some(free, 20))


def test_without_the_column_of_places_the_base_says_where():
    base = dataclasses.replace(BASE, model="max_relu5")
    space = Space.of(base).changed(location=None)
    found = space.recipe(space.default)
    assert (found.model, found.fuse) == ("max_relu5", None)
    assert found.freeze == BASE.freeze


def test_any_setting_of_a_recipe_is_a_column():
    space = SPACE.changed(weight_decay=[0.0, 0.05], optimizer="sgd")
    assert space.default["weight_decay"] == 0.0
    found = space.recipe(space.default | {"weight_decay": 0.05})
    assert (found.weight_decay, found.optimizer) == (0.05, "sgd")
    drawn = {x["weight_decay"] for x in some(space, 12)}
    assert drawn == {0.0, 0.05}


def test_a_column_of_ones_own_means_what_it_says():
    both = Column(
        values={
            "slow": {"epochs": 9, "learning_rate": 1e-4},
            "fast": {"epochs": 2},
        },
        default="slow",
        given={"fusion": ["sum"]},
    )
    space = SPACE.changed(pace=both)
    assert "pace" not in space.default
    values = chosen(space, fusion="sum", pace="slow")
    recipe = space.recipe(values)
    assert (recipe.epochs, recipe.learning_rate) == (9, 1e-4)
    assert space.recipe(values | {"pace": "fast"}).epochs == 2
    assert [*space.changed(pace=["fast"]).columns["pace"].values] == ["fast"]


@pytest.mark.parametrize("name", training.list_recipes())
def test_a_column_of_recipes_is_how_they_learn(name):
    space = SPACE.changed(learning_rate=None, recipe=recipes_column(name))
    assert space.recipe(space.default) == BASE
    found = space.recipe(space.default | {"recipe": name})
    last = [*training.read_recipe(name).steps().values()][-1]
    assert found.optimizer == last.optimizer
    assert found.learning_rate == last.learning_rate
    assert (found.backbone, found.flow) == (BASE.backbone, BASE.flow)


WRONG = [
    ({"location": ["relu9"]}, "'location' has no 'relu9'.*'relu5'.*softmax"),
    ({"start": "none"}, "'start' has no 'none'.*'paper', 'equal', 'chance'"),
    ({"frames": [4, 77]}, "'frames' has no 77.*1, 4, 8"),
    ({"fusion": []}, "'fusion'.*one value or more"),
    ({"locatoin": ["relu5"]}, "'locatoin'.*location, fusion"),
    ({"dropout": [1, 0.5]}, r"all integers, all floats.*\[1, 0.5\]"),
]


@pytest.mark.parametrize(("columns", "message"), WRONG)
def test_wrong_columns_are_refused_with_what_there_is(columns, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        SPACE.changed(**columns)


def test_a_default_is_one_of_the_values():
    with pytest.raises(ValueError, match=r"\['a', 'b'\].*Received: 'c'"):
        Column(values={"a": {}, "b": {}}, default="c")


def test_each_combination_comes_once_and_the_seed_says_in_which_order():
    first, again, other = (some(SPACE, 40, seed) for seed in (3, 3, 4))
    assert first == again
    assert first != other
    assert first[0] == other[0] == SPACE.default
    assert len({json.dumps(x) for x in first}) == 40


@pytest.mark.parametrize("seed", range(4))
def test_values_are_dealt_like_cards(seed):
    """After every deal all values have come equally often."""
    steps = [i / 100 for i in range(60)]
    space = Space(
        base=BASE,
        columns={
            # Tells all draws apart, so that none is skipped but for one that
            # may be the default again.
            "weight_decay": Column.of("weight_decay", steps),
            "dropout": Column.of("dropout", [0.2, 0.5, 0.8]),
            "learning_rate": Column.of(
                "learning_rate", [1e-3, 2e-3, 3e-3, 4e-3]
            ),
        },
    )
    drawn = some(space, 60, seed)[1:]
    for name in ("dropout", "learning_rate"):
        values = [*space.columns[name].values]
        for end in range(len(drawn) + 1):
            found = [x[name] for x in drawn[:end]]
            counts = [found.count(value) for value in values]
            assert max(counts) - min(counts) <= 2
        # None is waited for longer than two deals take.
        window = 2 * len(values)
        for start in range(len(drawn) - window + 1):
            part = drawn[start : start + window]
            assert {x[name] for x in part} == {*values}


@pytest.mark.parametrize("seed", range(4))
def test_by_turns_only_which_fusion_and_where_is_asked(seed):
    default = SPACE.default
    drawn = some(SPACE, 49, seed)[1:]
    alone = [
        {"location", "fusion"}
        >= {name for name in x if x[name] != default.get(name)}
        for x in drawn
    ]
    # None of the others changes so little but by chance; the default that is
    # dealt again, and what comes twice, is skipped.
    assert 18 <= sum(alone) <= 27
    assert any(alone[:3])
    assert not all(alone[:3])
    # Both kinds draw from the same decks.
    pairs = {(x["location"], x.get("fusion")) for x in drawn}
    assert len(pairs) >= 36


def test_a_tiny_space_is_tried_whole():
    columns = {"start": None, "keep": None, "time": None, "seen": None}
    space = SPACE.changed(
        location=["relu5", "pool5", "softmax"],
        fusion=["conv", "sum"],
        frames=None,
        learning_rate=None,
        **columns,
    )
    found = [*space.sequence(1)]
    # relu5 with both ways to freeze, the last map with one, late with none.
    expected = (2 * 2 + 2 + 1) * 3
    assert len(found) == len({json.dumps(x) for x in found}) == expected
    assert len({key_of(space.recipe(x)) for x in found}) == expected
    plain_space = Space(
        base=BASE,
        columns={
            "dropout": Column.of("dropout", [0.2, 0.5, 0.8]),
            "epochs": Column.of("epochs", [1, 2]),
            "optimizer": Column.of("optimizer", ["adam", "sgd"]),
        },
    )
    assert len([*plain_space.sequence(2)]) == math.prod((3, 2, 2))


def test_a_space_is_the_same_after_json():
    space = SPACE.changed(weight_decay=[0.0, 0.1])
    again = Space.from_dict(json.loads(json.dumps(space.to_dict())))
    assert again.default == space.default
    assert [*again.columns] == [*space.columns]
    assert plain(again.base) == plain(space.base)
    ours, theirs = (some(x, 60, 5) for x in (space, again))
    assert ours == theirs
    assert {*map(type, ours[0].values())} == {str, int, float, bool}
    for values in ours:
        assert plain(space.recipe(values)) == plain(again.recipe(values))
        assert key_of(space.recipe(values)) == key_of(again.recipe(values))


def written(text):
    """Returns what a row of the table says, as Python reads it."""
    return eval(f"{{{text}}}", {"Spec": Spec})  # noqa: S307 - Of our own.


@pytest.mark.parametrize("seed", range(2))
def test_the_row_of_a_network_is_python_that_makes_it(seed):
    for values in some(SPACE, 30, seed):
        spec = dataclasses.replace(
            spec_of(SPACE.recipe(values)), published=(), source=""
        )
        text = row_of(spec)
        ((name, found),) = written(text).items()
        assert found == spec
        assert name.endswith("_plus") == bool(values.get("keep"))


@pytest.mark.parametrize("name", ["conv_relu5", "sum_relu5", "conv_relu3"])
def test_the_row_of_a_network_of_the_table_has_its_name(name):
    found = written(row_of(MODELS[name]))
    assert [*found] == [name]
    assert found[name].fuse == MODELS[name].fuse


TITLES = [
    ({}, "conv_relu5_parts"),
    ({"keep": True}, "conv_relu5_parts_plus"),
    ({"location": "relu3+relu5", "fusion": "max"}, "max_relu3_relu5_parts"),
    ({"frames": 1}, "conv_relu5"),
    ({"location": "softmax", "time": "lstm"}, "sum_softmax_lstm"),
]


@pytest.mark.parametrize(("values", "words"), TITLES)
def test_a_combination_is_called_by_its_columns(values, words):
    assert title(chosen(**values)) == words


def test_draws_do_not_depend_on_the_global_generator():
    before = some(SPACE, 8, 1)
    np.random.seed(7)  # noqa: NPY002
    assert some(SPACE, 8, 1) == before
