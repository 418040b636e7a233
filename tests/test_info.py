"""What is told of networks: facts, costs and how far they see."""

import json

import keras
import pytest
from networks import TINY, sketch, tiny

from keras_twostream import FlowSpec, keep_streams, layers, model_info
from keras_twostream.cli import main
from keras_twostream.models import Published, Spec
from keras_twostream.models.cost import multiply_adds
from keras_twostream.models.table import MODELS
from keras_twostream.models.words import best_fit, phrase, time_span

# By hand: convolutions of one VGG-M tower after conv1, without conv1; both
# conv1; the classifier.
VGG_M = 26**2 * 25 * 96 * 256 + 13**2 * 9 * (256 + 2 * 512) * 512
CONV1 = 109**2 * 49 * 96
HEAD = 36 * 512 * 4096 + 4096 * 2048 + 2048 * 101


def test_multiply_adds_of_image_layers():
    inputs = keras.Input((10, 8, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", strides=2)(inputs)
    x = keras.layers.DepthwiseConv2D(3, padding="same")(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.Sequential([keras.layers.Conv2D(6, 1, groups=2)])(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(7)(x))
    by_hand = 5 * 4 * (3 * 3 * 3 * 4 + 3 * 3 * 4 + 2 * 6) + 6 * 7
    assert multiply_adds(model) == by_hand


def test_multiply_adds_of_layers_over_time():
    inputs = keras.Input((8, 4, 6, 3))
    x = keras.layers.Conv3D(5, (3, 3, 3), padding="same")(inputs)
    x = layers.TemporalConv(7, (4, 3, 3), strides=2)(x)
    x = layers.TemporalPool("max", segments=3)(x)
    clip = multiply_adds(keras.Model(inputs, x))
    places = 4 * 6
    assert clip == places * 27 * (8 * 3 * 5) + 3 * places * 36 * 5 * 7
    steps = keras.Input((8, 3))
    x = layers.TemporalLSTM(5, num_layers=2)(steps)
    x = keras.layers.LSTM(2)(x)
    gates = 4 * (5 * (3 + 5) + 5 * (5 + 5) + 2 * (5 + 2))
    assert multiply_adds(keras.Model(steps, x)) == 8 * gates


def test_multiply_adds_of_fusions():
    shape = (4, 6, 3)
    maps = [keras.Input(shape), keras.Input(shape)]
    cells = 4 * 6
    for fusion, by_hand in (
        (layers.ConvFusion(), cells * 6 * 3),
        (layers.BilinearFusion(), cells * 3 * 3),
        (layers.SumFusion(), 0),
    ):
        assert multiply_adds(keras.Model(maps, fusion(maps))) == by_hand
    clips = [keras.Input((5, *shape)), keras.Input((5, *shape))]
    fused = layers.Conv3DFusion()(clips)
    assert multiply_adds(keras.Model(clips, fused)) == 5 * cells * 27 * 6 * 3
    pooled = layers.BilinearPooling()(clips[0])
    assert multiply_adds(keras.Model(clips[0], pooled)) == 5 * cells * 9


def test_multiply_adds_of_towers():
    both = CONV1 * (3 + 20) + 2 * VGG_M + 13**2 * 2 * 512 * 512
    assert multiply_adds(sketch("conv_relu5")) == both + HEAD
    clip = sketch("conv_relu5", frames=3)
    assert multiply_adds(clip) == 3 * (both + HEAD)
    early = sketch("conv_relu5", frames=3, time={"pool5": "max"})
    assert multiply_adds(early) == 3 * both + HEAD
    alone = keep_streams(sketch("sum_softmax"), "rgb")
    assert multiply_adds(alone) == multiply_adds(sketch("spatial"))


def test_multiply_adds_of_a_kept_tower():
    options = {"backbone": "vgg_m_2048"}
    fused = multiply_adds(sketch("conv3d_relu5_pool3d", **options))
    both = CONV1 * (3 + 20) + 2 * VGG_M + 13**2 * 27 * 2 * 512 * 512
    assert fused == 5 * both + HEAD
    plus = sketch("conv3d_relu5_pool3d_plus", **options)
    assert multiply_adds(plus) == fused + HEAD


def test_multiply_adds_of_c3d():
    # Frames, side of the map, channels in and out of every convolution.
    rows = (
        (16, 112, 3, 64),
        (16, 56, 64, 128),
        (8, 28, 128, 256),
        (8, 28, 256, 256),
        (4, 14, 256, 512),
        (4, 14, 512, 512),
        (2, 7, 512, 512),
        (2, 7, 512, 512),
    )
    body = sum(t * side**2 * 27 * a * b for t, side, a, b in rows)
    head = 8192 * 4096 + 4096 * 4096 + 4096 * 101
    assert multiply_adds(sketch("c3d")) == body + head == 38_547_378_176


def test_multiply_adds_of_an_lstm():
    frame = CONV1 * 3 + VGG_M + 36 * 512 * 4096 + 4096 * 2048
    cells = 4 * 512 * (2048 + 512) + 4 * 4 * 512 * (512 + 512)
    assert multiply_adds(sketch("lstm")) == 30 * (frame + cells + 512 * 101)


def test_info_tells_what_a_network_is():
    info = model_info("conv_relu5_fc8", **TINY)
    assert info.fuse == {"relu5": "conv", "fc8": "sum"}
    assert (info.time, info.keep, info.source) == ({}, False, "")
    assert info.streams == ("rgb", "flow")
    assert info.input_shapes == {"rgb": (32, 32, 3), "flow": (32, 32, 4)}
    assert info.output_shapes == {"scores": (5,)}
    assert info.output_shape == (5,)
    assert info.parameters == tiny("conv_relu5_fc8").count_params()
    assert (info.published[0].table, info.published[0].ucf101) == (2, 86.04)
    facts = json.loads(info.to_json())
    assert facts["name"] == "conv_relu5_fc8"
    assert facts["parameters"] == info.parameters
    assert facts["published"][0]["row"] == "ReLU5 + FC8"
    assert facts["diagram"] == str(info.diagram)


def test_info_tells_of_clips_and_losses():
    plus = model_info("conv3d_relu5_pool3d_plus", backbone="vgg_tiny")
    assert plus.keep
    assert plus.time == {"pool5": ["max"]}
    assert [*plus.output_shapes] == ["spatiotemporal", "temporal", "scores"]
    assert plus.input_shapes["flow"] == (5, 224, 224, 20)
    lstm = model_info("lstm", streams=("rgb", "flow"), **TINY)
    assert lstm.fuse == {"softmax": "average"}
    assert lstm.output_shapes == {"steps": (30, 5), "scores": (5,)}
    assert lstm.time == {"relu7": ["lstm"], "softmax": ["ramp"]}
    assert "Ng et al." in lstm.source


def test_info_of_own_combinations():
    row = Spec(fuse={"relu4": "max"}, backbone="vgg_tiny")
    by_spec = model_info(row, input_shape=(32, 32))
    by_words = model_info(
        None, fusion="max", location="relu4", backbone="vgg_tiny"
    )
    assert by_spec.fuse == by_words.fuse == {"relu4": "max"}
    assert by_spec.backbone == by_words.backbone == "vgg_tiny"
    assert by_words.name == "max_relu4"
    with pytest.raises(ValueError, match="no model 'conv_relu9'"):
        model_info("conv_relu9")


@pytest.mark.parametrize(
    ("name", "options", "rgb", "flow", "video"),
    [
        ("spatial", {}, 1, 0, 1),
        ("temporal", {}, 0, 2, 3),
        ("conv_relu5", {}, 1, 2, 3),
        ("conv_relu5_pool3d", {}, 5, 10, 4 + 2 + 1),
        ("conv_relu5_pool3d", {"frame_step": 6}, 5, 10, 4 * 6 + 2 + 1),
        ("conv_relu5", {"flow": FlowSpec(step=3)}, 1, 2, 2 * 3 + 1),
        ("early_fusion", {}, 10, 0, 10),
        ("tsn", {"frames": 7, "frame_step": 2}, 7, 0, 13),
    ],
)
def test_how_far_an_answer_sees(name, options, rgb, flow, video):
    info = model_info(name, **(TINY | options))
    assert (info.rgb_frames, info.flow_fields) == (rgb, flow)
    assert info.video_frames == video


@pytest.mark.parametrize("frames", [1, 2, 5])
@pytest.mark.parametrize("fields", [0, 1, 10])
@pytest.mark.parametrize("tau", [1, 4, 15])
@pytest.mark.parametrize("step", [1, 2])
def test_the_span_is_that_of_the_frames_that_are_read(
    frames, fields, tau, step
):
    read = set()
    for centre in range(0, frames * tau, tau):
        first = centre - fields // 2 * step
        ends = [first + step * field for field in range(fields + 1)]
        read |= {centre, *(ends if fields else ())}
    span = max(read) - min(read) + 1
    assert time_span(frames, fields, tau, step) == span


def test_the_words_for_a_row():
    assert phrase({"relu3": "conv", "relu5": "conv", "fc8": "sum"}) == (
        "conv at relu3, relu5, sum at fc8"
    )
    assert phrase(MODELS["time_domain_conv"].time) == "conv + max at pool5"
    own = {"fc8": layers.TemporalPool(), "fc7": {"segments": 2}}
    assert phrase(own, " ") == "TemporalPool fc8, pool fc7"


def test_the_accuracy_that_fits_a_row_best():
    assert best_fit(MODELS["spatial"]).towers == "VGG-M-2048"
    assert best_fit(MODELS["conv3d_relu5_pool3d_plus"]).ucf101 == 92.5
    assert best_fit(MODELS["lrcn"]).towers == "CaffeNet"
    assert best_fit(MODELS["lstm"]) is None
    rows = (
        Published(table=1, row="a", towers="X"),
        Published(table=2, row="b", towers="VGG-16"),
    )
    assert best_fit(Spec(backbone="vgg16", published=rows)) is rows[1]


def test_the_list_has_every_network_in_lines_that_fit(capsys):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    table = [line.split() for line in lines]
    assert {*MODELS} <= {line[0] for line in table if line}
    assert ["c3d", "rgb", "alone", "3D", "conv", "16", "85.20", "(T5)"] in table
    assert main(["list", "lstm", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["frames"] == 30
    assert row["time"]["relu7"]["num_layers"] == 5


def test_info_prints_facts_and_the_towers(capsys, tmp_path):
    picture = tmp_path / "lstm.svg"
    arguments = ["lstm", "--streams", "rgb", "flow", "--frames", "7"]
    arguments += ["--backbone", "vgg_tiny", "--picture", str(picture)]
    assert main(["info", *arguments]) == 0
    text = capsys.readouterr().out
    assert "7 RGB frames, 70 flow fields, over 17 frames of video" in text
    assert "(lstm over time, relu7)" in text
    assert "Ng et al." in text
    assert picture.read_text("utf-8").startswith("<?xml")
