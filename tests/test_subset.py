"""Networks of some of the streams: `keep_streams`."""

import keras
import numpy as np
import pytest
from keras import ops
from networks import inputs_for, scores_of, tiny

from keras_twostream import layers
from keras_twostream.layers.missing import FillStreams
from keras_twostream.models.network import answer
from keras_twostream.models.subset import keep_streams

NETWORKS = [
    ("bilinear_relu5", 3),
    ("concat_relu5", None),
    ("conv_relu3_relu5_fc6", None),
    ("conv_relu5", 3),
    ("conv_relu5_fc8", None),
    ("max_relu5", 3),
    ("sum_softmax", 3),
]
SIZES = {"rgb": (4, 4, 3), "flow": (4, 4, 4)}


def array(x):
    return ops.convert_to_numpy(x)


def sketch(fusion, sizes=SIZES, align=None):
    """Returns a network of two convolutions, with outputs of both towers."""
    inputs = {k: keras.Input(shape, name=k) for k, shape in sizes.items()}
    maps = [
        keras.layers.Conv2D(5, 3, activation="relu", name=f"{k}_conv")(x)
        for k, x in inputs.items()
    ]
    if align:
        maps = layers.AlignResolution(align)(maps)
    x = keras.layers.GlobalAveragePooling2D()(fusion(maps))
    fused = keras.layers.Dense(2, activation="softmax", name="fused")(x)
    x = keras.layers.GlobalAveragePooling2D()(maps[1])
    alone = keras.layers.Dense(2, activation="softmax", name="alone")(x)
    scores = layers.AverageFusion(name="scores")([fused, alone])
    outputs = {"fused": fused, "alone": alone, "scores": scores}
    return keras.Model(inputs, outputs)


def by_hand(model, missing):
    """Returns a copy of a network with a neutral map in place of a stream."""
    index, fused = [*model.input].index(missing), False

    def call(layer, *args, **kwargs):
        nonlocal fused
        if isinstance(layer, layers.Fusion):
            maps = [*args[0]]
            if index == 1 or not fused:
                maps[index] = stand_in(layer, maps[index], maps[1 - index])
            args, fused = (maps,), True
        return layer(*args, **kwargs)

    copy = keras.models.clone_model(
        model,
        clone_function=lambda x: type(x).from_config(x.get_config()),
        call_function=call,
    )
    for layer in copy.layers:
        layer.set_weights(model.get_layer(layer.name).get_weights())
    return copy


def stand_in(layer, x, other):
    if isinstance(layer, (layers.AverageFusion, layers.MaxFusion)):
        return other
    return x * 0 + isinstance(layer, layers.BilinearFusion)


def answer_of(model, inputs):
    return array(answer(model(inputs, training=False)))


def check(model, stream):
    """Compares the answer from a stream with what it is by hand."""
    (missing,) = {*model.input} - {stream}
    alone, inputs = keep_streams(model, stream), inputs_for(model)
    expected = answer_of(by_hand(model, missing), inputs)
    found = answer_of(alone, {stream: inputs[stream]})
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert [*alone.input] == [stream]
    assert np.abs(found - answer_of(model, inputs)).max() > 1e-4
    return alone


@pytest.mark.parametrize("stream", ["rgb", "flow"])
@pytest.mark.parametrize(("name", "frames"), NETWORKS)
def test_one_stream_answers_as_if_the_other_were_neutral(name, stream, frames):
    check(tiny(name, frames=frames), stream)


@pytest.mark.parametrize("stream", ["rgb", "flow"])
@pytest.mark.parametrize("mode", ["pad", "resize"])
def test_an_aligner_sees_the_missing_stream_s_size(mode, stream):
    sizes = {"rgb": (6, 4, 3), "flow": (5, 7, 4)}
    check(sketch(layers.ConvFusion(), sizes, align=mode), stream)


@pytest.mark.parametrize("stream", ["rgb", "flow"])
def test_both_towers_answer_from_one_stream(stream):
    model = tiny("conv_relu5_pool2d_plus", frames=2)
    alone = check(model, stream)
    kept = {"temporal"} if stream == "flow" else set()
    assert {*alone.output} == {"spatiotemporal", "scores"} | kept


