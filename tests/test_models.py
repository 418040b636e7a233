"""The named networks: their sizes, their parts and what they compute."""

import re

import keras
import numpy as np
import pytest
from networks import (
    MOBILENET,
    inputs_for,
    maps_of,
    randomise,
    scores_of,
    sketch,
    tiny,
)

from keras_twostream import (
    FlowSpec,
    layers,
    list_models,
    read_record,
    transfer,
)
from keras_twostream.models.network import answer
from keras_twostream.models.table import MODELS

# Network -> parameters with its source's backbone and 101 classes: RGB of 3
# channels, flow of 20, a conv fusion of 2D*D + D. Those of the paper and of C3D
# are known sums, the others follow from their layers.
LSTM_5 = 4 * (2048 * 512 + 512 * 512 + 512) + 4 * 4 * (2 * 512 * 512 + 512)
LSTM_1 = 4 * (2048 * 256 + 256 * 256 + 256)
TOP = 2048 * 101 + 101
PARAMETERS = {
    "spatial": 90_627_813,
    "temporal": 90_707_781,
    "sum_softmax": 181_335_594,
    "sum_relu5": 97_236_421,
    "max_relu5": 97_236_421,
    "concat_relu5": 172_733_893,
    "bilinear_relu5": 13_137_248 + 512 * 512 * 101 + 101,
    "conv_relu5": 97_761_221,
    "conv_relu2": 91_467_973,
    "conv_relu3": 93_041_605,
    "conv_relu4": 95_401_413,
    "conv_relu5_fc8": 181_860_394,
    "conv_relu3_relu5_fc6": 207_346_117,
    "conv_relu5_pool2d": 149_923_621,
    "conv_relu5_pool3d": 149_923_621,
    "conv3d_relu5_pool3d": 163_555_109,
    "conv_relu5_pool2d_plus": 283_514_762 - 14_156_288 + 524_800,
    "conv_relu5_pool3d_plus": 283_514_762 - 14_156_288 + 524_800,
    "conv3d_relu5_pool3d_plus": 283_514_762,
    "conv_pooling": 90_627_813,
    "late_pooling": 90_627_813,
    "slow_pooling": 90_627_813,
    # The scores see five windows.
    "local_pooling": 90_627_813 + 4 * 2048 * 101,
    # 256 channels, not 512, of 6x6 cells.
    "time_domain_conv": 90_627_813
    - 36 * 256 * 4096
    + (10 * 9 * 512 * 256 + 256),
    "lstm": 90_627_813 - TOP + LSTM_5 + (512 * 101 + 101),
    "lrcn": 90_627_813 - TOP + LSTM_1 + (256 * 101 + 101),
    "c3d": 78_409_573,
    # Inception's modules of both streams, the logits of 1024 features.
    "i3d": 12_294_544 + 12_272_592 + 2 * (1024 * 101 + 101),
    "tsn": 90_627_813,
    "bilinear_cnn": 6_528_640 + 512 * 512 * 101 + 101,
    "single_frame": 72_326_629,
    # The first kernel sees ten frames; the first dense layer two maps.
    "early_fusion": 72_326_629 + 9 * 11 * 11 * 3 * 96,
    "late_fusion": 72_326_629 + 7 * 7 * 256 * 4096,
    "slow_fusion": 73_930_309,
}


def test_every_network_is_counted():
    assert {*list_models()} == {*PARAMETERS}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(name):
    model = sketch(name)
    assert model.count_params() == PARAMETERS[name]
    assert answer(model.output).shape == (None, 101)


@pytest.mark.parametrize(
    ("name", "count"), [("spatial", 134_674_341), ("temporal", 134_684_133)]
)
def test_parameters_of_vgg16(name, count):
    assert sketch(name, backbone="vgg16").count_params() == count


def sides(model, names):
    return [model.get_layer(name).output.shape[1] for name in names]


@pytest.mark.parametrize("stream", ["rgb", "flow"])
def test_maps_of_vgg_m(stream):
    model = sketch("sum_softmax")
    names = ("conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5")
    names = [f"{stream}_{name}" for name in (*names, "pool5")]
    assert sides(model, names) == [109, 54, 26, 13, 13, 13, 13, 6]
    present = {layer.name for layer in model.layers}
    assert f"{stream}_norm1" in present
    assert ("flow_norm2" in present, "rgb_norm2" in present) == (False, True)


def test_maps_of_vgg16():
    model = sketch("spatial", backbone="vgg16")
    names = [f"rgb_conv{block}_1" for block in range(1, 6)]
    assert sides(model, names) == [224, 112, 56, 28, 14]
    assert sides(model, [f"rgb_pool{block}" for block in range(1, 6)]) == [
        112, 56, 28, 14, 7,
    ]  # fmt: skip


