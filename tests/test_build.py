"""The arguments of `build`, right and wrong."""

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

from keras_twostream import backbones, layers
from keras_twostream.models import Spec

UNEQUAL = {"rgb": "vgg16", "flow": "vgg_m_2048"}


def test_the_call_on_the_first_page():
    model = sketch("conv_relu5")
    shapes = {name: x.shape for name, x in model.input.items()}
    assert shapes == {
        "rgb": (None, 224, 224, 3),
        "flow": (None, 224, 224, 20),
    }
    assert model.name == "conv_relu5"


@pytest.mark.parametrize("place", ["conv_pw_11_relu", "relu5", "relu2"])
def test_fusion_and_location_instead_of_a_name(place):
    model = sketch(fusion="conv", location=place, backbone=MOBILENET)
    assert model.name == f"conv_{place}"
    stage = backbones.get(MOBILENET).resolve(place)
    fusion = model.get_layer(f"{place}_conv")
    assert [x.name for x in fusion.input] == [
        model.get_layer(f"{stream}_{stage}").output.name
        for stream in ("rgb", "flow")
    ]


@pytest.mark.parametrize(
    "backbone",
    ["mobilenet_v2", "resnet50", "efficientnetb0", "densenet121",
     "convnexttiny", "mobilenet_v3small"],
)  # fmt: skip
def test_any_application_is_a_two_stream_network(backbone):
    model = sketch("conv_relu5", backbone=backbone, input_shape=(64, 64))
    assert model.output.shape == (None, 101)
    map_shape = model.get_layer("relu5_conv").output.shape
    assert map_shape[1:3] == (4, 4)


def test_a_spec_of_ones_own():
    spec = Spec(
        fuse={"relu3": "max", "relu5": layers.SumFusion([1, 2]), "fc7": "conv"}
    )
    model = tiny(spec)
    names = {layer.name for layer in model.layers}
    assert {"relu3_max", "relu5_sum", "fc7_conv"} < names
    assert model.get_layer("relu5_sum").stream_weights == (1, 2)


@pytest.mark.parametrize(
    ("pooling", "shape"),
    [(None, (None, 2, 2, 32)), ("avg", (None, 32)), ("max", (None, 32))],
)
def test_features_without_the_top(pooling, shape):
    model = tiny("conv_relu5", include_top=False, pooling=pooling)
    assert model.output.shape == shape
    if pooling:
        whole = tiny("conv_relu5", include_top=False)
        whole.set_weights(randomise(model).get_weights())
        inputs = inputs_for(model)
        reduce = {"avg": np.mean, "max": np.max}[pooling]
        expected = reduce(scores_of(whole, inputs), axis=(1, 2))
        np.testing.assert_allclose(
            scores_of(model, inputs), expected, rtol=1e-4, atol=1e-5
        )


def test_features_without_the_top_of_clips_and_of_vectors():
    clips = tiny("conv_relu5", include_top=False, frames=3)
    assert clips.output.shape == (None, 3, 2, 2, 32)
    vector = tiny("bilinear_relu5", include_top=False, pooling="avg")
    assert vector.output.shape == (None, 32 * 32)


def test_logits_and_other_shapes():
    model = tiny("conv_relu5", classifier_activation=None)
    scored = tiny("conv_relu5")
    scored.set_weights(randomise(model).get_weights())
    inputs = inputs_for(model)
    logits = scores_of(model, inputs)
    exponents = np.exp(logits)
    expected = exponents / exponents.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(scores_of(scored, inputs), expected, atol=1e-5)
    model = tiny("conv_relu5", input_shape=(40, 56, 3), flow_frames=5)
    assert model.input["rgb"].shape == (None, 40, 56, 3)
    assert model.input["flow"].shape == (None, 40, 56, 10)
    assert tiny("conv_relu5", class_names=["a", "b"]).output.shape[1] == 2


@pytest.mark.parametrize("align", ["pad", "resize"])
def test_unequal_backbones_are_aligned(align):
    model = sketch("conv_relu5", backbone=UNEQUAL, align=align)
    aligned = model.get_layer("relu5_align").output
    assert [x.shape for x in aligned] == [(None, 14, 14, 512)] * 2
    names = {layer.name for layer in model.layers}
    assert {"rgb_conv5_3", "flow_conv5", "relu5_conv"} < names


def repeated(inputs, frames):
    return {k: np.repeat(x[:, None], frames, axis=1) for k, x in inputs.items()}


@pytest.mark.parametrize(
    "time", [None, {"relu5": {}}, {"pool5": "max"}, {"softmax": "ramp"}]
)
@pytest.mark.parametrize("name", ["conv_relu5", "sum_softmax"])
def test_a_clip_of_equal_frames_is_that_frame(name, time):
    single = randomise(tiny(name))
    clip = tiny(name, frames=3, time=time)
    clip.set_weights(single.get_weights())
    inputs = inputs_for(single)
    np.testing.assert_allclose(
        scores_of(clip, repeated(inputs, 3)),
        scores_of(single, inputs),
        atol=1e-5,
    )


@pytest.mark.parametrize(
    ("time", "ordered"),
    [(None, False), ({"relu5": {}}, False), ({"relu7": {"segments": 2}}, True)],
)
def test_only_segments_tell_the_order_of_frames(time, ordered):
    model = randomise(tiny("conv_relu5", frames=4, time=time))
    inputs = inputs_for(model)
    backwards = {key: x[:, ::-1] for key, x in inputs.items()}
    difference = scores_of(model, inputs) - scores_of(model, backwards)
    assert (np.abs(difference).max() > 1e-4) == ordered


