"""Networks of clips: where time ends, what they remember of its order."""

import keras
import numpy as np
import pytest
from networks import (
    inputs_for,
    maps_of,
    randomise,
    scores_of,
    sketch,
    tiny,
    tiny_of,
)

from keras_twostream import layers, list_models, transfer
from keras_twostream.models.table import MODELS

# What forgets the order of frames; all other networks of clips notice it.
ORDERLESS = {
    "conv_relu5_pool2d",
    "conv_relu5_pool3d",
    "conv_relu5_pool2d_plus",
    "conv_relu5_pool3d_plus",
    "conv_pooling",
    "late_pooling",
    "tsn",
}
CLIPS = [name for name, spec in MODELS.items() if spec.frames]
PLUS = [name for name, spec in MODELS.items() if spec.keep]


@pytest.mark.parametrize("name", CLIPS)
def test_the_order_of_frames(name):
    model = randomise(tiny_of(name))
    inputs = inputs_for(model)
    frames = next(iter(inputs.values())).shape[1]
    order = np.random.default_rng(0).permutation(frames)
    assert [*order] != sorted(order)
    shuffled = {stream: x[:, order] for stream, x in inputs.items()}
    difference = np.abs(
        scores_of(model, inputs) - scores_of(model, shuffled)
    ).max()
    assert (difference < 1e-6) == (name in ORDERLESS), difference


@pytest.mark.parametrize("name", ["conv_relu5_pool3d", "conv_relu5_pool2d"])
def test_a_clip_of_one_frame_is_that_frame(name):
    single = randomise(tiny("conv_relu5"))
    clip = tiny(name, frames=1)
    clip.set_weights(single.get_weights())
    inputs = inputs_for(single)
    one = {stream: x[:, None] for stream, x in inputs.items()}
    np.testing.assert_allclose(
        scores_of(clip, one), scores_of(single, inputs), atol=1e-6
    )


def test_conv3d_of_one_frame_is_a_blurred_conv():
    """At T = 1 all of the kernel but its middle in time meets padding."""
    clip = randomise_towers(tiny("conv3d_relu5_pool3d", frames=1))
    rgb, flow, fused = maps_of(
        clip, ["rgb_relu5", "flow_relu5", "relu5_conv3d"]
    )
    kernel = gaussian(1.0)[1][:, :, None, None] * np.eye(rgb.shape[-1])
    blurred = keras.ops.conv(
        0.25 * rgb + 0.75 * flow, kernel.astype("float32"), padding="same"
    )
    np.testing.assert_allclose(fused[:, 0], np.maximum(blurred, 0), atol=1e-5)


def gaussian(sigma):
    """Returns the 3x3x3 weights of the released code."""
    axis = np.exp(-((np.arange(-1, 2) / sigma) ** 2) / 2)
    cube = axis[:, None, None] * axis[:, None] * axis
    return cube / cube.sum()


def randomise_towers(model):
    kept = {
        x.name: x.get_weights()
        for x in model.layers
        if isinstance(x, layers.Fusion)
    }
    randomise(model)
    for name, weights in kept.items():
        model.get_layer(name).set_weights(weights)
    return model


def test_conv3d_starts_as_the_blurred_weighted_sum():
    model = randomise_towers(tiny("conv3d_relu5_pool3d", frames=3))
    rgb, flow, fused = maps_of(
        model, ["rgb_relu5", "flow_relu5", "relu5_conv3d"]
    )
    mixed = (0.25 * rgb + 0.75 * flow).reshape(2, 3, *rgb.shape[1:])
    padded = np.pad(mixed, [(0, 0), (1, 1), (1, 1), (1, 1), (0, 0)])
    expected = np.zeros_like(mixed)
    for (t, y, x), weight in np.ndenumerate(gaussian(1.0)):
        part = padded[:, t : t + 3, y : y + 4, x : x + 4]
        expected += weight * part
    np.testing.assert_allclose(fused, np.maximum(expected, 0), atol=1e-4)
    assert fused.max() > 0


