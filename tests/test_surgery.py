"""Two trained networks made one."""

import json

import keras
import numpy as np
import pytest
from keras import ops
from networks import inputs_for, maps_of, randomise, scores_of, tiny
from users_networks import mobilenet, small

import keras_twostream
from keras_twostream import fuse, layers, transfer

AT = "conv_pw_11_relu"


@pytest.fixture(scope="module")
def mobilenets():
    return mobilenet("appearance", 3), mobilenet("motion", 20)


def answer_of(network, x):
    return ops.convert_to_numpy(network(x, training=False))


def relu(x):
    return np.maximum(x, 0)


def test_a_fused_network_starts_in_closed_form(mobilenets):
    model = fuse(*mobilenets, at=AT)
    names = [f"rgb_{AT}", f"flow_{AT}", f"{AT}_conv"]
    inputs = inputs_for(model)
    rgb, flow, fused = maps_of(model, names, inputs)
    for network, x, found in zip(
        mobilenets, inputs.values(), (rgb, flow), strict=True
    ):
        part = keras.Model(network.input, network.get_layer(AT).output)
        np.testing.assert_allclose(answer_of(part, x), found, atol=1e-5)
    np.testing.assert_allclose(fused, relu(0.25 * rgb + 0.75 * flow), atol=1e-5)
    assert model.output.shape == (None, 5)
    balance = keras_twostream.stream_balance(model)[f"{AT}_conv"]
    assert balance == pytest.approx({"rgb": 0.25, "flow": 0.75})


def test_only_the_spatial_stream_is_the_spatial_network(mobilenets):
    model = fuse(*mobilenets, at="relu5", init=(1, 0))
    assert {layer.name for layer in mobilenets[0].layers[1:]} < {
        layer.name.removeprefix("rgb_") for layer in model.layers
    }
    inputs = inputs_for(model)
    expected = answer_of(mobilenets[0], inputs["rgb"])
    np.testing.assert_allclose(scores_of(model, inputs), expected, atol=1e-7)


def test_the_originals_stay_as_they_are():
    networks = small(), small(4)
    before = [w.copy() for n in networks for w in n.get_weights()]
    model = fuse(*networks, at="c2", keep_temporal=True)
    inputs = inputs_for(model)
    pairs = [*zip(networks, inputs.values(), strict=True)]
    answers = [answer_of(network, x) for network, x in pairs]
    for weight in model.weights:
        weight.assign(ops.zeros_like(weight))
    after = [w for n in networks for w in n.get_weights()]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)
    for (network, x), old in zip(pairs, answers, strict=True):
        np.testing.assert_array_equal(answer_of(network, x), old)
        again = keras.Model.from_config(network.get_config())
        assert len(again.layers) == len(network.layers)


def trained(**options):
    """Returns a spatial and a temporal network with weights of their own."""
    return [
        randomise(tiny(name, **options), seed)
        for seed, name in enumerate(("spatial", "temporal"))
    ]


@pytest.mark.parametrize(
    ("at", "options"),
    [
        ("relu5", {"backbone": "vgg_tiny"}),
        ("fc6", {"backbone": "vgg_tiny"}),
        ("fc8", {"backbone": "vgg_tiny"}),
        ("relu5", {"backbone": "mobilenet:alpha=0.25"}),
    ],
)
def test_our_own_are_fused_to_what_build_makes(at, options):
    streams = trained(**options)
    model = fuse(*streams, at=at)
    built = tiny(fusion="conv", location=at, **options)
    for stream in streams:
        transfer(stream, built)
    inputs = inputs_for(built)
    np.testing.assert_allclose(
        scores_of(model, inputs), scores_of(built, inputs), atol=1e-6
    )
    assert {x.name for x in model.layers} == {x.name for x in built.layers}
    assert not transfer(model, built).missing


