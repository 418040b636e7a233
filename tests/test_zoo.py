"""Entries, presets, publishing, loading, verifying."""

import json

import numpy as np
import pytest
from networks import inputs_for, scores_of, tiny

import keras_twostream
from keras_twostream import FlowSpec, zoo
from keras_twostream.models.record import read_record
from keras_twostream.weights import Metric, Weights
from keras_twostream.weights.entry import parse_entry
from keras_twostream.weights.golden import golden_sample
from keras_twostream.weights.index import find_zoo

NAMES = ["run", "jump", "wave", "bow", "kick"]
FLOW = FlowSpec(algorithm="farneback", bound=12.0, short_side=96)
DETAILS = {
    "description": "A test.",
    "licence": "CC0-1.0",
    "metrics": (Metric(dataset="clips", protocol="one split", value=80.0),),
    "limits": "Nothing.",
}


def trained(name="conv_relu5", **options):
    """Returns a small network as if it had been trained."""
    told = {"class_names": NAMES, "flow": FLOW, "sampling": {"crop": {}}}
    return tiny(name, **(told | options))


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A zoo with one network, and that network."""
    model = trained()
    zoo.publish(model, "conv_relu5.test", tmp_path, **DETAILS)
    monkeypatch.setenv("KERAS_TWOSTREAM_ZOO", str(tmp_path))
    return tmp_path, model


@pytest.mark.parametrize("name", find_zoo().names())
def test_every_entry_of_the_package_is_whole(name):
    entry = keras_twostream.get_weights(name)
    assert entry.model in keras_twostream.list_models()
    assert entry.network["name"] == entry.model
    assert entry.licence
    assert entry.limits
    assert entry.citation
    assert Weights.from_dict(entry.to_dict()) == entry
    if entry.class_names:
        assert len(entry.class_names) == entry.network["num_classes"]
    card = find_zoo().address(f"{name}.md")
    assert card.read_text(encoding="utf-8") == zoo.model_card(entry)


def test_what_is_published_is_loaded_by_name(published):
    _, model = published
    loaded = keras_twostream.load("conv_relu5.test")
    inputs = inputs_for(model)
    # Stored in half precision.
    np.testing.assert_allclose(
        scores_of(loaded, inputs), scores_of(model, inputs), atol=2e-3
    )
    record = read_record(loaded)
    assert record.class_names == tuple(NAMES)
    assert record.flow == FLOW
    assert record.sampling == {"crop": {}}
    assert not loaded.load_report.missing
    assert keras_twostream.list_weights() == ["conv_relu5.test"]
    assert keras_twostream.list_models(pretrained=True) == ["conv_relu5"]


def test_weights_by_name_fill_what_build_makes(published):
    _, model = published
    other = tiny("conv_relu5", num_classes=3, weights="conv_relu5.test")
    assert {name for name, *_ in other.load_report.reinitialised} == {"rgb_fc8"}
    ((_, found, wanted),) = other.load_report.reinitialised
    assert (found[-1], wanted[-1]) == (5, 3)
    kept = other.get_layer("relu5_conv").get_weights()[0]
    stored = model.get_layer("relu5_conv").get_weights()[0]
    np.testing.assert_allclose(kept, stored, atol=1e-3)


def test_other_classes_keep_the_body(published, caplog):
    model = keras_twostream.load("conv_relu5.test", class_names=["a", "b"])
    assert read_record(model).class_names == ("a", "b")
    assert [name for name, *_ in model.load_report.reinitialised] == ["rgb_fc8"]
    assert "rgb_fc8" in caplog.text
    assert (
        read_record(
            keras_twostream.load("conv_relu5.test", num_classes=7)
        ).class_names
        is None
    )


def test_verify_finds_a_flipped_byte(published):
    folder, _ = published
    assert zoo.verify("conv_relu5.test").status == "passed"
    weights = folder / "conv_relu5.test.weights.h5"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    verdict = zoo.verify("conv_relu5.test")
    assert verdict.status == "FAILED"
    assert "conv_relu5.test.weights.h5" in verdict.detail


def test_verify_finds_another_answer(published):
    folder, _ = published
    path = folder / "conv_relu5.test.json"
    entry = json.loads(path.read_text())
    entry["golden"]["scores"][0] += 0.1
    path.write_text(json.dumps(entry))
    verdict = zoo.verify("conv_relu5.test")
    assert verdict.status == "FAILED"
    assert "golden" in verdict.detail


def test_a_name_is_not_taken_twice(published):
    folder, model = published
    with pytest.raises(ValueError, match="already has"):
        zoo.publish(model, "conv_relu5.test", folder)
    with pytest.raises(ValueError, match="model.tag"):
        zoo.publish(model, "Test", folder)


def test_unknown_names_are_told_the_known(published):
    with pytest.raises(ValueError, match=r"Did you mean conv_relu5\.test"):
        keras_twostream.load("conv_relu5.tests")


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_preset_round_trips_everything(tmp_path, dtype):
    model = trained("conv3d_relu5_pool3d_plus", frames=3)
    entry = zoo.save_to_preset(model, tmp_path / "mine", dtype=dtype)
    loaded = keras_twostream.load(tmp_path / "mine")
    inputs = inputs_for(model)
    np.testing.assert_allclose(
        scores_of(loaded, inputs),
        scores_of(model, inputs),
        atol=1e-6 if dtype == "float32" else 2e-3,
    )
    assert read_record(loaded) == read_record(model)
    assert entry.name == "conv3d_relu5_pool3d_plus.mine"
    assert {path.name for path in (tmp_path / "mine").iterdir()} == {
        "README.md",
        "config.json",
        "metadata.json",
        "model.weights.h5",
    }


def test_a_preset_holds_what_build_does_not_make(tmp_path):
    fused = keras_twostream.fuse(
        trained("spatial"), trained("temporal"), at="relu4", method="sum"
    )
    zoo.save_to_preset(fused, tmp_path / "fused")
    loaded = keras_twostream.load(tmp_path / "fused")
    inputs = inputs_for(fused)
    np.testing.assert_allclose(
        scores_of(loaded, inputs), scores_of(fused, inputs), atol=1e-6
    )
    with pytest.raises(ValueError, match="only as it is"):
        keras_twostream.load(tmp_path / "fused", num_classes=3)
    with pytest.raises(ValueError, match="save_to_preset"):
        zoo.publish(fused, "conv_relu4.fused", tmp_path)


def test_a_keras_file_can_get_other_classes(tmp_path):
    path = tmp_path / "m.keras"
    model = trained(dropout=0.25)
    model.save(path)
    other = keras_twostream.load(path, class_names=["a", "b"])
    assert read_record(other).flow == FLOW
    assert [name for name, *_ in other.load_report.reinitialised] == ["rgb_fc8"]
    dropped = [x.rate for x in other.layers if hasattr(x, "rate")]
    assert set(dropped) == {0.25}


def test_a_file_that_would_run_code_is_refused(tmp_path):
    keras = pytest.importorskip("keras")
    x = keras.Input((2,))
    path = tmp_path / "evil.keras"
    keras.Model(x, keras.layers.Lambda(lambda v: v)(x)).save(path)
    with pytest.raises(ValueError, match="not a whole Keras model"):
        keras_twostream.load(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "no_tag"}, "model.tag"),
        ({"licence": None, "colour": 1}, "colour"),
        ({"unverified": ""}, "golden sample"),
        ({"file": {"urls": ["x"], "format": "pickle"}}, "format"),
        ({"file": {"urls": ["x"], "sha256": "12"}}, "64 hex digits"),
        ({"metrics": [{"dataset": "d", "protocol": "", "value": 1}]}, "prot"),
        ({"metrics": [{"dataset": "d", "protocol": "p", "value": 101}]}, "100"),
    ],
)
def test_a_wrong_entry_is_named(change, words):
    entry = {
        "name": "spatial.test",
        "description": "",
        "file": {"urls": ["x"]},
        "network": {"name": "spatial"},
        "class_names": None,
        "flow": {},
        "licence": "CC0-1.0",
        "unverified": "All of it.",
    }
    parse_entry(json.dumps(entry), "here.json")
    with pytest.raises(ValueError, match=words) as caught:
        parse_entry(json.dumps(entry | change), "here.json")
    assert "here.json" in str(caught.value)


def test_the_golden_sample_tells_axes_apart():
    shapes = {"rgb": (3, 8, 10, 3), "flow": (3, 8, 10, 4)}
    sample = golden_sample(shapes)
    assert 0 <= sample["rgb"].min() < 30
    assert 220 < sample["rgb"].max() <= 255
    for stream, x in sample.items():
        assert x.shape == (1, *shapes[stream])
        for axis in range(1, 5):
            assert not np.allclose(x, np.flip(x, axis))
