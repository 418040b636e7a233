"""Weights between networks, and what the report says of them."""

import logging

import keras
import numpy as np
import pytest
from networks import MOBILENET, inputs_for, randomise, scores_of, tiny

from keras_twostream import transfer
from keras_twostream.weights import LoadReport, assign

CONVS = [f"conv{i}" for i in range(1, 6)]
HEAD = ["fc6", "fc7", "fc8"]


def names(stream, layers):
    return tuple(f"{stream}_{layer}" for layer in layers)


def kernel(model, layer):
    return keras.ops.convert_to_numpy(model.get_layer(layer).kernel)


def test_transfer_reports_every_layer():
    source, target = randomise(tiny("spatial")), tiny("conv_relu5")
    before = kernel(target, "flow_conv1")
    report = transfer(source, target)
    assert report.source == "spatial"
    assert {*report.loaded} == {*names("rgb", CONVS + HEAD)}
    assert {*report.missing} == {*names("flow", CONVS), "relu5_conv"}
    assert report.inflated == report.reinitialised == report.unused == ()
    for layer in report.loaded:
        np.testing.assert_array_equal(
            kernel(target, layer), kernel(source, layer)
        )
    np.testing.assert_array_equal(kernel(target, "flow_conv1"), before)


def test_streams_are_never_swapped():
    source, target = tiny("spatial"), tiny("temporal")
    before = target.get_weights()
    report = transfer(source, target)
    assert report.loaded == ()
    assert {*report.unused} == {*names("rgb", CONVS + HEAD)}
    for one, other in zip(before, target.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_another_number_of_classes_starts_the_head_anew(caplog, tmp_path):
    path = tmp_path / "seven.keras"
    source = tiny("spatial", num_classes=7)
    source.save(path)
    with caplog.at_level(logging.INFO, logger="keras_twostream"):
        target = tiny("spatial", weights=path)
    report = target.load_report
    assert report.reinitialised == (("rgb_fc8", (64, 7), (64, 5)),)
    assert {*report.loaded} == {*names("rgb", CONVS + HEAD[:2])}
    np.testing.assert_array_equal(
        kernel(target, "rgb_fc7"), kernel(source, "rgb_fc7")
    )
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "re-initialised: rgb_fc8, (64, 7) -> (64, 5)" in record.message


def test_transfer_between_networks_is_no_warning(caplog):
    with caplog.at_level(logging.INFO, logger="keras_twostream"):
        transfer(tiny("spatial"), tiny("spatial"))
    (record,) = caplog.records
    assert record.levelno == logging.INFO
    assert record.message == "Weights from spatial: 8 layers loaded"


def test_kernels_for_rgb_are_spread_over_flow(rng):
    model = tiny("temporal")
    colours = rng.normal(size=(3, 3, 3, 16)).astype("float32")
    report = assign(model, {"flow_conv1": [colours, np.ones(16)]})
    assert report.loaded == report.inflated == ("flow_conv1",)
    spread = kernel(model, "flow_conv1")
    mean = colours.mean(axis=2)
    for channel in range(4):
        np.testing.assert_allclose(spread[:, :, channel], mean, atol=1e-7)


def test_kernels_of_another_size_are_not_spread(rng):
    model = tiny("temporal")
    arrays = [rng.normal(size=(5, 5, 3, 16)).astype("float32"), np.ones(16)]
    report = assign(model, {"flow_conv1": arrays})
    assert report.loaded == ()
    assert report.reinitialised == (
        ("flow_conv1", (5, 5, 3, 16), (3, 3, 4, 16)),
    )


def test_constants_of_one_array_too_few_are_reported():
    report = assign(tiny("spatial"), {"rgb_fc6": [np.ones((128, 64))]})
    assert report.reinitialised == (("rgb_fc6", "1 arrays", "2 arrays"),)


def test_reports_add_up():
    one = LoadReport(source="a", loaded=("x",), missing=("y", "z"))
    other = LoadReport(source="b", loaded=("y",), missing=("x", "z"))
    both = one + other
    assert both.source == "a, b"
    assert both.loaded == ("x", "y")
    assert both.missing == ("z",)
    assert "not in the source: z" in str(both)


def test_long_lists_are_cut_short():
    report = LoadReport(source="a", unused=tuple("abcdefgh"))
    assert "not in the model: a, b, c, d, e, f and 2 more" in str(report)


@pytest.mark.parametrize("backbone", ["vgg_tiny", MOBILENET])
def test_back_and_forth_loses_nothing(backbone):
    first = randomise(tiny("sum_softmax", backbone=backbone))
    middle = tiny("conv_relu5_fc8", backbone=backbone)
    last = tiny("sum_softmax", backbone=backbone)
    transfer(first, middle)
    report = transfer(middle, last)
    assert report.missing == ()
    assert report.unused == ("relu5_conv",)
    inputs = inputs_for(first)
    np.testing.assert_array_equal(
        scores_of(last, inputs), scores_of(first, inputs)
    )


def test_a_flow_tower_can_start_from_one_of_rgb(tmp_path):
    """Cross-modality pre-training, Wang et al. (2016), section 4.2."""
    spatial = tiny("spatial", num_classes=3)
    spatial.save(tmp_path / "spatial.keras")
    path = str(tmp_path / "spatial.keras")
    temporal = tiny("temporal", num_classes=3, weights={"flow": path})
    report = temporal.load_report
    assert not report.missing
    assert report.inflated == ("flow_conv1",)
    for name in ("conv2", "conv5", "fc8"):
        pairs = (
            x.get_layer(f"{stream}_{name}").get_weights()
            for x, stream in ((spatial, "rgb"), (temporal, "flow"))
        )
        for ours, theirs in zip(*pairs, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    kernel = temporal.get_layer("flow_conv1").get_weights()[0]
    colours = spatial.get_layer("rgb_conv1").get_weights()[0]
    mean = colours.mean(2, keepdims=True)
    np.testing.assert_allclose(kernel, np.repeat(mean, 4, 2), atol=1e-6)


def test_what_a_stream_has_itself_is_taken_before_the_others(tmp_path):
    both = tiny("sum_softmax", num_classes=3)
    both.save(tmp_path / "both.keras")
    path = str(tmp_path / "both.keras")
    temporal = tiny("temporal", num_classes=3, weights={"flow": path})
    np.testing.assert_array_equal(
        temporal.get_layer("flow_conv2").kernel,
        both.get_layer("flow_conv2").kernel,
    )


def test_a_tower_that_ends_early_takes_what_it_has(tmp_path):
    """Of many layers of a whole tower, which all fit as far as they go."""
    source = randomise(tiny("sum_softmax", backbone=MOBILENET))
    source.save(tmp_path / "both.keras")
    weights = dict.fromkeys(("rgb", "flow"), tmp_path / "both.keras")
    early = tiny("conv_relu2", backbone=MOBILENET, weights=weights)
    for layer in ("rgb_conv1", "flow_conv1", "flow_conv_pw_1"):
        np.testing.assert_array_equal(
            kernel(early, layer), kernel(source, layer)
        )
