"""Results: what is kept, what is refused, what follows from them."""

import json

import numpy as np
import pytest
from results import noisy, result

from keras_twostream.evaluation import (
    PROTOCOLS,
    Protocol,
    Result,
    compare,
    confusion,
    summarize,
)
from keras_twostream.evaluation.averaging import (
    as_probabilities,
    averaged,
    softmax,
)
from keras_twostream.evaluation.comparing import mcnemar
from keras_twostream.evaluation.metrics import calibration_error, interval
from keras_twostream.evaluation.sweep import moments


def test_a_file_gives_the_same_result(rng, tmp_path):
    found = noisy(rng, rng.integers(0, 3, 20), 1.0, groups=("g",) * 20)
    found = Result(
        **vars(found)
        | {
            "made": {"model": "m", "flow": {"bound": 20.0}},
            "skipped": (("bad.mp4", "it is empty"),),
            "protocol": Protocol(views=3, flips=True),
        }
    )
    again = Result.load(found.save(tmp_path / "new" / "r.json"))
    np.testing.assert_array_equal(again.scores, found.scores)
    np.testing.assert_array_equal(again.labels, found.labels)
    for name in ("clips", "class_names", "protocol", "groups", "skipped"):
        assert getattr(again, name) == getattr(found, name)
    assert again.made == found.made
    assert again.split == found.split
    assert [x.name for x in (tmp_path / "new").iterdir()] == ["r.json"]


def test_the_split_is_that_of_the_clips_in_any_order(rng):
    found = result([0, 1, 2, 0], [0, 0, 2, 1])
    turned = found.take(np.array([3, 1, 0, 2]))
    assert turned.split == found.split
    assert found.take(np.array([0, 1])).split != found.split
    other = result([0, 1, 2, 1], [0, 0, 2, 1])
    assert other.split != found.split


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x.pop("class_names"), "it has no 'class_names'"),
        (lambda x: x.update(format=9), "format is 9"),
        (lambda x: x["clips"][0].update({"class": "z"}), "'z' is not in list"),
        (lambda x: x["clips"].pop(), "not those that were written"),
        (lambda x: x["clips"][0].update(scores=[1, 1, 1]), "whose sum is 1"),
        (lambda x: x["clips"][0].update(scores=[1]), "inhomogeneous"),
        (lambda x: x["protocol"].update(views=0), "at least 1"),
        (lambda x: x["protocol"].update(more=0), "more"),
    ],
)
def test_changed_files_are_refused_by_name(tmp_path, change, message):
    path = result([0, 1, 2], [0, 1, 1]).save(tmp_path / "r.json")
    fields = json.loads(path.read_text())
    change(fields)
    path.write_text(json.dumps(fields))
    with pytest.raises(ValueError, match=message) as error:
        Result.load(path)
    assert "r.json" in str(error.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '"text"', "\0\1"])
