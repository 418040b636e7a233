"""Networks of KerasHub, small and random: nothing is downloaded."""

import importlib.util

import keras
import numpy as np
import pytest
from networks import inputs_for, maps_of, randomise, scores_of, tiny

from keras_twostream import backbones
from keras_twostream.backbones.norms import freeze_batch_norm
from keras_twostream.layers import AlignResolution

needs_hub = pytest.mark.skipif(
    importlib.util.find_spec("keras_hub") is None,
    reason="KerasHub, the extra 'hub', is not installed",
)


def models():
    return importlib.import_module("keras_hub").models


def resnet(**options):
    return randomise(
        models().ResNetBackbone(
            input_conv_filters=[64],
            input_conv_kernel_sizes=[3],
            stackwise_num_filters=[64, 8, 8, 8],
            stackwise_num_blocks=[1, 1, 1, 1],
            stackwise_num_strides=[1, 2, 2, 2],
            block_type="basic_block",
            **options,
        )
    )


def densenet():
    return models().DenseNetBackbone([1, 1, 1, 1], growth_rate=4)


def xception():
    return models().XceptionBackbone([[8, 8], [8, 8]], [True, True])


def mobilenet():
    return models().MobileNetBackbone(
        stackwise_expansion=[[8], [16]],
        stackwise_num_blocks=[1, 1],
        stackwise_num_filters=[[8], [8]],
        stackwise_kernel_size=[[3], [3]],
        stackwise_num_strides=[[2], [2]],
        stackwise_se_ratio=[[None], [0.25]],
        stackwise_activation=[["relu"], ["relu"]],
        stackwise_padding=[[1], [1]],
        output_num_filters=16,
        depthwise_filters=8,
        depthwise_stride=2,
        depthwise_residual=False,
        last_layer_filter=16,
        squeeze_and_excite=0.5,
    )


def vit():
    return models().ViTBackbone((32, 32, 3), 16, 1, 1, 8, 8)


def video_prism(**options):
    config = {
        "num_frames": 3,
        "patch_size": 8,
        "hidden_dim": 32,
        "intermediate_dim": 8,
        "num_heads": 2,
        "num_spatial_layers": 1,
        "num_temporal_layers": 1,
        "num_auxiliary_layers": 0,
        "image_shape": (32, 32, 3),
    }
    return randomise(models().VideoPrismBackbone(**(config | options)))


@needs_hub
def test_levels_of_the_pyramid_are_stages():
    backbone = backbones.get(resnet(), (64, 64))
    expected = {
        "relu2": ("conv1_relu", 2, 64),
        "relu3": ("stack0_block0_out", 4, 64),
        "relu4": ("stack1_block0_out", 8, 8),
        "relu5": ("stack2_block0_out", 16, 8),
        "pool5": ("stack3_block0_out", 32, 8),
    }
    for location, stage in expected.items():
        assert backbone.stages[backbone.resolve(location)] == stage
    for level in (2, 3, 4):
        location = f"relu{level + 1}"
        assert backbone.resolve(f"P{level}") == backbone.resolve(location)
    assert backbone.resolve("P5") == backbone.resolve("pool5")


@needs_hub
def test_levels_inside_a_unit_are_none():
    backbone = backbones.get(densenet(), (64, 64))
    assert backbone.resolve("relu5") == "transition3_conv"
    with pytest.raises(ValueError, match="no stage 'P3'.*There are: "):
        backbone.resolve("P3")


