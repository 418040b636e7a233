"""The benchmarks of flow and its storage, run on little."""

import dataclasses
import importlib
import json
import pathlib
import sys

import clips
import numpy as np
import pytest

from keras_twostream.flow import FlowSpec, quantize, restore_field
from keras_twostream.video import write_video

FOLDER = pathlib.Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module
    for name in [*sys.modules]:
        if name.startswith(("encoding_", "flow_quality", "flow_encodings")):
            del sys.modules[name]


def features_of(record):
    tf = importlib.import_module("tensorflow")
    found = tf.train.Example.FromString(record).features.feature
    return {name: list(found[name].bytes_list.value) for name in found}


@pytest.fixture
def fields(rng):
    """Ten quantised fields that go on from one to the next."""
    y, x = np.mgrid[:50, :71]
    flow = [
        np.stack([5 * np.sin((x + k) / 9), 4 * np.cos((y - k) / 7)], axis=-1)
        for k in range(10)
    ]
    return quantize(np.stack(flow), FlowSpec())


def test_flow_quality_finds_what_is_known(benchmark, tmp_path, capsys):
    module = benchmark("flow_quality")
    output = tmp_path / "found.json"
    module.main(None, output, rounds=1)
    found = json.loads(output.read_text())["flow"]
    rendered = {name: sets["rendered"] for name, sets in found.items()}
    for name in ("dis_ultrafast", "dis_fast", "dis_medium", "farneback"):
        row = rendered[name]
        assert 0 < row["error"] < rendered["zero"]["error"]
        assert row["milliseconds"] > 0
        stored = row["stored"]
        # Rounding moves a vector by half a level of u and of v at most.
        assert abs(stored["png"] - row["error"]) < 20 / 254 * 2**0.5
        assert stored["jpeg50"] > stored["jpeg95"]
        assert stored["jpeg95, 1/4"] > stored["jpeg95"]
    printed = capsys.readouterr().out
    assert "Only rendered motion" in printed
    assert "after storage" in printed


def test_flow_quality_knows_unknown_flow(benchmark):
    module = benchmark("flow_quality")
    truth = np.zeros((4, 4, 2), np.float32)
    truth[0] = np.nan
    flow = np.full((4, 4, 2), 1000, np.float32)
    flow[1:] = [3, 4]
    assert module.end_point_error(flow, truth) == 5


def test_flow_quality_reads_pictures_with_truth(benchmark, test_data):
    pairs = benchmark("flow_quality").pairs_of(test_data)
    assert {name: len(some) for name, some in pairs.items()} == {
        "rendered": 24,
        "Middlebury": 1,
        "Flying Chairs": 2,
    }
    first, second, truth = pairs["Middlebury"][0]
    assert first.shape == second.shape == truth.shape[:2]
    error = benchmark("flow_quality").end_point_error(0, truth)
    assert error == pytest.approx(1.256, abs=1e-3)


def test_every_form_gives_the_fields_back(benchmark, fields):
    """Windows of images are windows of what was stored, within its loss."""
    tf = importlib.import_module("tensorflow")
    forms = benchmark("encoding_forms").FORMS
    window = (9, 16, 30, 40)
    part = fields[:, 9:39, 16:56]
    for name, form in forms.items():
        blobs = form.store(fields)
        if form.native:
            read = form.read(tf.constant(blobs), 50, 71, window).numpy()
            assert len(blobs) * form.fields == 10
        else:
            read = form.read(blobs)[:, 9:39, 16:56]
        assert read.shape == part.shape, name
        wrong = np.abs(read.astype(int) - part).max()
        assert wrong <= (0 if name in ("png", "png, 1/2", "webp") else 12), name


def test_video_keeps_the_full_range(benchmark, fields):
    """A codec's usual range would squeeze levels to 16 to 235."""
    video = benchmark("encoding_video").Video(4)
    levels = np.zeros((3, 48, 64, 2), np.uint8) + np.uint8([1, 255])
    read = video.read(video.store(levels))
    assert np.abs(read.astype(int) - levels).max() <= 2


@pytest.fixture
def data(tmp_path):
    """Clips where the benchmarks look for them: 2 classes, 3 groups."""
    folder = tmp_path / "data" / "clips" / "ut_interaction"
    for label, word in enumerate(("left", "right")):
        (folder / word).mkdir(parents=True)
        for group in (1, 2, 3):
            frames = clips.moving_frames(12, seed=group)[:: 1 - 2 * label]
            file = folder / word / f"9_{group}_{label}.avi"
            write_video(file, frames, 10)
    return tmp_path / "data"