def test_names_say_what_is_fused_where():
    fusions, places = "|".join(layers.FUSIONS), r"relu[2-5]|fc[678]|softmax"
    grammar = re.compile(
        rf"({fusions})(?P<at>(_({places}))+)(?P<pool>_pool[23]d)?(_plus)?"
    )
    for name, spec in MODELS.items():
        if spec.source or not spec.fuse:
            continue
        match = grammar.fullmatch(name)
        assert match, name
        assert match["at"].split("_")[1:] == [*spec.fuse]
        assert bool(match["pool"]) == bool(spec.time)
        assert name.endswith("_plus") == spec.keep


def test_patterns():
    assert list_models("*softmax") == ["sum_softmax"]
    assert list_models("*_plus") == [n for n, s in MODELS.items() if s.keep]
    assert list_models("nothing*") == []


@pytest.mark.parametrize("backbone", ["vgg_tiny", MOBILENET])
def test_layers_are_named_after_stream_and_stage(backbone):
    model = sketch(
        "conv_relu3_relu5_fc6", backbone=backbone, input_shape=(64, 64)
    )
    fusions = {f"{at}_conv" for at in ("relu3", "relu5", "fc6")}
    for layer in model.layers:
        stream, _, stage = layer.name.partition("_")
        assert layer.name in fusions | {"rgb", "flow"} or (
            stream in ("rgb", "flow") and stage
        )
    assert fusions < {layer.name for layer in model.layers}


def test_conv_fusion_starts_as_its_closed_form():
    model = randomise_towers(tiny("conv_relu5"))
    names = ["rgb_relu5", "flow_relu5", "relu5_conv"]
    rgb, flow, fused = maps_of(model, names)
    assert rgb.max() > 0
    assert flow.max() > 0
    expected = np.maximum(0.25 * rgb + 0.75 * flow, 0)
    np.testing.assert_allclose(fused, expected, rtol=1e-5, atol=1e-6)


def randomise_towers(model):
    """Makes a network random, but leaves its fusions as they are."""
    kept = {
        layer.name: layer.get_weights()
        for layer in model.layers
        if isinstance(layer, layers.Fusion)
    }
    randomise(model)
    for name, weights in kept.items():
        model.get_layer(name).set_weights(weights)
    return model


@pytest.mark.parametrize("backbone", ["vgg_tiny", "vgg_m_2048", MOBILENET])
def test_with_weights_one_and_zero_it_is_the_spatial_tower(backbone):
    options = {"backbone": backbone, "input_shape": (64, 64)}
    spatial = randomise(tiny("spatial", **options))
    first = layers.ConvFusion(kernel_initializer=layers.IdentitySum((1, 0)))
    fused = tiny(fusion=first, location="relu5", **options)
    report = transfer(spatial, fused)
    assert not report.unused
    inputs = inputs_for(fused)
    expected = scores_of(spatial, {"rgb": inputs["rgb"]})
    np.testing.assert_allclose(scores_of(fused, inputs), expected, atol=1e-5)
    assert np.ptp(expected) > 1e-4


@pytest.mark.parametrize("backbone", ["vgg_tiny", MOBILENET])
def test_late_fusion_is_the_mean_of_two_networks(backbone):
    options = {"backbone": backbone}
    towers = [tiny(name, **options) for name in ("spatial", "temporal")]
    late = tiny("sum_softmax", **options)
    for seed, tower in enumerate(towers):
        randomise(tower, seed)
        transfer(tower, late)
    inputs = inputs_for(late)
    rgb, flow = (
        scores_of(tower, {stream: inputs[stream]})
        for tower, stream in zip(towers, ("rgb", "flow"), strict=True)
    )
    scores = scores_of(late, inputs)
    np.testing.assert_allclose(scores, (rgb + flow) / 2, atol=1e-6)
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)


def test_fused_at_fc8_the_logits_are_added():
    model = randomise(tiny("conv_relu5_fc8"))
    rgb, flow, both, scores = maps_of(
        model, ["rgb_fc8", "flow_fc8", "fc8_sum", "rgb_softmax"]
    )
    np.testing.assert_allclose(both, rgb + flow, atol=1e-5)
    exponents = np.exp(both - both.max(axis=1, keepdims=True))
    expected = exponents / exponents.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(scores, expected, atol=1e-5)


def test_a_network_carries_what_its_use_needs():
    spec = FlowSpec(bound=8)
    names = ("hug", "kick", "punch")
    model = tiny("conv_relu5", class_names=names, flow=spec, frames=3)
    record = read_record(model)
    assert record.class_names == names
    assert record.flow == spec
    assert record.streams == ("rgb", "flow")
    assert record.image_size == (32, 32)
    assert (record.frames, record.flow_frames) == (3, 2)
    alone = read_record(tiny("spatial"))
    assert (alone.streams, alone.flow_frames) == (("rgb",), None)
    assert (alone.class_names, alone.frames) == (None, None)
    with pytest.raises(ValueError, match="not a network of"):
        read_record(keras.Sequential([keras.Input((3,))]))
