"""Fusion of saved scores: the best weights are found, and do not flatter."""

import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
from results import noisy, result

from keras_twostream.cli import main
from keras_twostream.evaluation import Result
from keras_twostream.evaluation.averaging import softmax
from keras_twostream.evaluation.foreign import read_result
from keras_twostream.evaluation.fusing import (
    fuse_results,
    halves_of,
    heated,
    temperature_of,
)

DATA = os.environ.get("KERAS_TWOSTREAM_TEST_DATA")
needs_data = pytest.mark.skipif(
    not DATA, reason="KERAS_TWOSTREAM_TEST_DATA is not set"
)


def test_given_weights_are_used(rng):
    labels = rng.integers(0, 3, 30)
    first, second = noisy(rng, labels, 1.0), noisy(rng, labels, 1.0)
    found = fuse_results(first, second, weights=(1, 3))
    expected = (first.scores + 3 * second.scores) / 4
    np.testing.assert_allclose(found.result.scores, expected, atol=1e-6)
    assert found.weights == (0.25, 0.75)
    assert found.halves == ()


def test_a_stream_that_knows_nothing_gets_no_weight(rng):
    labels = rng.integers(0, 3, 600)
    good, noise = noisy(rng, labels, 3.0), noisy(rng, labels, 0.0)
    found = fuse_results(good, noise)
    assert found.weights[0] > 0.7
    assert found.result.accuracy > good.accuracy - 0.01
    assert found.comparison["p"] > 0.01


def test_streams_that_know_different_things_help(rng):
    labels = rng.integers(0, 3, 600)
    first, second = noisy(rng, labels, 1.5), noisy(rng, labels, 1.5)
    found = fuse_results(first, second)
    assert found.result.accuracy > first.accuracy + 0.05
    assert found.comparison["p"] < 1e-3
    assert found.comparison["interval"][0] > 0
    for half in found.halves:
        assert 0.2 < half["weights"][0] < 0.8


def test_chosen_weights_do_not_flatter(rng):
    """Two streams of chance: what is chosen on one half is chance there."""
    gains = []
    for _ in range(40):
        labels = rng.integers(0, 2, 60)
        streams = [noisy(rng, labels, 0.0, classes=2) for _ in range(2)]
        gains.append(fuse_results(*streams).result.accuracy)
    assert np.mean(gains) == pytest.approx(0.5, abs=0.04)


def test_a_temperature_is_found(rng):
    labels = rng.integers(0, 3, 4000)
    sure = noisy(rng, labels, 2.0)
    logits = np.log(sure.scores) * 4
    over = Result(**vars(sure) | {"scores": softmax(logits)})
    ratio = temperature_of(over) / temperature_of(sure)
    assert ratio == pytest.approx(4, rel=0.02)
    cooled = heated(over.scores, temperature_of(over))
    likely = [
        np.log(x[np.arange(len(labels)), labels]).mean()
        for x in (over.scores, cooled)
    ]
    assert likely[1] > likely[0]


def test_halves_keep_groups_and_classes(rng):
    labels = np.repeat(np.arange(3), 40)
    groups = tuple(f"g{i // 5}" for i in range(120))
    half = halves_of(result(labels, labels, groups=groups))
    for name in {*groups}:
        assert len({*half[np.array(groups) == name]}) == 1
    for label in range(3):
        assert 15 <= half[labels == label].sum() <= 25
    single = result(labels, labels, groups=("one",) * 120)
    with pytest.raises(ValueError, match="one group"):
        fuse_results(single, single)


def test_order_of_the_second_does_not_matter(rng):
    labels = rng.integers(0, 3, 60)
    first, second = noisy(rng, labels, 1.0), noisy(rng, labels, 1.0)
    turned = second.take(rng.permutation(60))
    one, other = (fuse_results(first, x) for x in (second, turned))
    np.testing.assert_array_equal(one.result.scores, other.result.scores)


@pytest.mark.parametrize("weights", [(1,), (0, 0), (-1, 2), (1, np.nan)])
def test_wrong_weights_are_refused(weights):
    found = result([0, 1, 2], [0, 1, 2])
    with pytest.raises(ValueError, match="`weights`"):
        fuse_results(found, found, weights=weights)


@pytest.fixture
def labelled(tmp_path, rng):
    """Returns scores, and the list of their clips."""
    names = ["dive/v_dive_g01_c01.avi", "run/v_run_g01_c01.avi"]
    names += ["run/v_run_g02_c01.avi", "dive/v_dive_g02_c01.avi"]
    (tmp_path / "list.txt").write_text("\r\n".join(names) + "\r\n")
    return rng.normal(size=(4, 2)), names