@pytest.mark.parametrize("method", ["conv", "conv3d"])
def test_our_own_networks_of_clips(method):
    """They fold time themselves, and it's unfolded where a fusion needs it."""
    streams = trained(frames=3)
    model = fuse(*streams, at="relu5", method=method)
    built = tiny(fusion=method, location="relu5", frames=3)
    for stream in streams:
        transfer(stream, built)
    inputs = inputs_for(built)
    np.testing.assert_allclose(
        scores_of(model, inputs), scores_of(built, inputs), atol=1e-6
    )


def test_networks_of_images_become_one_of_clips():
    networks = small(), small(4)
    one = fuse(*networks, at="c2")
    clips = fuse(*networks, at="c2", frames=3)
    inputs = inputs_for(one)
    still = {stream: np.stack([x] * 3, 1) for stream, x in inputs.items()}
    np.testing.assert_allclose(
        scores_of(clips, still), scores_of(one, inputs), atol=1e-6
    )
    model = fuse(
        *networks, at="c2", method="conv3d", frames=3, time={"pool5": "max"}
    )
    assert model.get_layer("c2_conv3d").output.shape == (None, 3, 4, 4, 8)
    assert model.get_layer("rgb_pool5_max").output.shape == (None, 4, 4, 8)
    assert scores_of(model).shape == (2, 5)


@pytest.mark.parametrize("align", ["pad", "resize"])
def test_other_backbones_at_other_resolutions(mobilenets, align):
    other = small(4, size=48, filters=128)
    places = {"rgb": AT, "flow": "c2"}
    model = fuse(mobilenets[0], other, at=places, align=align)
    shapes = model.get_layer(f"{AT}_align").output
    assert {tuple(x.shape[1:3]) for x in shapes} == {
        (6, 6) if align == "pad" else (4, 4)
    }
    assert model.input["flow"].shape == (None, 48, 48, 4)
    assert scores_of(model).shape == (2, 5)
    with pytest.raises(ValueError, match="unequal resolution"):
        fuse(mobilenets[0], other, at=places)


def nested():
    """Returns a classifier on a frozen network, as transfer learning has it."""
    base = keras.applications.MobileNetV2(
        input_shape=(64, 64, 3), alpha=0.35, weights=None, include_top=False
    )
    base.trainable = False
    x = inputs = keras.Input((64, 64, 3))
    x = keras.Sequential([keras.layers.Rescaling(1 / 127.5, -1, name="c1")])(x)
    x = keras.layers.GlobalAveragePooling2D()(base(x, training=False))
    x = keras.layers.Dense(8, activation="relu", name="Conv1")(x)
    x = keras.layers.Dense(5, activation="softmax")(x)
    return randomise(keras.Model(inputs, x))


def test_networks_within_networks():
    network = nested()
    flow = small(4, size=64, filters=network.layers[2].output.shape[-1])
    model = fuse(
        network, flow, at={"rgb": "out_relu", "flow": "c2"}, init=(1, 0),
        align="resize",
    )  # fmt: skip
    inputs = inputs_for(model)
    expected = answer_of(network, inputs["rgb"])
    np.testing.assert_allclose(scores_of(model, inputs), expected, atol=1e-6)
    # What the inner network is called with stays: it never adapts to a batch.
    training = ops.convert_to_numpy(model(inputs, training=True))
    np.testing.assert_allclose(training, expected, atol=1e-6)
    assert not model.get_layer("rgb_block_1_expand").trainable
    assert model.get_layer("rgb_Conv1").trainable
    kinds = {x.name: type(x).__name__ for x in model.layers}
    assert kinds["rgb_Conv1"] == "Dense"
    base = network.layers[2].name.replace(".", "_")
    assert kinds[f"rgb_{base}_Conv1"] == "Conv2D"
    assert kinds["rgb_c1"] == "Rescaling"


@pytest.mark.parametrize("end", ["softmax", None])
def test_the_temporal_network_goes_on(end):
    networks = small(end=end), small(4, end=end)
    model = fuse(*networks, at="c2", keep_temporal=True)
    inputs = inputs_for(model)
    outputs = {
        name: ops.convert_to_numpy(x)
        for name, x in model(inputs, training=False).items()
    }
    assert {*outputs} == {"spatiotemporal", "temporal", "scores"}
    temporal = answer_of(networks[1], inputs["flow"])
    np.testing.assert_allclose(outputs["temporal"], temporal, atol=1e-7)
    fused = outputs["spatiotemporal"]
    mean = (fused + temporal) / 2
    if end is None:
        mean = np.sqrt(fused * temporal)
        mean /= mean.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(outputs["scores"], mean, atol=1e-6)


