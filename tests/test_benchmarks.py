"""The benchmark on real clips, run on a few made ones."""

import dataclasses
import importlib
import json
import pathlib
import sys

import keras
import numpy as np
import pytest
from clips import moving_frames

from keras_twostream.models.spec import Spec
from keras_twostream.models.table import MODELS
from keras_twostream.video import write_video

FOLDER = pathlib.Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    """Imports one of its modules, with small networks and few steps."""
    monkeypatch.syspath_prepend(str(FOLDER))
    main = importlib.import_module("real_clips")
    monkeypatch.setattr(main, "SIZE", (32, 32))
    for name, clips in main.SETS.items():
        small = dataclasses.replace(clips, frames=4, flow_frames=2)
        monkeypatch.setitem(main.SETS, name, small)
    monkeypatch.setattr(importlib.import_module("real_training"), "STEPS", 2)
    networks = importlib.import_module("real_networks")
    monkeypatch.setattr(networks, "UNITS", 2)
    yield importlib.import_module
    for name in [name for name in sys.modules if name.startswith("real_")]:
        del sys.modules[name]


@pytest.fixture
def data(tmp_path, benchmark):
    """Returns a folder as the benchmark wants it: 2 classes, 2 groups."""
    folder, main = tmp_path / "data", benchmark("real_clips")
    names = {"UT-Interaction": "9_{}_0.avi", "Weizmann": "{}_{}.avi"}
    for name, clips in main.SETS.items():
        for label, word in enumerate(("left", "right")):
            (folder / clips.folder / word).mkdir(parents=True)
            for group in (1, 2):
                frames = moving_frames(8, seed=group)[:: 1 - 2 * label]
                file = names[name].format(group, word)
                write_video(folder / clips.folder / word / file, frames, 10)
    weights = folder / main.WEIGHTS
    weights.parent.mkdir()
    whole = keras.applications.MobileNet(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    end = whole.get_layer("conv_pw_12_relu").output
    keras.Model(whole.input, end).save_weights(weights)
    return folder


@pytest.mark.slow
def test_every_network_answers_for_every_clip(
    benchmark, data, tmp_path, capsys, monkeypatch
):
    networks, main = benchmark("real_networks"), benchmark("real_clips")
    monkeypatch.delitem(main.SETS, "UT-Interaction")
    few = ("sum_softmax, thirds", "conv_relu5_pool3d_plus")
    table = {name: networks.rows()[name] for name in few}
    monkeypatch.setattr(networks, "rows", lambda: table)
    output = tmp_path / "result.json"
    main.main(str(data), [0, 1], output, tmp_path / "cache")
    results = json.loads(output.read_text())
    for name in main.SETS:
        assert results[name]["labels"] == [0, 0, 1, 1]
        assert {*results[name]["answers"]} == {*few}
        for answers in results[name]["answers"].values():
            assert len(answers) == 2
            for row in answers:
                assert len(row) == 4
                assert {*row} <= {0, 1}
    printed = capsys.readouterr().out
    for word in (*main.SETS, *few, "left", "right", "McNemar", "CPU time"):
        assert word in printed


def test_rows_are_networks_of_the_table(benchmark):
    rows = benchmark("real_networks").rows()
    assert len(rows) >= 8
    for arguments, cut in rows.values():
        name = arguments["name"]
        assert isinstance(name, Spec) or name in MODELS
        assert isinstance(cut, str)


@pytest.mark.parametrize("data", [None, "nowhere"])
def test_missing_data_is_one_clear_error(benchmark, data):
    with pytest.raises(ValueError, match="clips/ut_interaction"):
        benchmark("real_clips").parts_of(data)


def test_paired_counts_have_the_exact_chance(benchmark):
    mcnemar = benchmark("real_report").mcnemar
    assert mcnemar(0, 0) == 1
    assert mcnemar(3, 3) == 1
    assert mcnemar(1, 5) == mcnemar(5, 1) == 2 * (1 + 6) / 2**6


def test_moments_are_means_and_deviations_of_the_parts(benchmark, rng):
    clips = rng.normal(size=(2, 6, 5)).astype("float32")
    thirds = clips.reshape(2, 3, 2, 5)
    expected = [thirds.mean(axis=2), thirds.std(axis=2)]
    expected = [part.reshape(2, 15) for part in expected]
    made = benchmark("real_networks").Moments(3)(clips)
    np.testing.assert_allclose(made, np.hstack(expected), atol=1e-5)
