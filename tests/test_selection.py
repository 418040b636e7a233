"""What was chosen for being best is not as good as it looked."""

import numpy as np
import pytest
from results import noisy, result

from keras_twostream.evaluation import Protocol
from keras_twostream.evaluation.selection import select

LABELS = np.arange(90) % 3


def test_the_best_of_guesses_is_a_guess():
    """Ten coins: the luckiest looks good, and the next clips tell."""
    gains, left = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        guesses = [noisy(rng, LABELS, 0) for _ in range(10)]
        found = select(guesses)
        best = guesses[found["best"]]
        assert best.accuracy == max(x.accuracy for x in guesses)
        gains.append(best.accuracy - 1 / 3)
        left.append(found["accuracy"] - 1 / 3)
    assert np.mean(gains) > 0.06
    assert abs(np.mean(left)) < 0.01


def test_who_is_better_by_far_keeps_nearly_all():
    rng = np.random.default_rng(0)
    tried = [noisy(rng, LABELS, strength) for strength in (0, 3, 0.5)]
    found = select(tried)
    assert found["best"] == 1
    assert found["accuracy"] == pytest.approx(tried[1].accuracy, abs=0.01)
    low, high = found["interval"]
    assert low < tried[1].accuracy < high


def test_probabilities_decide_between_equals():
    tried = [result(LABELS, LABELS, sure) for sure in (0.5, 0.9, 0.7)]
    assert select(tried)["best"] == 1
    # But never between unequals.
    wrong = LABELS.copy()
    wrong[0] = 1
    tried = [result(LABELS, LABELS, 0.4), result(LABELS, wrong, 0.99)]
    assert select(tried)["best"] == 0


def test_groups_are_drawn_whole():
    """Three clips of each of 30 recordings say no more than one would."""
    rng = np.random.default_rng(0)
    right = rng.random(30) < 0.7
    labels = np.repeat(np.arange(30) % 3, 3)
    answers = np.where(np.repeat(right, 3), labels, (labels + 1) % 3)
    groups = [f"g{i}" for i in np.repeat(np.arange(30), 3)]
    widths = {}
    for name, of in (("groups", groups), ("clips", None)):
        low, high = select([result(labels, answers, groups=of)])["interval"]
        widths[name] = high - low
    assert widths["groups"] > 1.4 * widths["clips"]


def test_only_the_like_is_chosen_from():
    other = result(LABELS, LABELS, protocol=Protocol(views=1))
    with pytest.raises(ValueError, match="`views` of the protocol"):
        select([result(LABELS, LABELS), other])
