"""`weights=`: files of networks and of backbones, and damaged ones."""

import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format
from keras.src.utils import file_utils
from networks import MOBILENET, inputs_for, maps_of, randomise, scores_of, tiny

from keras_twostream.backbones import vgg

SMALL = {"backbone": MOBILENET, "input_shape": (32, 32)}


def mobilenet(**options):
    options = {"include_top": False, "input_shape": (32, 32, 3)} | options
    return randomise(
        keras.applications.MobileNet(alpha=0.25, weights=None, **options)
    )


def save_legacy(network, path):
    """Writes a file in the format that keras.applications publishes."""
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, network)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Returns saved networks of each name, and the folder they are in."""
    folder = tmp_path_factory.mktemp("saved")
    models = {}
    for name in ("spatial", "temporal", "sum_softmax", "conv_relu3_relu5_fc6"):
        models[name] = randomise(tiny(name))
        models[name].save(folder / f"{name}.keras")
        models[name].save_weights(folder / f"{name}.weights.h5")
    return models, folder


SUFFIXES = pytest.mark.parametrize("suffix", [".keras", ".weights.h5"])


@SUFFIXES
def test_a_file_of_the_whole_network(saved, suffix):
    models, folder = saved
    for name, model in models.items():
        again = tiny(name, weights=folder / f"{name}{suffix}")
        report = again.load_report
        assert report.source == f"{name}{suffix}"
        assert report.missing == report.unused == report.reinitialised == ()
        inputs = inputs_for(model)
        np.testing.assert_array_equal(
            scores_of(again, inputs), scores_of(model, inputs)
        )


@SUFFIXES
@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("sum_softmax", "conv_relu5"),
        ("spatial", "sum_softmax"),
        ("conv_relu3_relu5_fc6", "temporal"),
    ],
)
def test_a_file_of_another_fusion(saved, suffix, source, target):
    models, folder = saved
    model = tiny(target, weights=folder / f"{source}{suffix}")
    loaded = {layer.name: layer for layer in models[source].layers}
    assert model.load_report.loaded
    for name in model.load_report.loaded:
        expected = loaded[name].get_weights()
        for one, other in zip(
            model.get_layer(name).get_weights(), expected, strict=True
        ):
            np.testing.assert_array_equal(one, other)


@SUFFIXES
def test_a_file_for_each_stream(saved, suffix):
    models, folder = saved
    sources = {"rgb": "spatial", "flow": "sum_softmax"}
    model = tiny(
        "sum_softmax",
        weights={k: folder / f"{v}{suffix}" for k, v in sources.items()},
    )
    assert model.load_report.missing == ()
    for stream, name in sources.items():
        for layer in ("conv3", "fc7"):
            np.testing.assert_array_equal(
                model.get_layer(f"{stream}_{layer}").kernel,
                models[name].get_layer(f"{stream}_{layer}").kernel,
            )


@SUFFIXES
def test_a_file_of_another_network_is_refused(saved, suffix):
    _, folder = saved
    for name, options in (
        ("temporal", {}),
        ("spatial", SMALL),
    ):
        with pytest.raises(ValueError, match="weights of another model: .*0%"):
            tiny(name, weights=folder / f"spatial{suffix}", **options)


def check_pretrained(model, network):
    """Checks that both streams compute what a MobileNet does."""
    report = model.load_report
    assert report.inflated == ("flow_conv1",)
    assert {*report.missing} >= {"rgb_fc8", "relu5_conv"}
    assert report.reinitialised == ()
    spread = np.asarray(model.get_layer("flow_conv1").kernel)
    mean = np.asarray(network.get_layer("conv1").kernel).mean(axis=2)
    for channel in range(spread.shape[2]):
        np.testing.assert_allclose(spread[:, :, channel], mean, atol=1e-7)
    for layer in network.layers:
        for stream in ("rgb", "flow"):
            name = f"{stream}_{layer.name}"
            if name in report.loaded and layer.name != "conv1":
                ours = model.get_layer(name).get_weights()
                for one, other in zip(ours, layer.get_weights(), strict=True):
                    np.testing.assert_array_equal(one, other)
    inputs = inputs_for(model)
    stage = "conv_pw_11_relu"
    whole = keras.Model(network.input, network.get_layer(stage).output)
    images = keras.applications.mobilenet.preprocess_input(inputs["rgb"].copy())
    ours = maps_of(model, [f"rgb_{stage}"], inputs)[0]
    np.testing.assert_allclose(ours, whole(images), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("form", "top"),
    [("keras", False), ("weights.h5", True), ("legacy.h5", False)],
)
def test_a_file_of_a_backbone_fills_both_streams(form, top, tmp_path):
    network = mobilenet(include_top=top, classes=4) if top else mobilenet()
    path = tmp_path / f"network.{form}"
    if form == "keras":
        network.save(path)
    elif form == "weights.h5":
        network.save_weights(path)
    else:
        save_legacy(network, path)
    model = tiny("conv_relu5", weights=path, **SMALL)
    check_pretrained(model, network)


def test_imagenet_weights_come_by_keras_own_loader(tmp_path, monkeypatch):
    network = mobilenet(input_shape=(224, 224, 3))
    path = tmp_path / "published.h5"
    save_legacy(network, path)
    asked = []

    def get_file(name, *args, **kwargs):
        asked.append(name)
        return str(path)

    monkeypatch.setattr(file_utils, "get_file", get_file)
    options = SMALL | {"input_shape": (224, 224), "weights": "imagenet"}
    model = tiny("conv_relu5", **options)
    assert {*asked} == {"mobilenet_2_5_224_tf_no_top.h5"}
    check_pretrained(model, network)


def test_imagenet_weights_of_vgg16_take_rgb(monkeypatch):
    published = randomise(
        keras.applications.VGG16(
            weights=None, input_shape=(32, 32, 3), classes=5
        )
    )
    monkeypatch.setitem(vgg.PUBLISHED, "vgg16", lambda weights: published)
    model = tiny("spatial", backbone="vgg16", weights="imagenet")
    assert model.load_report.missing == ()
    inputs = inputs_for(model)
    images = keras.applications.vgg16.preprocess_input(inputs["rgb"].copy())
    np.testing.assert_allclose(
        scores_of(model, inputs), published(images), rtol=1e-3, atol=1e-5
    )
    assert np.ptp(published(images)) > 1e-3


def test_really_pretrained_weights(test_data):
    path = test_data / "weights/mobilenet_0.25_224_imagenet.weights.h5"
    network = keras.applications.MobileNet(alpha=0.25, weights=None)
    network.load_weights(path)
    options = SMALL | {"input_shape": (224, 224)}
    check_pretrained(tiny("conv_relu5", weights=path, **options), network)


def test_really_pretrained_weights_of_a_cut_network(test_data):
    path = next((test_data / "weights").glob("mobilenet_1.00*.weights.h5"))
    model = tiny("conv_relu5", backbone="mobilenet", weights=path)
    report = model.load_report
    assert {"rgb_conv_pw_12", "flow_conv_pw_11", "rgb_conv1"} < {*report.loaded}
    assert "rgb_conv_pw_13" in report.missing
    wrong = {**SMALL, "weights": path}
    with pytest.raises(ValueError, match="of another model"):
        tiny("conv_relu5", **wrong)


def no_archive(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")


DAMAGED = {
    "empty.keras": lambda path, whole: path.write_bytes(b""),
    "empty.weights.h5": lambda path, whole: path.write_bytes(b""),
    "text.h5": lambda path, whole: path.write_text("not weights"),
    "half.keras": lambda path, whole: path.write_bytes(
        whole.with_suffix(".keras").read_bytes()[:-5000]
    ),
    "half.weights.h5": lambda path, whole: path.write_bytes(
        whole.with_suffix(".weights.h5").read_bytes()[:-5000]
    ),
    "hollow.keras": lambda path, whole: no_archive(path),
    "weights.txt": lambda path, whole: path.write_text("1 2 3"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files_are_named(name, saved, tmp_path):
    path = tmp_path / name
    DAMAGED[name](path, saved[1] / "spatial")
    with pytest.raises(ValueError, match=name):
        tiny("spatial", weights=path)


def test_missing_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.keras"):
        tiny("spatial", weights=tmp_path / "nowhere.keras")
