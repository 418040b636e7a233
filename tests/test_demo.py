"""The demo, whole but small; the full one is timed by CI."""

import json

import pytest

from keras_twostream.demo import run_demo
from keras_twostream.demo.run import NETWORKS
from keras_twostream.evaluation import load_run, predict
from keras_twostream.video.synthetic import CLASS_NAMES

# README's first command is the whole of it.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    few = {"train": 4, "validation": 1, "test": 2}
    return folder, run_demo(folder, seed=1, clips=few, epochs=1)


def test_every_network_is_compared_and_saved(demo):
    folder, found = demo
    assert [row.network for row in found.results] == [*NETWORKS]
    for row in found.results:
        # Four of the six classes are of the first kind.
        mean = (2 * row.what_how + row.registration) / 3
        assert row.overall == pytest.approx(mean)
        _, record = load_run(folder / row.network)
        assert record.class_names == CLASS_NAMES
    table = json.loads((folder / "result.json").read_text())["test"]
    assert table[3]["overall"] == found.results[3].overall


def test_picture_and_fresh_clip(demo):
    _, found = demo
    assert found.picture.read_bytes()[1:4] == b"PNG"
    assert {row["label"] for row in found.answer} == {*CLASS_NAMES}


def test_late_fusion_is_the_mean_of_the_streams(demo):
    folder, found = demo
    answers = {
        name: {
            row["label"]: row["score"]
            for row in predict(found.clip, folder / name, top=6)
        }
        for name in ("spatial", "temporal", "sum_softmax")
    }
    for label in CLASS_NAMES:
        mean = (answers["spatial"][label] + answers["temporal"][label]) / 2
        assert answers["sum_softmax"][label] == pytest.approx(mean, abs=1e-5)
