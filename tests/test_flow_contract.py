"""What happens when a network gets other flow than it is for."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import tiny

from keras_twostream import read_record
from keras_twostream.flow import FlowSpec
from keras_twostream.flow.contract import (
    ERROR,
    NOTE,
    RULES,
    WARNING,
    WHEN,
    FlowMismatchError,
    FlowMismatchWarning,
    check,
    compare,
)
from keras_twostream.models.feeding import check_flow, spec_of

SPEC = FlowSpec(short_side=64, bound=4.0)
LONGER = dataclasses.replace(SPEC, step=4)
OTHER = dataclasses.replace(SPEC, algorithm="farneback")


def places(caught):
    """Returns the files that flow was complained of in."""
    own = [x for x in caught if x.category is FlowMismatchWarning]
    return [x.filename for x in own]


# --- The table


def test_every_field_has_rules_of_which_one_always_holds():
    assert [*RULES] == [*FlowSpec().to_dict()]
    for rules in RULES.values():
        assert {rule.when for rule in rules} <= {*WHEN}
        assert rules[-1].when == "always"


@pytest.mark.parametrize(
    ("trained", "fed", "severities", "words"),
    [
        ({}, {"algorithm": "tvl1"}, {"algorithm": WARNING}, "'tvl1'"),
        ({}, {"bound": 8}, {"bound": WARNING}, "above 8 pixels"),
        ({}, {"bound": 40}, {"bound": NOTE}, "cuts off at 20 itself"),
        ({}, {"short_side": None}, {"short_side": WARNING}, "another size"),
        ({}, {"step": 4}, {"step": ERROR}, "4 times as long"),
        ({"step": 4}, {"step": 1}, {"step": ERROR}, "0.25 times as long"),
        ({"step": 2}, {"step": 3}, {"step": WARNING}, "1.5 times as long"),
        ({}, {"resize": "after"}, {"resize": WARNING}, "fine motion"),
        ({"fps": 25}, {"fps": 5}, {"fps": ERROR}, "5 times as long"),
        ({"fps": 25}, {"fps": 30}, {"fps": WARNING}, "0.833 times as long"),
        ({"fps": 30}, {"fps": 29.97}, {"fps": NOTE}, "the same time"),
        ({"fps": 25}, {}, {"fps": WARNING}, "where frame rates differ"),
        ({}, {"fps": 25}, {"fps": WARNING}, "with fps=None"),
        (
            {"fps": 12.5},
            {"fps": 25, "step": 2},
            {"step": NOTE, "fps": NOTE},
            "the same time",
        ),
        (
            {"fps": 25},
            {"step": 2},
            {"step": WARNING, "fps": WARNING},
            "where frame rates differ",
        ),
        ({}, {"quantization": "offset"}, {"quantization": NOTE}, "undone"),
        ({}, {"encoding": "png"}, {"encoding": NOTE}, "undone"),
        ({}, {"codec_range": "limited"}, {"codec_range": NOTE}, "undone"),
        ({}, {"shrink": 1}, {"shrink": NOTE}, "undone"),
        ({"shrink": 1}, {}, {"shrink": NOTE}, "undone"),
        ({}, {"shrink": 4}, {"shrink": WARNING}, "fine detail"),
        ({"shrink": 4}, {"shrink": 1}, {"shrink": WARNING}, "fine detail"),
        ({}, {"camera": "mean"}, {"camera": WARNING}, "of the camera"),
        (
            {"camera": "homography"},
            {"camera": "mean"},
            {"camera": WARNING},
            "of the camera",
        ),
    ],
)
def test_what_a_difference_means(trained, fed, severities, words):
    trained, fed = FlowSpec(**trained), FlowSpec(**fed)
    found = compare(trained, fed)
    assert {x.field: x.severity for x in found} == severities
    for mismatch in found:
        line = str(mismatch)
        assert f"Flow `{mismatch.field}`" in line
        assert repr(getattr(trained, mismatch.field)) in line
        assert repr(getattr(fed, mismatch.field)) in line
        assert not {"\n", "{", "}"} & {*line}
    assert any(words in str(x) for x in found)
    # Who learns from it gets used to it.
    for mismatch in compare(trained, fed, training=True):
        assert mismatch.severity in (WARNING, NOTE)
        told = "flow=dataset.flow_spec" in mismatch.fix
        assert told == (mismatch.severity == WARNING)


def test_the_same_flow_is_no_mismatch():
    assert compare(SPEC, SPEC) == ()
    check(SPEC, [SPEC, FlowSpec(**vars(SPEC))])


def test_all_that_differs_is_said_at_once():
    fed = dataclasses.replace(OTHER, short_side=32, encoding="png")
    with pytest.warns(FlowMismatchWarning) as caught:
        check(SPEC, [fed, fed])
    (line,) = caught
    fields = [x.split("`")[1] for x in str(line.message).splitlines()]
    assert fields == ["algorithm", "short_side"]
    with pytest.raises(FlowMismatchError, match="`algorithm`.*\n.*`step`"):
        check(SPEC, [dataclasses.replace(OTHER, step=4)])


# --- Where a network meets a dataset


def dataset_of(spec, streams=("rgb", "flow")):
    rng = np.random.default_rng(0)
    channels = {"rgb": 3, "flow": 4}
    inputs = {
        name: rng.normal(size=(4, 32, 32, channels[name])).astype("float32")
        for name in streams
    }
    dataset = tf.data.Dataset.from_tensor_slices((inputs, np.arange(4)))
    dataset = dataset.batch(2)
    dataset.flow_spec = spec
    return dataset


def fit(model, dataset, validation=None, **options):
    """Trains; `tf.data` shuffles, and Keras would warn that it does not."""
    options = {"verbose": 0, "shuffle": False} | options
    return model.fit(dataset, validation_data=validation, **options)


def network(name="conv_relu5", flow=SPEC):
    model = tiny(name, flow=flow)
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def quiet(model, dataset):
    """Uses a network in every way, expecting not to be warned."""
    fit(model, dataset, dataset)
    model.evaluate(dataset, verbose=0)
    model.predict(dataset, verbose=0)


def test_the_flow_that_it_is_for_is_not_worth_a_word():
    quiet(network(), dataset_of(SPEC))
    stored = dataclasses.replace(SPEC, encoding="png", bound=8)
    quiet(network(), dataset_of(stored))


def test_only_flow_that_is_fed_and_taken_is_compared():
    quiet(network("spatial"), dataset_of(LONGER))
    # Everything about the flow is known only to datasets of clips.
    anything = dataset_of(None)
    del anything.flow_spec
    quiet(network(), anything)
    inputs, labels = next(anything.as_numpy_iterator())
    model = network()
    model.fit(inputs, labels, validation_data=(inputs, labels), verbose=0)
    model.predict(inputs, verbose=0)
    check_flow(network(), dataset_of(LONGER, streams=("rgb",)))


def test_meaningless_scores_are_refused():
    model = network()
    for use in (model.evaluate, model.predict):
        with pytest.raises(FlowMismatchError, match="`step`.*for 1 but.*4;"):
            use(dataset_of(LONGER), verbose=0)


def test_doubtful_scores_are_warned_of_where_they_are_asked_for():
    model = network()
    for use in (model.evaluate, model.predict):
        with pytest.warns(FlowMismatchWarning, match="'farneback'") as caught:
            use(dataset_of(OTHER), verbose=0)
        assert places(caught) == [__file__]


def test_training_on_other_flow_warns_once():
    """Though Keras evaluates after every epoch."""
    model, dataset = network(), dataset_of(LONGER)
    with pytest.warns(FlowMismatchWarning, match="flow_spec") as caught:
        model.fit(
            dataset,
            validation_data=dataset,
            epochs=3,
            verbose=0,
            shuffle=False,
        )
    assert places(caught) == [__file__]
    # It is still for what it was built for, and says so.
    with pytest.raises(FlowMismatchError, match="`step`"):
        model.evaluate(dataset, verbose=0)


def test_validation_clips_are_compared_too():
    model = network()
    data = dataset_of(SPEC)
    with pytest.warns(FlowMismatchWarning, match="farneback"):
        fit(model, data, dataset_of(OTHER))
    positional = (None, None, 1, 0, None, 0.0, dataset_of(OTHER), False)
    with pytest.warns(FlowMismatchWarning, match="farneback"):
        model.fit(data, *positional)


def test_an_interrupted_fit_does_not_silence_what_follows():
    model, dataset = network(), dataset_of(SPEC)

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(model, dataset, callbacks=[Stop()])
    with pytest.raises(FlowMismatchError):
        model.predict(dataset_of(LONGER), verbose=0)


def test_a_saved_network_keeps_its_word(tmp_path):
    network().save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    assert read_record(model).flow == SPEC
    with pytest.raises(FlowMismatchError):
        model.predict(dataset_of(LONGER), verbose=0)


def test_a_network_that_was_not_told_takes_over_the_flow_of_its_data(
    tmp_path,
):
    model = network(flow=None)
    # Nobody knows what it is for.
    model.evaluate(dataset_of(LONGER), verbose=0)
    before = model.predict(dataset_of(OTHER), verbose=0)
    dataset = dataset_of(SPEC)
    fit(model, dataset, dataset)
    assert read_record(model).flow == SPEC
    assert {x.flow for x in model.layers if hasattr(x, "told")} == {SPEC}
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    for told in (model, again):
        with pytest.raises(FlowMismatchError):
            told.evaluate(dataset_of(LONGER), verbose=0)
    # What was compiled for the former bound is not used any more.
    told, unused = (x.predict(dataset, verbose=0) for x in (model, again))
    np.testing.assert_allclose(told, unused, atol=1e-6)
    assert np.abs(told - before).max() > 1e-6


def test_what_was_not_told_stays_so_in_a_file(tmp_path):
    network(flow=None).save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    assert read_record(model).flow == FlowSpec()
    model.predict(dataset_of(LONGER), verbose=0)
    network(flow=FlowSpec()).save(tmp_path / "told.keras")
    model = keras.saving.load_model(tmp_path / "told.keras")
    with pytest.raises(FlowMismatchError):
        model.predict(dataset_of(LONGER), verbose=0)


def test_datasets_made_of_a_dataset_have_its_flow():
    dataset = dataset_of(SPEC)
    changed = dataset.take(1).map(lambda x, y: (x, y)).cache().repeat(2)
    for data in (dataset, changed.prefetch(1), dataset.shuffle(2), SPEC):
        assert spec_of(data) == SPEC
    assert spec_of(tf.data.Dataset.zip((dataset, dataset_of(None)))) == SPEC
    for data in (None, np.zeros(3), [dataset], tf.data.Dataset.range(3)):
        assert spec_of(data) is None