def test_ways_to_start():
    networks = small(), small(4)
    model = fuse(*networks, at="c2", init="sum")
    names = ["rgb_c2", "flow_c2", "c2_conv"]
    rgb, flow, fused = maps_of(model, names)
    np.testing.assert_allclose(fused, relu(rgb + flow), atol=1e-5)
    model = fuse(*networks, at="c2", method="sum", init=(2, 3))
    rgb, flow, fused = maps_of(model, [*names[:2], "c2_sum"])
    np.testing.assert_allclose(fused, 2 * rgb + 3 * flow, atol=1e-4)
    model = fuse(*networks, at="fc8", init=(0.5, -1))
    rgb, flow, fused = maps_of(model, ["rgb_logits", "flow_logits", "fc8_conv"])
    np.testing.assert_allclose(fused, 0.5 * rgb - flow, atol=1e-5)
    model = fuse(small(filters=6), networks[1], at="c2", init="glorot_uniform")
    assert model.get_layer("c2_conv").kernel.shape == (14, 6)
    own = layers.ConvFusion(activation=None)
    assert fuse(*networks, at="c2", method=own).get_layer("c2_conv")


def test_what_more_channels_cost_is_reported():
    model = fuse(small(), small(4, filters=6), at="c2", method="concat")
    changed = model.load_report.reinitialised
    assert changed == (("rgb_logits", (8, 5), (14, 5)),)
    assert scores_of(model).shape == (2, 5)


def test_constants_that_are_made_of_weights_come_along():
    scale = keras.layers.Normalization()
    scale.adapt(np.random.default_rng(0).uniform(3, 9, (9, 8, 8, 3)))
    base = small()
    network = keras.Sequential([keras.Input((32, 32, 3)), scale, base])
    model = fuse(network, base, at="c2", init=(1, 0))
    inputs = inputs_for(model)
    expected = answer_of(network, inputs["rgb"])
    np.testing.assert_allclose(scores_of(model, inputs), expected, atol=1e-6)
    assert np.ptp(expected - answer_of(base, inputs["rgb"])) > 0


def test_images_of_any_size():
    model = fuse(small(size=None), small(4, size=None), at="c2")
    inputs = {"rgb": np.ones((1, 24, 24, 3)), "flow": np.ones((1, 24, 24, 4))}
    assert model(inputs).shape == (1, 5)


def test_a_fused_network_comes_back_in_another_process(tmp_path, run_python):
    model = fuse(small(), small(4), at="c2", keep_temporal=True, frames=2)
    inputs = inputs_for(model)
    model.save(tmp_path / "fused.keras")
    np.savez(tmp_path / "inputs.npz", **inputs)
    code = (
        "import sys, keras, numpy, keras_twostream\n"
        "model = keras.saving.load_model(sys.argv[1])\n"
        "outputs = model(dict(numpy.load(sys.argv[2])), training=False)\n"
        "print(keras.ops.convert_to_numpy(outputs['scores']).tolist())"
    )
    printed = run_python(
        "-c", code, tmp_path / "fused.keras", tmp_path / "inputs.npz"
    )
    found = json.loads(printed.splitlines()[-1])
    expected = model(inputs, training=False)["scores"]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_other_channels_are_projected():
    fused = fuse(small(), small(4, filters=6), at="c2", init=(1, 0))
    kernel = np.array(fused.get_layer("c2_conv").kernel)
    np.testing.assert_array_equal(kernel, np.eye(14, 8) * (kernel != 0))
    fused = fuse(small(), small(4, filters=6), at="c2")
    assert np.abs(np.array(fused.get_layer("c2_conv").kernel)[8:]).min() > 0