def test_other_files_are_refused(tmp_path, text):
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(ValueError, match=r"r\.json is not a result"):
        Result.load(tmp_path / "r.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": [0, 1]}, "`labels` of shape"),
        ({"labels": [0, 1, 3]}, "0 to 2"),
        ({"clips": ("a", "a", "b")}, "several times"),
        ({"scores": np.full((3, 3), np.nan)}, "probabilities"),
        ({"groups": ("a",)}, "`groups` of shape"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    whole = vars(result([0, 1, 2], [0, 1, 1]))
    with pytest.raises(ValueError, match=message):
        Result(**whole | change)


def test_known_figures():
    """Six clips: two of a (one right), three of b (all), one of c (none)."""
    found = result([0, 0, 1, 1, 1, 2], [0, 1, 1, 1, 1, 0], sure=0.5)
    told = summarize(found)
    assert told["accuracy"] == pytest.approx(4 / 6)
    assert told["mean_class_accuracy"] == pytest.approx((1 / 2 + 1 + 0) / 3)
    rows = {row["label"]: row for row in told["classes"]}
    assert rows["a"]["precision"] == pytest.approx(1 / 2)
    assert rows["b"]["precision"] == pytest.approx(3 / 4)
    assert rows["b"]["recall"] == 1
    assert rows["c"]["precision"] is None
    assert [row["clips"] for row in told["classes"]] == [2, 3, 1]
    expected = [[1, 1, 0], [0, 3, 0], [1, 0, 0]]
    np.testing.assert_array_equal(confusion(found), expected)
    # All are sure to one half, and two thirds are right.
    assert told["ece"] == pytest.approx(4 / 6 - 0.5)
    assert told["top5"] is None


def test_a_class_without_clips_counts_for_nothing():
    told = summarize(result([0, 0, 1], [0, 1, 1]))
    assert told["classes"][2]["recall"] is None
    assert told["mean_class_accuracy"] == pytest.approx(3 / 4)


def test_top_five_of_ten():
    labels = np.arange(10)
    scores = np.tile(np.arange(10, 0, -1.0), (10, 1))
    found = result(labels, labels, classes=10)
    found = Result(
        **vars(found) | {"scores": as_probabilities(scores, "positive")}
    )
    assert summarize(found)["top5"] == pytest.approx(0.5)


def test_who_is_as_right_as_sure_has_no_calibration_error(rng):
    labels = rng.integers(0, 2, 40_000)
    sure = rng.uniform(0.5, 1, len(labels))
    right = rng.uniform(size=len(labels)) < sure
    answers = np.where(right, labels, 1 - labels)
    scores = np.stack([1 - sure, sure], -1)
    scores[answers == 0] = scores[answers == 0][:, ::-1]
    found = result(labels, answers, classes=2)
    found = Result(**vars(found) | {"scores": scores})
    assert calibration_error(found) < 0.01
    overconfident = softmax(3 * np.log(scores))
    assert (
        calibration_error(Result(**vars(found) | {"scores": overconfident}))
        > 0.1
    )


def test_intervals_hold_the_truth_as_often_as_they_say(rng):
    """Clips of a group are all right or all wrong: few independent ones."""
    held, naive, runs = 0, 0, 200
    groups = tuple(f"{i // 10}" for i in range(400))
    for _ in range(runs):
        values = np.repeat(rng.uniform(size=40) < 0.7, 10)
        low, high = interval(values, groups)
        held += low <= 0.7 <= high
        low, high = interval(values)
        naive += low <= 0.7 <= high
    assert held / runs > 0.88
    assert naive / runs < 0.6


def test_the_interval_of_all_right_is_no_point():
    low, high = interval(np.ones(20, bool))
    # Clopper and Pearson: 0.025 ** (1 / 20).
    assert (low, high) == (pytest.approx(0.025 ** (1 / 20)), 1.0)


def test_comparison_of_known_results():
    first = result([0, 0, 1, 1, 2, 2], [0, 1, 1, 0, 0, 0])
    second = result([0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 0])
    found = compare(first, second)
    assert found["accuracies"] == (pytest.approx(2 / 6), pytest.approx(5 / 6))
    assert found["difference"] == pytest.approx(0.5)
    assert (found["only_first"], found["only_second"]) == (0, 3)
    # Both tails of three coins that fall alike.
    assert found["p"] == pytest.approx(2 / 8)
    assert [row["difference"] for row in found["classes"]] == [0.5, 0.5, 0.5]
    back = compare(second, first)
    assert back["difference"] == pytest.approx(-0.5)
    assert back["p"] == found["p"]


def test_order_of_clips_does_not_matter(rng):
    labels = rng.integers(0, 3, 50)
    first, second = noisy(rng, labels, 1.0), noisy(rng, labels, 2.0)
    turned = second.take(rng.permutation(50))
    assert compare(first, turned) == compare(first, second)


def test_no_difference_is_no_evidence():
    assert mcnemar(0, 0) == 1.0
    found = result([0, 1], [0, 0])
    assert compare(found, found)["interval"] == (0.0, 0.0)


def test_unlike_results_are_not_compared():
    first = result([0, 1, 2], [0, 1, 2])
    others = {
        "`views`": result([0, 1, 2], [0, 1, 2], protocol=Protocol(views=1)),
        "labelled otherwise": result([0, 1, 1], [0, 1, 2]),
        "such as '3.mp4'": result([0, 1, 2, 0], [0, 1, 2, 0]),
        "such as 'd'": result([0, 1, 2], [0, 1, 2], classes=4),
    }
    for message, other in others.items():
        with pytest.raises(ValueError, match=message):
            compare(first, other)


def test_means_of_logits_need_no_logits(rng):
    logits = rng.normal(size=(4, 5, 3)) * 3
    found = averaged(softmax(logits), "logits")
    np.testing.assert_allclose(found, softmax(logits.mean(1)), atol=1e-6)
    mean = averaged(softmax(logits), "probabilities")
    np.testing.assert_allclose(mean, softmax(logits).mean(1), atol=1e-6)
    assert np.abs(found - mean).max() > 0.01


def test_a_view_that_excludes_a_class_does_not_break_the_mean():
    scores = np.array([[[1.0, 0.0], [0.4, 0.6]]])
    assert np.isfinite(averaged(scores, "logits")).all()


def test_scores_are_told_by_their_numbers(rng):
    logits = rng.normal(size=(6, 3))
    np.testing.assert_allclose(as_probabilities(logits), softmax(logits))
    shares = softmax(logits)
    np.testing.assert_allclose(as_probabilities(shares), shares, atol=1e-7)
    positive = as_probabilities([[2.0, -5.0, 2.0]], "positive")
    np.testing.assert_allclose(positive, [[0.5, 0, 0.5]])
    with pytest.raises(ValueError, match="sum of 1"):
        as_probabilities(logits, "probabilities")
    with pytest.raises(ValueError, match="finite"):
        as_probabilities([[np.inf, 0]])


def test_fewer_moments_are_evenly_spaced():
    assert moments(1, 25).tolist() == [12]
    assert moments(5, 25).tolist() == [2, 7, 12, 17, 22]
    assert moments(25, 25).tolist() == list(range(25))


@pytest.mark.parametrize("name", PROTOCOLS)
def test_protocols_say_what_they_are(name):
    protocol = PROTOCOLS[name]
    assert Protocol.from_dict(protocol.to_dict()) == protocol
    assert str(protocol.views) in str(protocol)


def test_views_of_the_papers():
    """Simonyan and Zisserman: 25 frames x 10; the paper: 20 x 2, whole."""
    crops = {"center": 1, "three": 3, "corners": 5}
    counts = {
        name: x.views * crops[x.places] * (1 + x.flips)
        for name, x in PROTOCOLS.items()
    }
    assert counts["simonyan2014"] == counts["tsn"] == 250
    assert counts["feichtenhofer2016"] == 40
    assert counts["feichtenhofer2016_streams"] == 50
    assert counts["ten_by_three"] == 30
    assert PROTOCOLS["feichtenhofer2016"].whole_frame