def written(path, scores):
    if path.suffix == ".npz":
        np.savez(path, scores=scores)
    elif path.suffix == ".npy":
        np.save(path, scores)
    elif path.suffix == ".h5":
        with h5py.File(path, "w") as file:
            file["deep/scores"] = scores
    else:
        scipy.io.savemat(path, {"scores": scores})
    return path


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".h5", ".mat"])
def test_scores_of_others_are_read(labelled, tmp_path, suffix):
    scores, names = labelled
    path = written(tmp_path / f"rgb{suffix}", scores)
    found = read_result(path, tmp_path / "list.txt")
    np.testing.assert_allclose(found.scores, softmax(scores), atol=1e-6)
    assert found.clips == tuple(names)
    assert found.class_names == ("dive", "run")
    assert found.labels.tolist() == [0, 1, 1, 0]
    assert len({*found.groups}) == 4


def test_matlab_files_of_version_7_3_are_read(labelled, tmp_path):
    scores, _ = labelled
    with h5py.File(tmp_path / "rgb.mat", "w") as file:
        file["scores"] = scores.T
    found = read_result(tmp_path / "rgb.mat", tmp_path / "list.txt")
    np.testing.assert_allclose(found.scores, softmax(scores), atol=1e-6)


def test_the_order_of_columns_can_be_said(labelled, tmp_path):
    scores, _ = labelled
    path = written(tmp_path / "rgb.npy", scores)
    found = read_result(path, tmp_path / "list.txt", ["run", "dive"])
    assert found.class_names == ("run", "dive")
    assert found.labels.tolist() == [1, 0, 0, 1]


def test_one_of_several_arrays_is_named(labelled, tmp_path):
    scores, _ = labelled
    np.savez(tmp_path / "two.npz", rgb=scores, flow=-scores)
    named = f"{tmp_path}/two.npz::flow"
    found = read_result(named, tmp_path / "list.txt")
    np.testing.assert_allclose(found.scores, softmax(-scores), atol=1e-6)
    with pytest.raises(ValueError, match=r"rgb \(4, 2\), flow \(4, 2\)"):
        read_result(tmp_path / "two.npz", tmp_path / "list.txt")
    with pytest.raises(ValueError, match="called 'more'"):
        read_result(f"{tmp_path}/two.npz::more", tmp_path / "list.txt")


def test_pickles_are_never_opened(labelled, tmp_path):
    (tmp_path / "a.pkl").write_bytes(b"cos\nsystem\n(S'touch x'\ntR.")
    with pytest.raises(ValueError, match="may run code"):
        read_result(tmp_path / "a.pkl")
    np.save(tmp_path / "o.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"o\.npy is damaged or of another"):
        read_result(tmp_path / "o.npy", tmp_path / "list.txt")


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".h5", ".mat"])
def test_damaged_files_are_named(labelled, tmp_path, suffix):
    path = written(tmp_path / f"rgb{suffix}", labelled[0])
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ValueError, match=f"rgb{suffix} is damaged"):
        read_result(path, tmp_path / "list.txt")


def test_what_does_not_fit_the_list_is_refused(labelled, tmp_path):
    path = written(tmp_path / "rgb.npy", labelled[0][:3])
    with pytest.raises(ValueError, match="lists 4 clips of 2 classes"):
        read_result(path, tmp_path / "list.txt")
    with pytest.raises(ValueError, match="a list of them"):
        read_result(path)
    with pytest.raises(FileNotFoundError, match=r"nowhere\.npy"):
        read_result(tmp_path / "nowhere.npy")
    with pytest.raises(ValueError, match=r"\.txt"):
        read_result(tmp_path / "list.txt")


def test_the_command_line_fuses_results(rng, tmp_path, capsys):
    labels = rng.integers(0, 3, 80)
    for name in ("rgb", "flow"):
        noisy(rng, labels, 1.5).save(tmp_path / f"{name}.json")
    files = [str(tmp_path / f"{name}.json") for name in ("rgb", "flow")]
    out = str(tmp_path / "both.json")
    assert main(["fuse", *files, "--output", out]) == 0
    said = capsys.readouterr().out
    assert "Weights for other clips" in said
    assert "exact McNemar test" in said
    assert main(["fuse", *files, "--weights", "1", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["weights"] == [0.5, 0.5]
    assert main(["compare", files[0], out]) == 0
    assert "95 % interval" in capsys.readouterr().out
    assert main(["compare", files[0], out, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["clips"] == 80
    assert main(["compare", files[0], "nowhere.json"]) == 2


@needs_data
def test_published_scores_fuse_as_published():
    """TSN-like streams of UCF101, split 1: 80.97, 85.80; 90.93, 91.30 %."""
    scores = Path(DATA) / "scores"
    classes = Path(DATA) / "annotations" / "ucfTrainTestlist" / "classInd.txt"
    first, second = (
        read_result(
            scores / f"ucf101_split1_{name}.mat",
            scores / "ucf101_split1_order.txt",
            classes,
            "positive",
        )
        for name in ("spatial", "temporal_tvl1")
    )

    def percent(found):
        return round(100 * found.accuracy, 2)

    assert (percent(first), percent(second)) == (80.97, 85.80)
    for weights, expected in (((1, 1), 90.93), ((1, 1.5), 91.30)):
        fused = fuse_results(first, second, weights=weights)
        assert percent(fused.result) == expected
    found = fuse_results(first, second)
    assert percent(found.result) > 91
    assert found.comparison["p"] < 1e-50