@needs_hub
@pytest.mark.parametrize(
    ("make", "mean", "deviation"),
    [
        (resnet, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        (xception, 0.5, 0.5),
    ],
)
def test_a_network_keeps_its_weights_and_gets_its_units(make, mean, deviation):
    network = make()
    model = tiny("spatial", backbone=network)
    inputs = inputs_for(model)
    last = backbones.get(network, (32, 32)).resolve("pool5")
    images = (inputs["rgb"] / 255 - mean) / np.array(deviation)
    ours = maps_of(model, [f"rgb_{last}"], inputs)[0]
    np.testing.assert_allclose(
        ours, network(images.astype("float32")), rtol=1e-3, atol=1e-4
    )
    assert model.load_report.reinitialised == ()
    assert {*model.load_report.missing} == {"rgb_fc8"}


@needs_hub
def test_layers_that_rename_themselves_are_found():
    model = tiny("spatial", backbone=mobilenet())
    assert {*model.load_report.missing} == {"rgb_fc8"}
    with pytest.raises(ValueError, match="saved model would forget it"):
        freeze_batch_norm(model, "frozen")


@needs_hub
def test_streams_of_keras_hub_are_fused():
    model = tiny("conv_relu5", backbone=resnet(), input_shape=(64, 64))
    assert model.get_layer("relu5_conv").output.shape == (None, 4, 4, 8)
    assert model.load_report.inflated == ("flow_conv1_conv",)
    assert scores_of(model).shape == (2, 5)


@needs_hub
def test_tokens_are_no_map():
    with pytest.raises(ValueError, match="from one image to one map"):
        tiny("spatial", backbone=vit())


class Unheard(keras.Model):
    """Stands for a family of KerasHub that is not in the table."""


Unheard.__module__ = "keras_hub.src.unheard"


def test_units_that_are_unknown_are_refused():
    x = keras.Input((32, 32, 3))
    network = Unheard(x, keras.layers.Conv2D(4, 3)(x))
    with pytest.raises(ValueError, match="How a Unheard wants .*'hub:NAME'"):
        tiny("spatial", backbone=network)


@needs_hub
@pytest.mark.parametrize(
    ("scale", "offset", "convention"),
    [
        ([1 / 127.5] * 3, [-1.0] * 3, "unit"),
        ([0.01, 0.02, 0.03], [-1.0, 0.0, 1.0], "image"),
        (None, None, "image"),
    ],
)
def test_a_preset_brings_its_units(scale, offset, convention, tmp_path):
    hub = importlib.import_module("keras_hub")
    network = resnet()
    network.save_to_preset(tmp_path)
    hub.layers.ResNetImageConverter(scale=scale, offset=offset).save_to_preset(
        tmp_path
    )
    model = tiny("spatial", backbone=f"hub:{tmp_path}")
    assert model.get_layer("rgb_preprocessing").convention == convention
    inputs = inputs_for(model)
    images = inputs["rgb"] * (1 if scale is None else np.array(scale))
    images = images + (0 if offset is None else np.array(offset))
    np.testing.assert_allclose(
        maps_of(model, ["rgb_stack3_block0_out"], inputs)[0],
        network(images.astype("float32")),
        rtol=1e-3,
        atol=1e-4,
    )


def test_without_keras_hub_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    message = r"pip install 'keras_twostream\[hub\]'.*'hub:resnet_50_imagenet'"
    with pytest.raises(ValueError, match=message):
        backbones.get("hub:resnet_50_imagenet")


CLIPS = {"frames": 3, "align": "resize"}


@needs_hub
def test_tokens_of_clips_are_laid_on_their_grid():
    network = video_prism()
    backbone = backbones.get(network, (32, 32))
    assert backbone.clips
    assert backbone.stages[backbone.resolve("relu5")] == ("grid", 8, 32)
    assert backbone.resolve("pool5") == "grid"
    model = tiny("spatial", backbone=network, **CLIPS)
    assert {*model.load_report.missing} == {"rgb_fc8"}
    inputs = inputs_for(model)
    grid = maps_of(model, ["rgb_grid"], inputs)[0]
    assert grid.shape == (2, 3, 4, 4, 32)
    tokens = network(inputs["rgb"] / 255)
    np.testing.assert_allclose(
        grid.reshape(2, 3, 16, 32), tokens, rtol=1e-3, atol=1e-4
    )
    pooled = maps_of(model, ["rgb_avg_pool"], inputs)[0]
    np.testing.assert_allclose(pooled, grid.mean((1, 2, 3)), atol=1e-5)


@needs_hub
def test_a_network_for_texts_too_is_used_for_clips():
    network = video_prism(num_text_layers=1, vocabulary_size=9)
    grid = backbones.get(network, (32, 32)).network.output
    assert grid.shape == (None, 3, 4, 4, 32)


@needs_hub
@pytest.mark.parametrize(
    "row",
    [
        ("conv3d_relu5_pool3d", {}),
        ("conv3d_relu5_pool3d_plus", {}),
        (None, {"fusion": "conv", "location": "relu5"}),
        ("sum_softmax", {}),
    ],
    ids=str,
)
def test_clips_and_flow_of_another_kind_are_fused(row):
    name, options = row
    towers = {"rgb": video_prism(), "flow": "vgg_tiny"}
    model = tiny(name, backbone=towers, **CLIPS, **options)
    aligned = [x for x in model.layers if isinstance(x, AlignResolution)]
    assert len(aligned) <= 1
    scores = model(inputs_for(model))
    scores = scores["scores"] if isinstance(scores, dict) else scores
    np.testing.assert_allclose(np.sum(scores, axis=-1), 1, atol=1e-5)


@needs_hub
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frames": 4}, "takes clips of 3 frames.*frames=4"),
        ({"input_shape": (48, 48)}, r"input_shape=\(32, 32\)"),
        ({"frames": None}, "takes clips: pass frames="),
    ],
)
def test_clips_of_other_sizes_are_refused(options, message):
    options = CLIPS | options
    with pytest.raises(ValueError, match=message):
        tiny("spatial", backbone=video_prism(), **options)


FRESH = """
import sys, keras, numpy as np, keras_twostream
model = keras.models.load_model(sys.argv[1])
data = np.load(sys.argv[2])
scores = model({"rgb": data["rgb"], "flow": data["flow"]}, training=False)
print(float(np.abs(np.asarray(scores) - data["scores"]).max()))
"""


@needs_hub
@pytest.mark.slow
def test_a_file_loads_in_a_fresh_process(tmp_path, run_python):
    towers = {"rgb": video_prism(), "flow": resnet()}
    model = tiny("sum_softmax", backbone=towers, **CLIPS)
    paths = tmp_path / "model.keras", tmp_path / "data.npz"
    inputs = inputs_for(model)
    model.save(paths[0])
    np.savez(paths[1], scores=scores_of(model, inputs), **inputs)
    difference = run_python("-c", FRESH, *paths)
    assert float(difference.split()[-1]) < 1e-6
