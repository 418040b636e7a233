"""The benchmark on real clips, run on a few made ones."""

import importlib
import json
import pathlib
import sys

import keras
import numpy as np
import pytest
from clips import moving_frames

from keras_twostream.video import write_video

FOLDER = pathlib.Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch, tmp_path):
    """Imports one of its modules, with small networks and few steps."""
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setenv("KERAS_TWOSTREAM_CACHE", str(tmp_path / "cache"))
    networks = importlib.import_module("ut_networks")
    for name, value in {
        "SIZE": (32, 32), "FRAMES": 4, "SEGMENTS": 2, "FIELDS": 2,
        "HEAD_STEPS": 3, "TUNING_STEPS": 1,
    }.items():  # fmt: skip
        monkeypatch.setattr(networks, name, value)
    yield importlib.import_module
    for name in [name for name in sys.modules if name.startswith("ut_")]:
        del sys.modules[name]


@pytest.fixture
def data(tmp_path, benchmark):
    """Returns a folder as the benchmark wants it: 2 classes, 2 sequences."""
    folder, main = tmp_path / "data", benchmark("ut_interaction")
    for label, name in enumerate(("left", "right")):
        (folder / main.CLIPS / name).mkdir(parents=True)
        for sequence in (1, 2):
            frames = moving_frames(8, seed=sequence)[:: 1 - 2 * label]
            path = f"{name}/{label}{sequence}_{sequence}_{label}.avi"
            write_video(folder / main.CLIPS / path, frames, 10)
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
    benchmark, data, tmp_path, capsys
):
    output = tmp_path / "result.json"
    benchmark("ut_interaction").main(str(data), [0, 1], output)
    result = json.loads(output.read_text())
    assert result["labels"] == [0, 0, 1, 1]
    networks = {"spatial", "temporal", "late", "mid-level"}
    for answers in result["answers"]:
        assert {*answers} == networks | {"mid-level, as started"}
        for row in answers.values():
            assert len(row) == 4
            assert {*row} <= {0, 1}
    printed = capsys.readouterr().out
    for word in (*networks, "left", "right", "McNemar", "CPU time"):
        assert word in printed


@pytest.mark.parametrize("data", [None, "nowhere"])
def test_missing_data_is_one_clear_error(benchmark, data):
    with pytest.raises(ValueError, match="clips/ut_interaction"):
        benchmark("ut_interaction").parts_of(data)


def test_paired_counts_have_the_exact_chance(benchmark):
    mcnemar = benchmark("ut_report").mcnemar
    assert mcnemar(0, 0) == 1
    assert mcnemar(3, 3) == 1
    assert mcnemar(1, 5) == mcnemar(5, 1) == 2 * (1 + 6) / 2**6


def test_flow_shows_u_as_red_and_v_as_green(benchmark, rng):
    networks = benchmark("ut_networks")
    colours = rng.normal(size=(1, 1, 3, 5))
    u, v = rng.normal(size=(2, networks.FIELDS))
    stack = np.stack([u, v], axis=-1).ravel()
    red, green = networks.FLOW_GAIN * np.array([u.mean(), v.mean()])
    image = np.array([red, green, -(red + green) / 2])
    kernel = networks.flow_kernel(colours)[0, 0]
    np.testing.assert_allclose(stack @ kernel, image @ colours[0, 0])


def test_fusion_starts_as_the_sum_beside_rgb(benchmark, rng):
    networks = benchmark("ut_networks")
    kernel, bias = networks.fusion_weights()
    rgb, flow = rng.uniform(size=(2, networks.CHANNELS))
    np.testing.assert_allclose(
        np.concatenate([rgb, flow]) @ kernel + bias,
        np.concatenate([rgb + flow, rgb]),
    )
