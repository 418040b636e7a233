"""Networks of MatConvNet become Keras's, layer by layer."""

import keras
import matconvnet_nets as nets
import numpy as np
import pytest
from matconvnet_cases import (
    CASES,
    MEAN,
    NAMES,
    flow_stream,
    fused,
    old_chain,
    rgb_stream,
    stream,
)
from matconvnet_files import row, write
from matconvnet_reference import forward
from networks import maps_of, scores_of

import keras_twostream
from keras_twostream import FlowSpec, layers
from keras_twostream.backbones import tables, vgg
from keras_twostream.backbones.rows import Table
from keras_twostream.converters.matconvnet import convert
from keras_twostream.models.record import read_record

ENDS = {"_spatial": "rgb", "_temporal": "flow"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.mat"


def samples(model, seed=0):
    """Returns two samples in our units."""
    rng = np.random.default_rng(seed)
    ends = {"rgb": (0, 255), "flow": (-19, 19)}
    return {
        name: rng.uniform(*ends[name], (2, *x.shape[1:])).astype("float32")
        for name, x in model.input.items()
    }


def as_theirs(inputs, names):
    """Returns samples as MatConvNet gets them, by its variables."""
    images = {}
    for name, x in inputs.items():
        x = x.reshape(-1, *x.shape[-3:]).astype("float64")
        x = x - MEAN if name == "rgb" else (x + 20) * 255 / 40 - 128
        images[names[name]] = x.transpose(1, 2, 3, 0)
    return images


def label_of(name, given):
    """Returns what a layer is called in Keras."""
    for end, stream_name in ENDS.items():
        if name.endswith(end):
            name, given = name.removesuffix(end), [stream_name]
    name = "fc8" if name in ("layer38", "prediction") else name
    label = f"{given[0]}_{name}" if len(given) == 1 else name
    return label.replace("/", "_")


def their_layout(array, label):
    """Returns a map of Keras in MatConvNet's layout."""
    if array.ndim == 5:
        array = array.reshape(-1, *array.shape[2:])
    if array.ndim == 2:
        array = array[:, None, None]
    return array.transpose(1, 2, 3, 0)


@pytest.mark.parametrize("case", CASES)
def test_every_layer_is_that_of_matconvnet(case, path):
    path, net = CASES[case](path)
    model = convert(path)
    given = [*model.input]
    inputs = samples(model)
    single = "data" if case in ("resnet", "others") else "input"
    names = dict.fromkeys(given, single)
    if len(given) > 1:
        names = {"rgb": "input", "flow": "input_flow"}
    expected = forward(net, as_theirs(inputs, names), clips=2)
    made = {
        label_of(layer["name"], given): layer["outputs"][0]
        for layer in net["layers"]
        if layer["type"] not in ("dagnn.Loss", "dagnn.SoftMax")
    }
    maps = maps_of(model, [*made], inputs)
    for (label, variable), ours in zip(made.items(), maps, strict=True):
        theirs = expected[variable]
        ours = their_layout(ours, label)
        scale = np.abs(theirs).max()
        assert scale > 1e-3, label
        np.testing.assert_allclose(
            ours, theirs, rtol=1e-4, atol=1e-4 * scale, err_msg=label
        )
    own = {layer.name for layer in model.layers if layer.weights}
    assert own <= {*made}


def test_two_losses_are_two_outputs_and_an_answer(path):
    model = convert(fused(path)[0], class_names=NAMES)
    inputs = samples(model)
    found = model(inputs, training=False)
    assert {*found} == {"spatiotemporal", "temporal", "scores"}
    logits = maps_of(model, ["rgb_fc8", "flow_fc8"], inputs)
    mean = keras.ops.softmax(np.mean(logits, axis=0))
    np.testing.assert_allclose(found["scores"], mean, atol=1e-6)
    record = read_record(model)
    assert (record.frames, record.flow_frames) == (5, 10)
    assert record.class_names == tuple(NAMES)
    loss = "sparse_categorical_crossentropy"
    model.compile("sgd", loss, run_eagerly=True)
    assert model.evaluate(inputs, np.array([1, 2]), verbose=0)[0] > 0


def test_a_file_tells_units_sizes_and_classes(path):
    record = read_record(convert(old_chain(path)[0]))
    assert record.class_names == tuple(NAMES)
    assert record.image_size == (113, 113)
    assert (record.streams, record.frames) == (("rgb",), None)
    # Those of ImageNet are not the classes of the authors' streams.
    record = read_record(convert(flow_stream(path)[0]))
    assert record.class_names is None
    spec = FlowSpec(algorithm="tvl1", quantization="offset", shrink=1)
    assert record.flow == spec
    assert (record.streams, record.flow_frames) == (("flow",), 10)


@pytest.mark.parametrize("case", ["fused", "others", "resnet", "simple_old"])
def test_a_converted_network_survives_its_file(case, path, tmp_path):
    model = convert(CASES[case](path)[0])
    model.save(tmp_path / "again.keras")
    again = keras.saving.load_model(tmp_path / "again.keras")
    inputs = samples(model)
    np.testing.assert_allclose(
        scores_of(model, inputs), scores_of(again, inputs), atol=1e-6
    )
    assert read_record(again) == read_record(model)


def narrow(monkeypatch):
    """Makes our VGG-16 as narrow as that of the tests."""
    rows = (*vgg._vgg(nets.VGG, 12, 12),)
    monkeypatch.setitem(tables.TABLES, "vgg16", Table(rows, "mean"))


def test_our_vgg_16_takes_the_weights(path, tmp_path, monkeypatch):
    narrow(monkeypatch)
    sources = {"rgb": rgb_stream, "flow": flow_stream}
    sources = {name: convert(make(path)[0]) for name, make in sources.items()}
    files = {name: tmp_path / f"{name}.keras" for name in sources}
    for name, source in sources.items():
        source.save(files[name])
    model = keras_twostream.build(
        "conv_relu5",
        backbone="vgg16",
        num_classes=nets.CLASSES,
        weights=files,
        input_shape=nets.VGG_SIZE,
        flow_frames=10,
    )
    report = model.load_report
    assert not report.reinitialised
    assert {*report.missing} == {"relu5_conv"}
    # The flow stream ends where it is fused.
    assert {*report.unused} == {"flow_fc6", "flow_fc7", "flow_fc8"}
    for name in report.loaded:
        theirs = sources[name.partition("_")[0]].get_layer(name).get_weights()
        pairs = zip(model.get_layer(name).get_weights(), theirs, strict=True)
        assert all(np.array_equal(*pair) for pair in pairs)


def test_names_of_vgg_m_are_ours(path):
    model = convert(old_chain(path)[0])
    rows = {f"rgb_{name}" for name, _, _ in vgg.TABLES["vgg_m_2048"].rows}
    assert {x.name for x in model.layers if x.weights} <= rows
    same = ("rgb_norm1", "rgb_pool1", "rgb_relu5", "rgb_softmax")
    assert {*same} <= {x.name for x in model.layers}
    assert isinstance(model.get_layer("rgb_pool1"), layers.CeilMaxPooling2D)


def test_converted_streams_are_fused_and_kept(path):
    spatial, temporal = (
        convert(make(path)[0]) for make in (rgb_stream, flow_stream)
    )
    both = keras_twostream.fuse(
        spatial, temporal, at="relu5_3", method="sum", keep_temporal=True
    )
    assert {*both.output} == {"spatiotemporal", "temporal", "scores"}
    model = convert(fused(path)[0])
    inputs = samples(model)
    alone = keras_twostream.keep_streams(model, "rgb")
    assert {*alone.output} == {"spatiotemporal", "scores"}
    assert np.isfinite(scores_of(alone, inputs)).all()


def test_larger_images_are_averaged_over_places(path):
    path, net = rgb_stream(path)
    model = convert(path, image_size=96)
    inputs = samples(model)
    expected = forward(net, as_theirs(inputs, {"rgb": "input"}))["x38"]
    assert expected.shape[:2] == (2, 2)
    logits = expected.mean((0, 1)).T
    mean = maps_of(model, ["rgb_fc8_pooling"], inputs)[0]
    np.testing.assert_allclose(mean, logits, rtol=1e-4, atol=1e-3)


def test_frames_of_a_clip_are_averaged(path):
    clips = convert(rgb_stream(path)[0], frames=3)
    images = convert(path)
    inputs = samples(clips)
    single = {"rgb": inputs["rgb"].reshape(-1, 64, 64, 3)}
    logits = maps_of(images, ["rgb_fc8"], single)[0].reshape(2, 3, -1)
    mean = maps_of(clips, ["rgb_fc8_average"], inputs)[0]
    np.testing.assert_allclose(mean, logits.mean(1), rtol=1e-4, atol=1e-3)
    assert read_record(clips).frames == 3


def test_streams_can_be_told(path):
    net = stream(15)
    done = nets.finished(net, np.zeros((0, 0)), (64, 64, 15))
    write(path, {"net": done})
    with pytest.raises(ValueError, match="'input' has 15 channels.*streams"):
        convert(path)
    with pytest.raises(ValueError, match="input -> one of .*the inputs"):
        convert(path, streams={"data": "flow"})
    assert [*convert(path, streams={"input": "rgb"}).input] == ["rgb"]


def test_without_a_mean_nothing_is_subtracted(path):
    done = nets.finished(stream(20), row(0, 0), (0, 0))
    model = convert(write(path, {"net": done}), image_size=(64, 64))
    inputs = {"flow": np.zeros((1, 64, 64, 20), "float32")}
    bytes_ = maps_of(model, ["flow_preprocessing"], inputs)[0]
    np.testing.assert_allclose(bytes_, 127.5)


def test_means_of_each_field_are_taken_one_by_one(path):
    means = np.linspace(120, 139, 20)[None, None]
    done = nets.finished(stream(20), means, (64, 64, 20))
    model = convert(write(path, {"net": done}))
    inputs = {"flow": np.zeros((1, 64, 64, 20), "float32")}
    found = maps_of(model, ["flow_preprocessing"], inputs)[0][0, 0, 0]
    np.testing.assert_allclose(found, 127.5 - means[0, 0], rtol=1e-5)
    done["meta"]["normalization"]["averageImage"] = means[..., :7]
    with pytest.raises(ValueError, match="averageImage.*channels"):
        convert(write(path, {"net": done}))