def test_3d_pooling_is_the_maximum_over_cubes():
    model = randomise(tiny("conv_relu5_pool3d", frames=3))
    fused, pooled = maps_of(model, ["relu5_conv", "rgb_pool5_max"])
    clip = fused.reshape(2, 3, 2, 2, 2, 2, -1)
    np.testing.assert_allclose(pooled, clip.max(axis=(1, 3, 5)), atol=1e-6)


@pytest.mark.parametrize("name", PLUS)
def test_both_towers_have_scores_and_the_answer_is_their_mean(name):
    model = randomise(tiny_of(name))
    inputs = inputs_for(model)
    outputs = {k: np.array(v) for k, v in model(inputs, training=False).items()}
    assert [*outputs] == ["spatiotemporal", "temporal", "scores"]
    alone = tiny_of("temporal", frames=4, time=MODELS[name].time)
    transfer(model, alone)
    np.testing.assert_allclose(
        outputs["temporal"], scores_of(alone, inputs), atol=1e-5
    )
    # Scores are logits up to a constant: their mean can be compared.
    mean = np.log(outputs["spatiotemporal"]) + np.log(outputs["temporal"])
    expected = np.exp(mean / 2) / np.exp(mean / 2).sum(-1, keepdims=True)
    np.testing.assert_allclose(outputs["scores"], expected, atol=1e-5)


def test_one_tower_is_the_fused_part_of_both():
    both = randomise(tiny_of("conv3d_relu5_pool3d_plus"))
    one = tiny_of("conv3d_relu5_pool3d")
    report = transfer(both, one)
    assert not report.missing
    inputs = inputs_for(both)
    np.testing.assert_allclose(
        scores_of(one, inputs),
        both(inputs, training=False)["spatiotemporal"],
        atol=1e-6,
    )


def test_shapes_of_the_final_network():
    model = sketch("conv3d_relu5_pool3d_plus")
    shapes = {
        name: model.get_layer(name).output.shape[1:]
        for name in ("relu5_conv3d", "rgb_pool5_max", "flow_pool5_max")
    }
    assert shapes == {
        "relu5_conv3d": (5, 14, 14, 512),
        "rgb_pool5_max": (7, 7, 512),
        "flow_pool5_max": (7, 7, 512),
    }
    kernel = model.get_layer("relu5_conv3d").kernel
    assert kernel.shape == (3, 3, 3, 1024, 512)


def test_deep_and_less_deep_towers_are_padded():
    towers = {"rgb": "vgg16", "flow": "vgg_m_2048"}
    model = sketch("conv3d_relu5_pool3d_plus", backbone=towers)
    assert model.count_params() == 239_538_410
    maps = model.get_layer("relu5_align").output
    assert {x.shape for x in maps} == {(None, 5, 14, 14, 512)}


@pytest.mark.parametrize("name", [n for n in CLIPS if not MODELS[n].fuse])
def test_temporal_models_of_two_streams(name):
    options = {"streams": ("rgb", "flow")}
    model = tiny_of(name, **options)
    assert [*model.input] == ["rgb", "flow"]
    assert "softmax_average" in {layer.name for layer in model.layers}
    fused = tiny_of(name, fusion="sum", location="relu4")
    assert fused.name == f"{name}_sum_relu4"
    assert "flow_relu4" in {layer.name for layer in fused.layers}
    assert "flow_relu5" not in {layer.name for layer in fused.layers}


def test_early_fusion_of_equal_frames_is_the_frame():
    single = randomise(tiny("spatial"))
    early = tiny("early_fusion", frames=3)
    transfer(single, early)
    assert early.get_layer("rgb_conv1").kernel.shape[2] == 9
    inputs = inputs_for(single)
    clip = {"rgb": np.repeat(inputs["rgb"][:, None], 3, axis=1)}
    np.testing.assert_allclose(
        scores_of(early, clip), scores_of(single, inputs), atol=1e-5
    )


def test_every_temporal_model_has_its_source():
    for name in list_models():
        spec = MODELS[name]
        assert spec.source or spec.published or spec.frames, name
