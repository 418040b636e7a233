"""I3D: its places, its sizes and what it computes."""

import i3d_files
import keras
import numpy as np
import pytest
from networks import inputs_for, maps_of, scores_of, shapes_only, sketch, tiny

from keras_twostream import backbones, build, layers, read_record, training
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.models.info import model_info
from keras_twostream.video.synthetic import write_dataset

TINY = {"backbone": "i3d_tiny", "frames": 4}
# Place -> (stride of time, stride of space, channels).
PLACES = {
    "Conv3d_1a_7x7": (2, 2, 64),
    "MaxPool3d_2a_3x3": (2, 4, 64),
    "Conv3d_2b_1x1": (2, 4, 64),
    "Conv3d_2c_3x3": (2, 4, 192),
    "MaxPool3d_3a_3x3": (2, 8, 192),
    "Mixed_3b": (2, 8, 256),
    "Mixed_3c": (2, 8, 480),
    "MaxPool3d_4a_3x3": (4, 16, 480),
    "Mixed_4b": (4, 16, 512),
    "Mixed_4c": (4, 16, 512),
    "Mixed_4d": (4, 16, 512),
    "Mixed_4e": (4, 16, 528),
    "Mixed_4f": (4, 16, 832),
    "MaxPool3d_5a_2x2": (8, 32, 832),
    "Mixed_5b": (8, 32, 832),
    "Mixed_5c": (8, 32, 1024),
}


def test_places_are_the_source_s():
    backbone = backbones.get("i3d")
    maps = {n: s for n, s in backbone.stages.items() if s.stride}
    assert {n: (s.stride, s.channels) for n, s in maps.items()} == {
        name: (stride, channels) for name, (_, stride, channels) in
        PLACES.items()
    }  # fmt: skip
    words = ("relu2", "relu3", "relu4", "relu5", "pool5", "fc6", "Logits")
    assert [backbone.resolve(word) for word in words] == [
        "Conv3d_1a_7x7", "Conv3d_2c_3x3", "Mixed_3c", "Mixed_4f", "Mixed_5c",
        "avg_pool", "fc8",
    ]  # fmt: skip
    assert backbone.resolve("Predictions") == "softmax"
    with pytest.raises(ValueError, match="Did you mean Mixed_4f"):
        backbone.resolve("Mixed_4g")
    assert {"i3d", "i3d_tiny"} <= {*backbones.list_backbones()}