def test_time_ends_where_it_is_told():
    model = tiny("conv_relu5", frames=4, time={"relu5": {"segments": 2}})
    name = "rgb_relu5_pool"
    assert model.get_layer(name).output.shape == (None, 4, 4, 64)
    fused, pooled = maps_of(model, ["relu5_conv", name])
    clip = fused.reshape(2, 2, 2, *fused.shape[1:]).mean(axis=2)
    np.testing.assert_allclose(
        pooled, np.concatenate([clip[:, 0], clip[:, 1]], axis=-1), atol=1e-5
    )


WRONG = {
    "unknown model": (
        ["conv_relu55"],
        {},
        "Did you mean conv_relu5",
    ),
    "no model": ([], {}, r"Give the name of a network, such as build\("),
    "half a model": ([], {"fusion": "conv"}, "Give the name of a network"),
    "two models": (
        ["conv_relu5"],
        {"fusion": "conv", "location": "relu3"},
        "Give a name, or a fusion",
    ),
    "half a fusion": (["spatial"], {"fusion": "conv"}, "Give a name, or a"),
    "one stream of a fusion": (
        ["conv_relu5"],
        {"streams": "rgb"},
        "fuses two streams",
    ),
    "stream twice": (["lstm"], {"streams": ("rgb", "rgb")}, "one or both of"),
    "3D backbone": (["c3d"], {"backbone": "vgg16"}, "which takes\\s+images"),
    "no clip": (["spatial"], {"backbone": "c3d"}, "c3d takes clips"),
    "time that has ended": (
        ["tsn"],
        {"time": {"pool5": "max", "fc8": "average"}},
        "needs frames",
    ),
    "a loss of steps that are not there": (
        ["lstm"],
        {"time": {"relu7": "max"}},
        "needs time to go on",
    ),
    "unknown stage": (
        [],
        {"fusion": "conv", "location": "relu55"},
        "no stage 'relu55'.*Did you mean relu5.*There are: ",
    ),
    "unknown fusion": (
        [],
        {"fusion": "konv", "location": "relu5"},
        "there are .*'conv'.*Received: 'konv'",
    ),
    "bilinear at fc6": (
        [],
        {"fusion": "bilinear", "location": "fc6"},
        r"bilinear cannot fuse at fc6.*image maps \(4-D\)",
    ),
    "conv3d of frames": (
        [],
        {"fusion": "conv3d", "location": "relu5"},
        r"conv3d cannot fuse at relu5.*clip maps \(5-D\)",
    ),
    "backwards": (
        [],
        {"fusion": "conv", "location": ["relu5", "relu3"]},
        "relu3 comes before relu5",
    ),
    "after a vector": (
        [Spec(fuse={"relu5": "bilinear", "fc6": "sum"})],
        {},
        "comes before",
    ),
    "unequal": (
        ["conv_relu5"],
        {"backbone": UNEQUAL},
        r"unequal resolution at relu5.*14, 14.*13, 13.*align='pad'",
    ),
    "wrong aligner": (
        ["conv_relu5"],
        {"backbone": UNEQUAL, "align": "crop"},
        "'pad', 'resize'.*Received: crop",
    ),
    "top that is cut off": (
        ["conv_relu5_fc8"],
        {"include_top": False},
        "cannot be fused at fc8",
    ),
    "scores that are cut off": (
        ["sum_softmax"],
        {"include_top": False},
        "cannot be fused at softmax",
    ),
    "wrong pooling": (
        ["conv_relu5"],
        {"include_top": False, "pooling": "sum"},
        r"\['avg', 'max'\].*Received: 'sum'",
    ),
    "unknown backbone": (
        ["conv_relu5"],
        {"backbone": "mobilnet"},
        "Did you mean mobilenet",
    ),
    "half a backbone": (
        ["conv_relu5"],
        {"backbone": {"rgb": "vgg16"}},
        r"Received: none for \['flow'\]",
    ),
    "side alone": (["spatial"], {"input_shape": 224}, "height and width"),
    "empty image": (["spatial"], {"input_shape": (0, 224)}, "height and width"),
    "too small": (["spatial"], {"input_shape": (32, 32)}, "larger images"),
    "no flow": (["temporal"], {"flow_frames": 0}, "flow_frames must be"),
    "no classes": (["spatial"], {"num_classes": 0}, "num_classes must be"),
    "no frames": (["spatial"], {"frames": 0}, "frames must be"),
    "time of a frame": (["spatial"], {"time": {"relu5": {}}}, "needs frames"),
    "time nowhere": (
        ["spatial"],
        {"frames": 2, "time": {"relu9": {}}},
        "no stage 'relu9'",
    ),
    "too many segments": (
        ["spatial"],
        {"frames": 2, "time": {"relu5": {"segments": 3}}},
        "from 1 to the 2 frames",
    ),
    "unknown stream": ([Spec(streams=("depth",))], {}, "'rgb', 'flow'"),
    "unknown weights": (
        ["conv_relu5"],
        {"weights": {"depth": "imagenet"}},
        r"\['rgb', 'flow'\]",
    ),
    "unpublished weights": (
        ["conv_relu5"],
        {"weights": "imagenet"},
        r"\['vgg16'\].*not of vgg_m_2048",
    ),
}


@pytest.mark.parametrize(
    ("args", "options", "message"), WRONG.values(), ids=WRONG
)
def test_wrong_arguments_are_refused(args, options, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        sketch(*args, **options)


def test_dropout_is_in_front_of_the_dense_layers():
    rates = {
        layer.name: layer.rate
        for layer in sketch("spatial", dropout=0.85).layers
        if isinstance(layer, keras.layers.Dropout)
    }
    assert rates == {"rgb_dropout6": 0.85, "rgb_dropout7": 0.85}