def test_late_fusion_is_left_with_the_single_stream_network():
    model = tiny("sum_softmax")
    inputs = inputs_for(model)
    for name, stream in (("spatial", "rgb"), ("temporal", "flow")):
        single, alone = tiny(name), keep_streams(model, [stream])
        for layer in single.layers:
            layer.set_weights(model.get_layer(layer.name).get_weights())
        expected = scores_of(single, inputs)
        np.testing.assert_array_equal(scores_of(alone, inputs), expected)


def test_the_missing_tower_is_not_computed_and_layers_are_shared():
    model = tiny("conv_relu5")
    rgb, flow = keep_streams(model, "rgb"), keep_streams(model, "flow")
    assert not [x for x in rgb.layers if x.name.startswith("flow")]
    before = [layer.name for layer in model.layers].index("relu5_conv")
    towers = {layer.name for layer in model.layers[:before]}
    both = towers & {layer.name for layer in flow.layers}
    assert not {name for name in both if name.startswith("rgb")}
    for alone in (rgb, flow):
        own = [x for x in alone.layers if not isinstance(x, FillStreams)]
        assert all(model.get_layer(x.name) is x for x in own)
        assert alone.count_params() < model.count_params()
    assert keep_streams(model, ["flow", "rgb"]) is model


RELOAD = """
import sys, keras, numpy, keras_twostream
model = keras.models.load_model(sys.argv[1] + ".keras")
arrays = dict(numpy.load(sys.argv[1] + ".npz"))
expected = arrays.pop("scores")
scores = keras.ops.convert_to_numpy(model(arrays, training=False))
numpy.testing.assert_allclose(scores, expected, atol=1e-6)
print(type(model).__name__, [*model.input])
"""


def test_one_stream_s_network_is_saved_and_reloaded(tmp_path, run_python):
    model = keep_streams(tiny("conv_relu5_fc8", frames=2), "flow")
    inputs = inputs_for(model)
    np.savez(tmp_path / "a.npz", **inputs, scores=scores_of(model, inputs))
    model.save(tmp_path / "a.keras")
    answer = run_python("-c", RELOAD, tmp_path / "a")
    assert answer.split("\n")[-2] == "TwoStreamModel ['flow']"


def test_outputs_that_no_stream_is_left_for_disappear(rng):
    model = sketch(layers.ConvFusion())
    x = {
        k: rng.normal(size=(2, *v)).astype("float32") for k, v in SIZES.items()
    }
    rgb, flow = keep_streams(model, "rgb"), keep_streams(model, "flow")
    assert [*flow.output] == ["fused", "alone", "scores"]
    assert [*rgb.output] == ["fused", "scores"]
    found = rgb(x)
    np.testing.assert_array_equal(array(found["scores"]), array(found["fused"]))
    np.testing.assert_array_equal(
        array(flow(x)["alone"]), array(model(x)["alone"])
    )


@pytest.mark.parametrize(
    ("fusion", "fill"),
    [
        (keras.layers.Add(), "zeros"),
        (keras.layers.Average(), "mean"),
        (keras.layers.Maximum(), "max"),
        (keras.layers.Multiply(), "ones"),
        (layers.ConvFusion(), "zeros"),
    ],
    ids=lambda x: getattr(x, "name", x),
)
def test_maps_of_any_size_are_filled_as_the_fusion_says(fusion, fill, rng):
    sizes = {"rgb": (None, None, 3), "flow": (None, None, 4)}
    model = sketch(fusion, sizes)
    rgb = keep_streams(model, "rgb")
    filled = [x for x in rgb.layers if isinstance(x, FillStreams)]
    assert filled[0].neutral == fill
    x = {"rgb": rng.normal(size=(2, 5, 6, 3)).astype("float32")}
    assert np.isfinite(array(rgb(x)["fused"])).all()


def test_what_is_asked_for_has_to_be_there():
    model = sketch(layers.ConvFusion())
    alone = keep_streams(model, "rgb")
    for network, streams in ((model, "depth"), (alone, "flow"), (model, [])):
        with pytest.raises(ValueError, match=r"streams must be .*Received"):
            keep_streams(network, streams)
    plain = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="dict of inputs"):
        keep_streams(plain, "rgb")
    dot = sketch(keras.layers.Subtract(name="minus"))
    with pytest.raises(ValueError, match="minus merges streams, and what"):
        keep_streams(dot, "rgb")