def test_encodings_are_measured(benchmark, data, tmp_path, monkeypatch, capsys):
    module = benchmark("flow_encodings")
    monkeypatch.setattr(module, "FIELDS", 10)
    names = ("jpeg95", "jpeg50", "png", "jpeg95, 1/2", "h264 crf 18")
    names = (*names, "jpeg95, 5 fields an image")
    forms = {name: module.FORMS[name] for name in names}
    monkeypatch.setattr(module, "FORMS", forms)
    spec = FlowSpec(short_side=48)
    found = module.measure(module.fields_of(data, 3, 10, spec), rounds=2)
    module.print_report(found)
    assert {*found} == {*names}
    assert found["png"]["bytes"] > found["jpeg95"]["bytes"]
    assert found["jpeg95"]["bytes"] > found["jpeg50"]["bytes"]
    assert found["jpeg50"]["rmse"] > found["jpeg95"]["rmse"]
    level = 20 / 127
    assert found["png"]["p999"] <= level / 2 + 1 / 256
    same = found["jpeg95, 5 fields an image"]["rmse"]
    assert same == pytest.approx(found["jpeg95"]["rmse"], rel=0.1)
    for row in found.values():
        assert len(row["decode_ms"]) == 2
    assert "times as fast as jpeg95" in capsys.readouterr().out


def test_records_can_go_through_a_video(benchmark, data, tmp_path):
    """Their flow is a little other, all else the same."""
    module = benchmark("encoding_video")
    paths = sorted(data.rglob("*.avi"))[:2]
    spec = FlowSpec(short_side=40, bound=5)
    flow = module.as_video(paths, spec, tmp_path, "h264", module.Video(18))
    exact = module.cache_clips(
        paths, dataclasses.replace(spec, encoding="png"), tmp_path
    )
    for path, record in zip(paths, exact.records, strict=True):
        coded = module.record_path(path, flow, tmp_path).read_bytes()
        before, after = map(features_of, (record.read_bytes(), coded))
        for name in ("meta", "frames", "motion"):
            assert before[name] == after[name]
        assert before["flow"] != after["flow"]
        for pair in zip(before["flow"], after["flow"], strict=True):
            old, new = (restore_field(x, flow, 40, 53) for x in pair)
            assert np.abs(old - new).mean() < 0.1


@pytest.mark.slow
def test_accuracy_is_measured_of_every_form(
    benchmark, data, tmp_path, monkeypatch, capsys
):
    module = benchmark("encoding_accuracy")
    recipe = module.train.read_recipe(
        FOLDER.parent / "zoo" / "networks" / "conv_relu5.ut_interaction.json"
    )
    recipe["network"] |= {
        "input_shape": [32, 32],
        "frames": 3,
        "flow_frames": 2,
    }
    recipe |= {"epochs": 1}
    forms = {
        "jpeg50": {"encoding": "jpeg50"},
        "jpeg95, 1/2": {"shrink": 2},
        "h264 crf 18": module.FORMS["h264 crf 18"],
    }
    network_of = _without_weights(module.train)
    monkeypatch.setattr(module.train, "network_of", network_of)
    made = module.maps_of(recipe, data, tmp_path / "cache", forms)
    rows = module.measure(*made, seeds=[0], learnt=("jpeg50",))
    module.print_report(rows, 6)
    pairs = [(row["learnt"], row["asked"]) for row in rows]
    own = "its own"
    assert pairs == [
        *((own, name) for name in (own, *forms)),
        ("jpeg50", "jpeg50"),
    ]
    assert rows[0]["changed"] == [0]
    assert rows[0]["moved"] == [0]
    # An untrained trunk sees little: only the frames are surely the same.
    for maps in made[0].values():
        np.testing.assert_array_equal(maps["rgb"], made[0][own]["rgb"])
    assert "right of 6" in capsys.readouterr().out


def _without_weights(train):
    def network_of(recipe, class_names, data):
        keras = importlib.import_module("keras")
        keras.utils.set_random_seed(0)
        network = recipe["network"] | {"backbone": "mobilenet:alpha=0.25"}
        model = train.keras_twostream.build(
            **network, class_names=class_names, flow=train.flow_of(recipe)
        )
        train.freeze(model, recipe["freeze"])
        return model

    return network_of
