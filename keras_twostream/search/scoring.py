"""How good combinations are, by what their networks answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_twostream.evaluation.averaging import as_probabilities
from keras_twostream.evaluation.metrics import interval
from keras_twostream.search.plan import Net, Plan

# What being sure counts beside being right: less than any one answer.
SURE = 1e-6


@dataclass(frozen=True, eq=False)
class Score:
    """What is known of a combination.

    Attributes:
        right: `float (clips,)`, share of the networks that answer rightly, of
            those that may be asked; not a number where none may.
        sure: `float (clips,)`, the mean probability of the right class.
    """

    right: np.ndarray
    sure: np.ndarray

    @property
    def accuracy(self) -> float:
        """Mean share of right answers, not a number without any."""
        return _mean(self.right)

    @property
    def rank(self) -> float:
        """Its accuracy; how sure it is decides between equal ones."""
        return self.accuracy + SURE * _mean(self.sure)

    def interval(self, groups: Any) -> tuple[float, float]:
        """Returns the interval of the accuracy, drawing groups of clips."""
        known = np.isfinite(self.right)
        groups = groups and [g for g, x in zip(groups, known, strict=True) if x]
        return interval(self.right[known], groups)


class Scoring:
    """Scores combinations by a plan.

    Args:
        plan: `Plan`.
        labels: `int (clips,)`.
    """

    def __init__(self, plan: Plan, labels: np.ndarray):
        self.plan, self.labels = plan, np.asarray(labels, int)
        everything = [
            (net, np.ones(len(net.answers), bool)) for net in plan.inner
        ]
        self._all = everything
        self._reasons = {x.name: plan.reasons(x) for x in plan.outer}

    def overall(
        self, answers: Sequence[Mapping[str, np.ndarray]], nets=None
    ) -> Score:
        """Returns the score by all inner networks.

        Args:
            answers: For each seed a dict of network -> scores of clips.
            nets: Names of the networks to count, if not all.
        """
        return self._score(self._all, answers, nets)

    def for_part(
        self,
        part: Net,
        answers: Sequence[Mapping[str, np.ndarray]],
        nets=None,
    ) -> Score:
        """Returns the score by what may be known where a part is chosen for.

        Args:
            part: One of the plan's outer networks.
            answers: As for `overall`.
            nets: As for `overall`.
        """
        return self._score(self._reasons[part.name], answers, nets)

    def _score(self, asked, answers, nets):
        right, sure, count = np.zeros((3, self.plan.clips))
        for found in answers:
            for net, chosen in asked:
                if net.name not in found or (nets and net.name not in nets):
                    continue
                clips = net.answers[chosen]
                scores = as_probabilities(found[net.name])[chosen]
                truth = self.labels[clips]
                right[clips] += scores.argmax(-1) == truth
                sure[clips] += scores[np.arange(len(clips)), truth]
                count[clips] += 1
        with np.errstate(invalid="ignore"):
            return Score(right / count, sure / count)


def leaders(
    scoring: Scoring,
    answers: Mapping[str, Any],
    most: int,
    part: Net,
    nets=None,
) -> list[str]:
    """Returns the best for a part, by what may be known there.

    Args:
        scoring: `Scoring`.
        answers: Dict of combination -> its answers, as for `overall`.
        most: How many there are at most.
        part: One of the plan's outer networks.
        nets: As for `overall`.

    Returns:
        Combinations, the best first.
    """
    ranks = {
        key: scoring.for_part(part, x, nets).rank for key, x in answers.items()
    }
    return sorted(ranks, key=lambda key: -ranks[key])[:most]


def best(ranks: Mapping[str, float]) -> str:
    """Returns who has the highest rank, the first of equal ones."""
    return max(ranks, key=lambda key: ranks[key])


def _mean(values) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