@pytest.mark.parametrize("frames", [16, 64])
def test_maps(frames):
    model = sketch("i3d", frames=frames, num_classes=400)
    assert model.output.shape == (None, 400)
    for stream in ("rgb", "flow"):
        for name, (time, space, channels) in PLACES.items():
            shape = model.get_layer(f"{stream}_{name}").output.shape
            side = 224 // space
            assert shape == (None, frames // time, side, side, channels)
    windows = model.get_layer("rgb_AvgPool3d_6a_7x7").output.shape
    assert windows == (None, frames // 8 - 1, 1, 1, 1024)


@pytest.mark.parametrize(("stream", "channels"), [("rgb", 3), ("flow", 2)])
def test_parameters_by_hand(stream, channels):
    # Kernels, and shift, mean and variance of every filter.
    shapes = [shape for _, shape in i3d_files.units(channels)]
    body = sum(int(np.prod(shape)) + 3 * shape[-1] for shape in shapes)
    assert body == {"rgb": 12_294_544, "flow": 12_272_592}[stream]
    for classes in (101, 400):
        model = sketch("i3d", streams=stream, num_classes=classes)
        assert model.count_params() == body + 1025 * classes
    features = sketch("i3d", streams=stream, include_top=False, pooling="avg")
    assert features.count_params() == body
    assert features.output.shape == (None, 1024)


def test_cost_is_the_published_one():
    # "108 GFLOPs" per stream of 64 frames (Xie et al., Rethinking
    # Spatiotemporal Feature Learning, ECCV 2018), multiply-adds.
    facts = model_info("i3d", streams=("rgb",), num_classes=400)
    assert 107e9 < facts.multiply_adds < 112e9
    assert (facts.rgb_frames, facts.video_frames) == (64, 64)


def test_a_row_says_how_many_flow_fields_it_takes():
    with shapes_only():
        model = build("i3d", backbone="i3d_tiny", input_shape=(32, 32))
        other = build(
            "i3d", backbone="i3d_tiny", input_shape=(32, 32), flow_frames=4
        )
        default = build("temporal", backbone="vgg_tiny", input_shape=(32, 32))
    assert model.input["flow"].shape == (None, 64, 32, 32, 2)
    assert other.input["flow"].shape == (None, 64, 32, 32, 8)
    assert default.input["flow"].shape == (None, 32, 32, 20)
    assert model.network["flow_frames"] == 1


@pytest.mark.parametrize("streams", ["rgb", ("flow",)])
def test_fused_in_the_scores_it_is_two_networks(streams):
    model = tiny("i3d", **TINY, streams=streams)
    assert [*model.input] == [*([streams] if streams == "rgb" else streams)]
    assert scores_of(model).shape == (2, 5)
    with pytest.raises(ValueError, match="fuses two streams"):
        tiny("conv_relu5", streams=streams)


def test_logits_are_averaged():
    model = tiny("i3d", **TINY)
    rgb, flow, both = maps_of(model, ["rgb_fc8", "flow_fc8", "fc8_average"])
    np.testing.assert_allclose(both, (rgb + flow) / 2, atol=1e-5)
    scores = np.exp(both) / np.exp(both).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(scores_of(model), scores, atol=1e-5)


@pytest.mark.parametrize(
    ("fusion", "location"),
    [
        ("conv3d", "Mixed_4f"),
        ("conv", "relu5"),
        ("sum", "Mixed_5c"),
        ("max", "MaxPool3d_4a_3x3"),
        ("sum", "Logits"),
        ("average", "Predictions"),
    ],
)
def test_fusion_at_its_places(fusion, location):
    model = tiny(fusion=fusion, location=location, **TINY)
    assert scores_of(model).shape == (2, 5)


def test_time_may_end_at_the_last_map_and_no_earlier():
    model = tiny("i3d", **TINY, streams="rgb", time={"pool5": "max"})
    assert scores_of(model).shape == (2, 5)
    with pytest.raises(ValueError, match=r"time goes on up to Mixed_5c.*16\)"):
        sketch("i3d", streams="rgb", **TINY, time={"Conv3d_2c_3x3": "max"})
    with pytest.raises(ValueError, match="not of i3d"):
        sketch("i3d", weights="imagenet")


def test_gradients_reach_every_variable():
    model = tiny("i3d", **TINY, streams="flow", input_shape=(64, 64))
    before = [np.array(w) for w in model.trainable_variables]
    model.compile(
        keras.optimizers.SGD(1.0),
        "sparse_categorical_crossentropy",
        run_eagerly=True,
    )
    model.train_on_batch(inputs_for(model, 4), np.arange(4))
    for old, new in zip(before, model.trainable_variables, strict=True):
        assert np.abs(old - np.array(new)).max() > 0, new.path


def test_a_saved_network_answers_alike(tmp_path):
    model = tiny("i3d", **TINY, class_names=list("abcde"))
    model.save(tmp_path / "i3d.keras")
    again = keras.saving.load_model(tmp_path / "i3d.keras")
    np.testing.assert_allclose(scores_of(again), scores_of(model), atol=1e-6)
    record = read_record(again)
    assert (record.frames, record.flow_frames) == (4, 2)
    rebuilt = build(**record.network, class_names=record.class_names)
    rebuilt.set_weights(again.get_weights())
    np.testing.assert_allclose(scores_of(rebuilt), scores_of(model), atol=1e-6)


@pytest.mark.slow
def test_it_trains_with_one_flow_field_per_frame(tmp_path):
    recipe = training.Recipe(
        model="i3d",
        backbone="i3d_tiny",
        frames=4,
        epochs=1,
        image_size=(32, 32),
        flow=FlowSpec(short_side=32),
    )
    assert recipe.flow_frames is None
    model = training.train(
        write_dataset(tmp_path / "clips", 2), tmp_path / "run", recipe,
        cache_dir=tmp_path / "cache", workers=1,
    )  # fmt: skip
    assert model.input["flow"].shape == (None, 4, 32, 32, 2)
    assert read_record(model).flow_frames == 1


@pytest.mark.parametrize("cells", [(4, 7, 8), (1, 6, 5), (5, 3, 1)])
@pytest.mark.parametrize(
    ("window", "step"),
    [((3, 3, 3), (2, 2, 2)), ((1, 3, 3), (1, 2, 2)), (3, 1), (2, 2)],
)
def test_same_max_pooling_is_keras_s(window, step, cells, rng):
    x = rng.normal(size=(2, *cells, 3)).astype("float32") - 5
    layer = layers.SameMaxPooling3D(window, step)
    expected = keras.layers.MaxPooling3D(window, step, "same")(x)
    np.testing.assert_array_equal(layer(x), expected)
    assert layer.compute_output_shape(x.shape) == expected.shape
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    np.testing.assert_array_equal(again(x), expected)
    half = keras.ops.cast(x, "float16")
    np.testing.assert_allclose(again(half), expected, rtol=1e-3)
