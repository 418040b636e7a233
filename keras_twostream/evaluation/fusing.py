"""Late fusion of saved scores, and whether the second stream helps.

Weights and temperatures that were chosen on the clips that they are judged by
flatter. So each half of the clips is fused by what the other half chose.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

from keras_twostream.evaluation.averaging import TINY, normalized, softmax
from keras_twostream.evaluation.comparing import (
    check_alike,
    compare,
    in_order_of,
)
from keras_twostream.evaluation.result import Result

# Shares of the second stream that are tried.
SHARES = np.linspace(0, 1, 41)
# Temperatures between which the best is sought.
HOTTEST = 20.0


@dataclass(frozen=True, kw_only=True)
class Fusion:
    """How the scores of streams were fused, and what came of it.

    Attributes:
        result: The fused `Result`.
        weights: Of the streams, whose sum is 1; chosen on all clips, if they
            were chosen.
        temperatures: By which the logits of each stream are divided.
        comparison: The first stream against the fused scores, see
            `evaluation.compare`.
        halves: Where weights were chosen: those by which each half of the
            clips was fused, `[{"clips", "weights", "temperatures"}, ...]`.
    """

    result: Result
    weights: tuple[float, ...]
    temperatures: tuple[float, ...]
    comparison: dict[str, Any]
    halves: tuple[dict[str, Any], ...] = ()


def fuse_results(
    first: Result,
    second: Result,
    *,
    weights: Sequence[float] | None = None,
    calibrate: bool | None = None,
    seed: int = 0,
) -> Fusion:
    """Averages the probabilities of two streams.

    Args:
        first: `Result` of one stream, as of RGB.
        second: `Result` of the other, for the same clips.
        weights: Weight of each; `None` chooses them on one half of the clips
            for the other, and the other way round. Groups stay whole.
        calibrate: Where weights are chosen: whether each stream's logits are
            divided by the temperature that makes its probabilities most
            likely on the same half (Guo et al., 2017); `None` for whatever
            is better there.
        seed: Of the halves.

    Returns:
        A `Fusion`.

    Raises:
        ValueError: If the results are not about the same clips and classes,
            or the weights are no shares.
    """
    check_alike(first, second, protocols=False)
    both = [first, in_order_of(second, first)]
    if weights is not None:
        chosen = _Choice(_shares(weights), (1.0, 1.0))
        scores, halves = chosen.fuse(both), ()
    else:
        scores, halves = _crossed(both, calibrate, seed)
        chosen = _choose(both, calibrate)
    result = dataclasses.replace(
        first,
        scores=scores,
        made={
            "fused": [dict(x.made) for x in both],
            "weights_of_streams": list(chosen.weights),
        },
    )
    return Fusion(
        result=result,
        weights=chosen.weights,
        temperatures=chosen.temperatures,
        comparison=compare(first, result),
        halves=halves,
    )


@dataclass(frozen=True)
class _Choice:
    weights: tuple[float, ...]
    temperatures: tuple[float, ...]

    def fuse(self, results: Sequence[Result]) -> np.ndarray:
        """Returns the fused probabilities of clips."""
        pairs = zip(results, self.temperatures, strict=True)
        parts = [heated(result.scores, t) for result, t in pairs]
        return normalized(np.tensordot(self.weights, np.stack(parts), 1))


def heated(scores: np.ndarray, temperature: float) -> np.ndarray:
    """Returns probabilities whose logits are divided by a temperature."""
    if temperature == 1:
        return scores
    logits = np.log(np.maximum(scores, TINY, dtype=np.float64))
    return softmax(logits / temperature)


def temperature_of(result: Result) -> float:
    """Returns the temperature that makes the right classes most likely."""

    def surprise(log_temperature):
        scores = heated(result.scores, float(np.exp(log_temperature)))
        right = scores[np.arange(len(result)), result.labels]
        return -np.log(np.maximum(right, TINY)).mean()

    reach = float(np.log(HOTTEST))
    found = optimize.minimize_scalar(
        surprise, bounds=(-reach, reach), method="bounded"
    )
    return float(np.exp(found.x))


def halves_of(result: Result, seed: int = 0) -> np.ndarray:
    """Returns `bool (clips,)`: clips in two halves, of every class alike.

    Args:
        result: Says the classes and groups of clips; groups stay whole.
        seed: Of the draw.
    """
    groups = result.groups or (None,) * len(result)
    pairs = zip(result.clips, groups, strict=True)
    names = [clip if group is None else group for clip, group in pairs]
    order = np.unique(names)
    np.random.default_rng(seed).shuffle(order)
    counts = np.zeros((2, len(result.class_names)), int)
    half = {}
    for name in order:
        own = np.array([x == name for x in names])
        added = np.bincount(result.labels[own], minlength=counts.shape[1])
        # To the half that has fewer of these classes.
        side = int(np.argmin(counts @ added))
        half[name] = side
        counts[side] += added
    return np.array([half[name] == 1 for name in names])


def _crossed(both, calibrate, seed):
    """Fuses each half by what the other half chose."""
    second = halves_of(both[0], seed)
    scores, halves = np.empty_like(both[0].scores), []
    for side in (~second, second):
        if not side.any() or side.all():
            raise ValueError(
                "Weights are chosen on one half of the clips for the other; "
                "one group of clips has no halves. Say the `weights`"
            )
        choice = _choose([x.take(~side) for x in both], calibrate)
        scores[side] = choice.fuse([x.take(side) for x in both])
        halves.append(
            {
                "clips": int(side.sum()),
                "weights": list(choice.weights),
                "temperatures": list(choice.temperatures),
            }
        )
    return scores, tuple(halves)


def _choose(both, calibrate) -> _Choice:
    """Returns what is best for some clips."""
    options: list[tuple[float, ...]] = []
    if not calibrate:
        options.append((1.0, 1.0))
    if calibrate is not False:
        options.append(tuple(temperature_of(result) for result in both))
    choices = [
        _Choice((1 - share, share), temperatures)
        for temperatures in options
        for share in map(float, SHARES)
    ]
    return max(choices, key=lambda choice: _rank(choice, both))


def _rank(choice: _Choice, both) -> tuple[int, float, float]:
    """Orders choices: by right answers, then sure ones, then equality."""
    scores, labels = choice.fuse(both), both[0].labels
    sure = np.maximum(scores[np.arange(len(scores)), labels], TINY)
    return (
        int((scores.argmax(-1) == labels).sum()),
        float(np.log(sure).mean()),
        -abs(choice.weights[1] - 0.5),
    )


def _shares(weights) -> tuple[float, ...]:
    values = [float(x) for x in weights]
    if len(values) != 2 or min(values) < 0 or not 0 < sum(values) < np.inf:
        raise ValueError(
            "`weights` are two numbers that are not negative and not both 0. "
            f"Received: {list(weights)}"
        )
    return tuple(x / sum(values) for x in values)
