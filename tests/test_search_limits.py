"""What networks of a search cost, what of them learns, and what they share."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from networks import inputs_for, scores_of, tiny
from tiny_runs import RECIPE

import keras_twostream
from keras_twostream.data import list_clips
from keras_twostream.models import request
from keras_twostream.models.cost import multiply_adds
from keras_twostream.models.cutting import split_fixed, split_shared
from keras_twostream.search.answers import Answers
from keras_twostream.search.jobs import Amounts
from keras_twostream.search.limits import LITTLE, TIMES, Costs, Limits
from keras_twostream.search.plan import Plan
from keras_twostream.search.schedule import Schedule
from keras_twostream.search.scoring import Scoring
from keras_twostream.search.space import Space
from keras_twostream.training.crossing import Crossing
from keras_twostream.training.fitting import Stage
from keras_twostream.training.maps import FurtherMaps, JoinedMaps, Maps
from keras_twostream.training.networks import network_of, shared_cut
from keras_twostream.training.options import Options
from keras_twostream.video.synthetic import write_dataset

NAMES = ("a", "b", "c")
FROZEN = dataclasses.replace(RECIPE, draws=1, freeze="relu5")
LSTM = {"relu7": [{"kind": "lstm", "units": 4}, "average"]}


def recipe(base=FROZEN, **changes):
    return dataclasses.replace(base, **changes)


@pytest.mark.parametrize(
    "found",
    [
        recipe(),
        recipe(model="sum_softmax", frames=3, freeze=None, draws=None),
    ],
    ids=["frozen", "from end to end"],
)
def test_costs_are_those_of_the_network(found):
    costs = Costs.of(found, NAMES)
    model = network_of(found, NAMES)
    assert costs.parameters == model.count_params()
    assert costs.multiply_adds == multiply_adds(model)
    learner = split_fixed(model)[1] if found.freeze else model
    assert costs.learning == multiply_adds(learner)


def test_little_of_a_frozen_network_learns():
    """A sum of frozen maps learns the dense layers, no convolution."""
    frozen = Costs.of(recipe(model="sum_relu5"), NAMES)
    whole = Costs.of(recipe(model="sum_relu5", freeze=None, draws=None), NAMES)
    assert whole.learning == whole.multiply_adds == frozen.multiply_adds
    assert frozen.learning < frozen.multiply_adds / 20
    assert frozen.parameters == whole.parameters


COSTS = Costs(parameters=2_500_000, multiply_adds=7_000, learning=900)
REFUSED = [
    ({}, ""),
    ({"max_parameters": 2_500_000}, ""),
    ({"max_parameters": 1_000_000}, "2.5 M parameters, at most 1 M"),
    ({"max_multiply_adds": 6_000}, "7 k multiply-adds, at most 6 k"),
    ({"max_learning": 899}, "900 multiply-adds that learn, at most 899"),
    (
        {"max_parameters": 10, "max_learning": 3},
        "2.5 M parameters, at most 10; 900 multiply-adds that learn, at most 3",
    ),
]


@pytest.mark.parametrize(("limits", "words"), REFUSED)
def test_refusals_say_how_many_and_how_many_there_may_be(limits, words):
    assert Limits(**limits).refusal(COSTS) == words


def test_what_learns_is_bounded_by_the_default():
    large = dataclasses.replace(COSTS, learning=LITTLE)
    assert Limits().beside(large).max_learning == TIMES * LITTLE
    assert Limits().beside(COSTS).max_learning == LITTLE
    told = Limits(max_learning=5, max_parameters=7)
    assert told.beside(large) == told
    assert Limits(**json.loads(json.dumps(told.to_dict()))) == told


def schedule(folder, space, limits, trials=None):
    labels = np.arange(12) % 3
    plan = Plan.crossed(labels, [f"g{i // 2}" for i in range(12)])
    return Schedule(
        space,
        Scoring(plan, labels),
        Answers(folder),
        NAMES,
        limits,
        Amounts(trials=trials, seeds=1),
        0,
        lambda: 0.0,
    )


LEFT_OUT = ("start", "keep", "frames", "seen", "dropout", "learning_rate")


def test_what_is_too_large_or_cannot_be_is_passed_over(tmp_path):
    space = Space.of(FROZEN).changed(
        location=["relu3", "relu5", "relu3+relu5"],
        fusion=["conv", "concat", "bilinear"],
        **dict.fromkeys(LEFT_OUT),
    )
    # What concatenation at relu5 adds to the dense layers is too much.
    default = Costs.of(space.recipe(space.default), NAMES)
    most = default.parameters
    found = schedule(tmp_path, space, Limits(max_parameters=most))
    trained = [job for batch in found.batches() for job in batch]
    assert len(found.candidates) > 10
    reasons = [x.why for x in found.candidates.values() if x.why]
    assert any(f"parameters, at most {most / 1e3:.3g} k" in x for x in reasons)
    assert any("rgb_conv4 of a frozen tower" in x for x in reasons)
    assert any("fused in the order of the network" in x for x in reasons)
    for candidate in found.candidates.values():
        asked = [x for x in trained if x.values == candidate.values]
        assert bool(asked) == (not candidate.why)
        if candidate.costs and not candidate.why:
            assert candidate.costs.parameters <= most
    tried = [x for x in found.candidates.values() if not x.why]
    # What is passed over does not count as tried.
    again = schedule(
        tmp_path, space, Limits(max_parameters=most), trials=len(tried)
    )
    assert len([*again.batches()])
    assert [x.key for x in again.candidates.values() if not x.why] == [
        x.key for x in tried
    ]


def test_a_default_that_is_too_large_is_an_error(tmp_path):
    space = Space.of(FROZEN)
    with pytest.raises(ValueError, match=r"default .*parameters, at most 10\."):
        schedule(tmp_path, space, Limits(max_parameters=10))


IMPOSSIBLE = {
    "channels of a frozen tower": (
        {"fuse": {"relu3": "concat"}, "freeze": "towers"},
        "rgb_conv4 of a frozen tower.*relu3_concat",
    ),
    "a vector, and then a map": (
        {"fuse": {"relu3": "bilinear", "relu5": "bilinear"}},
        "relu5 comes before",
    ),
    "clips of images": (
        {"fuse": {"relu5": "conv3d"}},
        "conv3d cannot fuse at relu5",
    ),
}


@pytest.mark.parametrize(
    ("changes", "message"), IMPOSSIBLE.values(), ids=IMPOSSIBLE
)
def test_what_cannot_be_is_refused_by_name(changes, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        Costs.of(recipe(**changes), NAMES)


DENSE = {"rgb_fc6", "rgb_fc7", "rgb_fc8"}
LEARNING = {
    "conv at relu3": ({"fuse": {"relu3": "conv"}}, DENSE | {"relu3_conv"}),
    "sum at relu5": ({"model": "sum_relu5"}, DENSE),
    "bilinear at relu5": ({"model": "bilinear_relu5"}, {"rgb_fc8"}),
    "two places": (
        {"fuse": {"relu3": "conv", "relu5": "conv"}},
        DENSE | {"relu3_conv", "relu5_conv"},
    ),
    "kept": (
        {"model": "conv_relu5", "keep": True},
        DENSE | {"relu5_conv", "flow_fc6", "flow_fc7", "flow_fc8"},
    ),
    "late": (
        {"model": "sum_softmax"},
        DENSE | {"flow_fc6", "flow_fc7", "flow_fc8"},
    ),
    "lstm": (
        {"model": "sum_relu5", "frames": 3, "time": LSTM},
        DENSE | {"rgb_relu7_lstm"},
    ),
}


@pytest.mark.parametrize(("changes", "layers"), LEARNING.values(), ids=LEARNING)
def test_nothing_of_frozen_towers_learns_but_all_that_joins_them(
    changes, layers
):
    model = network_of(recipe(freeze="towers", **changes), NAMES)
    learns = {x.name for x in model.layers if x.trainable_weights}
    assert learns == layers


@pytest.mark.parametrize(
    ("changes", "layers"),
    [
        ({"fuse": {"relu3": "conv"}}, {"relu3_conv", "rgb_fc8"}),
        ({"model": "bilinear_relu5"}, {"rgb_fc8"}),
        ({"model": "sum_softmax"}, {"rgb_fc8", "flow_fc8"}),
        (
            {"model": "sum_relu5", "frames": 2, "time": LSTM},
            {"rgb_relu7_lstm", "rgb_fc8"},
        ),
    ],
    ids=["conv at relu3", "bilinear at relu5", "late", "lstm"],
)
def test_towers_of_another_kind_are_frozen_too(changes, layers):
    found = recipe(
        backbone="mobilenet:alpha=0.25",
        image_size=(64, 64),
        freeze="towers",
        **changes,
    )
    with keras_twostream.backbones.shapes.shapes_only():
        model = network_of(found, NAMES)
    assert {x.name for x in model.layers if x.trainable_weights} == layers


def test_frozen_towers_keep_their_weights_when_what_joins_them_learns(rng):
    model = network_of(
        recipe(freeze="towers", fuse={"relu3": "conv"}, keep=True), NAMES
    )
    before = {x.name: x.get_weights() for x in model.layers}
    inputs = inputs_for(model, batch=4)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(inputs, np.array([0, 1, 2, 0]), verbose=0)
    moved = {
        x.name
        for x in model.layers
        for old, new in zip(before[x.name], x.get_weights(), strict=True)
        if np.any(old != new)
    }
    assert moved == {x.name for x in model.layers if x.trainable_weights}
    assert "relu3_conv" in moved
    assert not {"rgb_conv1", "flow_conv5", "rgb_conv4"} & moved


SHARED = {
    "cut where learning begins": ("conv_relu5", {}, "relu5", False),
    "earlier": ("sum_relu5", {"frames": 2}, "relu3", True),
    "kept": ("conv_relu5_pool2d_plus", {"frames": 2}, "relu4", True),
}


@pytest.mark.parametrize(
    ("name", "options", "at", "earlier"), SHARED.values(), ids=SHARED
)
def test_parts_of_a_shared_cut_are_the_whole(name, options, at, earlier):
    model = tiny(name, **options)
    keras_twostream.training.freeze(model, "relu5")
    places = [f"{stream}_{at}" for stream in ("rgb", "flow")]
    below, further, above = split_shared(model, places)
    assert (further is not None) == earlier
    assert {*below.output} == {*places}
    assert not below.trainable_variables
    assert not (further and further.trainable_variables)
    assert len(above.trainable_variables) == len(model.trainable_variables)
    maps = below(inputs_for(model), training=False)
    if further:
        maps = further(maps, training=False)
    np.testing.assert_allclose(
        scores_of(above, maps), scores_of(model), atol=1e-6
    )


class Given(Maps):
    """Maps that are there."""

    source = None

    def __init__(self, values):
        first = next(iter(values.values()))
        self.values, self.names = values, [*values]
        self.draws, self.rows = first.shape[:2]
        self.shapes = {name: x.shape[2:] for name, x in values.items()}

    def __getitem__(self, place):
        draw, numbers = place
        return {name: x[draw, numbers] for name, x in self.values.items()}


def test_maps_are_joined_and_put_through_further_layers(rng):
    """More samples than one batch, two draws, in any order."""
    first, second = (
        Given({x: rng.normal(size=(2, 11, 3)).astype("float32")}) for x in "ab"
    )
    joined = JoinedMaps([first, second])
    assert (joined.names, joined.rows, joined.draws) == (["a", "b"], 11, 2)
    assert joined.shapes == {"a": (3,), "b": (3,)}
    inputs = {x: keras.Input((3,), name=x) for x in "ab"}
    total = keras.layers.Add()([*inputs.values()])
    part = keras.Model(inputs, {"sum": total, "a": inputs["a"]})
    further = FurtherMaps(part, joined)
    assert {*further.names} == {"sum", "a"}
    assert further.shapes == {"sum": (3,), "a": (3,)}
    for draw, numbers in ((0, [3, 1]), (1, [10, 0, 8]), (1, range(11))):
        found = further[draw, numbers]
        ours, theirs = (
            x.values[name][draw, [*numbers]]
            for x, name in ((first, "a"), (second, "b"))
        )
        np.testing.assert_allclose(found["sum"], ours + theirs, rtol=1e-6)
        np.testing.assert_array_equal(found["a"], ours)


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    return list_clips(write_dataset(tmp_path_factory.mktemp("clips"), 1))


def test_networks_on_shared_maps_learn_what_they_would_alone(
    listed, cache, tmp_path
):
    """One cut below, where another network is fused; one where it learns."""
    ours = recipe(fuse={"relu3": "max"}, freeze="towers", validation_split=0.0)
    other = recipe(model="sum_relu5", freeze="towers", validation_split=0.0)
    options = Options(cache_dir=str(cache), workers=1, verbose=0)
    cuts = shared_cut(ours)
    assert cuts == ["rgb_relu3", "flow_relu3"]
    assert shared_cut(other) == ["rgb_relu5", "flow_relu5"]

    def crossing(found, at, below=None):
        names = listed.class_names
        stage = Stage(
            *((listed, None), found, tmp_path, names, {}, options),
            at=at,
            quiet=True,
        )
        return Crossing(stage, "quick", below)

    early, late = crossing(ours, cuts), crossing(ours, ())
    assert early.stage.further is not None
    assert late.stage.further is None
    assert {*early.below[0].names} == {*cuts}
    numbers = np.arange(len(listed))
    before = early.scores(numbers)

    def same(*both):
        for x in both:
            x.fit(numbers[::2], seed=1)
        found = [x.scores(numbers) for x in both]
        np.testing.assert_allclose(*found, atol=1e-5)
        return found[0]

    assert np.abs(same(early, late) - before).max() > 1e-4
    # Another network with the same towers takes the maps as they are.
    early.stage.model.save(tmp_path / "towers.keras")
    other = recipe(other, weights=str(tmp_path / "towers.keras"))
    shared, alone = crossing(other, cuts, early.below), crossing(other, ())
    assert shared.below[0] is early.below[0]
    assert alone.stage.further is None
    same(shared, alone)


FUSE = {"relu3": "max", "relu5": "conv", "fc8": "sum"}


def test_a_network_may_fuse_otherwise_at_every_place():
    model = tiny(fuse=FUSE, keep=True)
    assert model.name == "max_relu3_conv_relu5_sum_fc8"
    names = {layer.name for layer in model.layers}
    assert {"relu3_max", "relu5_conv", "fc8_sum", "flow_fc8"} < names
    assert {*model.output} == {"spatiotemporal", "temporal", "scores"}
    told = json.loads(json.dumps(model.network))
    assert (told["fuse"], told["keep"]) == (FUSE, True)
    again = keras_twostream.build(**told)
    assert again.name == model.name
    assert [x.path for x in again.weights] == [x.path for x in model.weights]
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(scores_of(again), scores_of(model))


def test_options_of_a_fusion_are_remembered():
    how = {"kind": "sum", "stream_weights": [0.25, 0.75]}
    model = tiny(fuse={"relu5": how})
    assert model.get_layer("relu5_sum").stream_weights == (0.25, 0.75)
    again = keras_twostream.build(**json.loads(json.dumps(model.network)))
    assert again.get_layer("relu5_sum").stream_weights == (0.25, 0.75)


def test_fuse_is_what_fusion_and_location_are():
    one = tiny(fuse={"relu5": "conv"}, keep=False)
    assert one.name == tiny("conv_relu5").name == "conv_relu5"
    assert [x.name for x in one.layers] == [
        x.name for x in tiny("conv_relu5").layers
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        {"fuse": {"relu5": "conv"}, "fusion": "sum"},
        {"fuse": {"relu5": "conv"}, "location": "relu3"},
        {"fuse": {}},
        {"fuse": "conv"},
    ],
)
def test_fuse_alone_says_what_is_fused_where(arguments):
    with pytest.raises(ValueError, match="takes the place of fusion and loc"):
        tiny(**arguments)


@pytest.mark.parametrize(
    ("fuse", "name"),
    [
        ({"relu5": "conv"}, "conv_relu5"),
        ({"relu3": "conv", "relu5": "conv"}, "conv_relu3_relu5"),
        ({"relu5": "conv", "fc8": "sum"}, "conv_relu5_sum_fc8"),
        ({"relu5": {"kind": "conv", "filters": 3}}, "conv_relu5"),
        ({}, ""),
    ],
)
def test_names_say_what_is_fused_where(fuse, name):
    assert request.name_of(fuse) == name
