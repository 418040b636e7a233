"""Figures of a result: how good, for which classes, how sure of itself."""

from typing import Any

import numpy as np
from scipy import stats
from sklearn import metrics

from keras_twostream.evaluation.result import Result

LEVEL = 0.95
RESAMPLES = 2_000
# Of the probabilities of answers, for the error of calibration.
BINS = 15


def summarize(result: Result) -> dict[str, Any]:
    """Returns the figures of a result.

    Args:
        result: The `Result`.

    Returns:
        Dict of `"clips"`, `"accuracy"`, `"interval"` (see `interval`),
        `"top5"` (share of clips whose class is among the five most
        probable; `None` for five classes or fewer), `"mean_class_accuracy"`
        (of the classes that have clips), `"ece"` (see `calibration_error`)
        and `"classes"` (see `by_class`).
    """
    classes = by_class(result)
    shares = [row["recall"] for row in classes if row["clips"]]
    return {
        "clips": len(result),
        "accuracy": result.accuracy,
        "interval": interval(result.right, result.groups),
        "top5": top_k(result, 5) if len(result.class_names) > 5 else None,
        "mean_class_accuracy": float(np.mean(shares)),
        "ece": calibration_error(result),
        "classes": classes,
    }


def top_k(result: Result, k: int) -> float:
    """Returns the share of clips whose class is among the k most probable."""
    return float(
        metrics.top_k_accuracy_score(
            result.labels,
            result.scores,
            k=k,
            labels=np.arange(len(result.class_names)),
        )
    )


def surest_errors(result: Result, most: int) -> np.ndarray:
    """Returns the numbers of clips with wrong answers, the surest first.

    Args:
        result: The `Result`.
        most: How many at most.
    """
    wrong = np.flatnonzero(~result.right)
    return wrong[np.argsort(-result.scores.max(-1)[wrong])][:most]


def confusion(result: Result) -> np.ndarray:
    """Returns `int (classes, classes)`: clips by their class and answer."""
    classes = np.arange(len(result.class_names))
    return metrics.confusion_matrix(
        result.labels, result.answers, labels=classes
    )


def by_class(result: Result) -> list[dict[str, Any]]:
    """Returns the figures of each class.

    Args:
        result: The `Result`.

    Returns:
        A list of dicts of `"label"`, `"clips"`, `"recall"` (share of its clips
        that are found, the class's accuracy) and `"precision"` (share of
        what is taken for it that is); `None` where nothing is to be divided.
    """
    precision, recall, _, clips = metrics.precision_recall_fscore_support(
        result.labels,
        result.answers,
        labels=np.arange(len(result.class_names)),
        zero_division=np.nan,
    )
    return [
        {
            "label": name,
            "clips": int(clips[i]),
            "recall": _known(recall[i]),
            "precision": _known(precision[i]),
        }
        for i, name in enumerate(result.class_names)
    ]


def reliability(result: Result) -> list[dict[str, float]]:
    """Returns how often answers of some probability are right.

    Args:
        result: The `Result`.

    Returns:
        Of those of `BINS` equal ranges of probability that hold answers, a
        dict of `"probability"` (mean), `"right"` (share) and `"clips"`.
    """
    sure = result.scores.max(-1)
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    return [
        {
            "probability": float(sure[bins == i].mean()),
            "right": float(result.right[bins == i].mean()),
            "clips": int((bins == i).sum()),
        }
        for i in np.unique(bins)
    ]


def calibration_error(result: Result) -> float:
    """Returns the expected calibration error (Guo et al., 2017, eq. 3).

    It is the mean distance of an answer's probability from how often such
    answers are right: 0 for a network that knows how much it knows.
    """
    rows = reliability(result)
    gaps = [abs(x["probability"] - x["right"]) * x["clips"] for x in rows]
    return sum(gaps) / len(result)


def interval(values, groups=None, level=LEVEL, seed=0) -> tuple[float, float]:
    """Returns an interval of the mean of values, by the bootstrap.

    Whole groups are drawn, as their clips are not independent. Where all
    values are equal nothing is to be drawn, and for shares the exact binomial
    interval (Clopper and Pearson, 1934) of as many draws as there are groups
    is returned.

    Args:
        values: Array `(clips,)`, of right and wrong, or of differences.
        groups: The group of each clip; clips of no group (`None`) are each
            their own. `None` if there are none at all.
        level: Share of such intervals that hold the true mean.
        seed: Seed of the draws.

    Returns:
        Its lower and its upper end.
    """
    values = np.asarray(values)
    sums, counts = _of_groups(values.astype(float), groups)
    if values.dtype == bool and values.min() == values.max():
        known = stats.binomtest(int(values[0]) * len(sums), len(sums))
        ends = known.proportion_ci(level)
        return float(ends.low), float(ends.high)
    rng = np.random.default_rng(seed)
    means = np.empty(RESAMPLES)
    for i in range(RESAMPLES):
        drawn = rng.integers(len(sums), size=len(sums))
        means[i] = sums[drawn].sum() / counts[drawn].sum()
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def numbered(groups, clips: int) -> np.ndarray:
    """Returns `int (clips,)`: what is drawn as one has one number.

    Args:
        groups: As for `interval`.
        clips: How many clips there are.
    """
    if groups is None or len({*groups}) < 2:
        return np.arange(clips)
    names = [f"group {g}" if g is not None else i for i, g in enumerate(groups)]
    return np.unique(np.array(names, str), return_inverse=True)[1]


def _of_groups(values, groups):
    """Returns the sum of each group's values, and how many they are."""
    numbers = numbered(groups, len(values))
    return np.bincount(numbers, values), np.bincount(numbers)


def _known(value) -> float | None:
    return None if np.isnan(value) else float(value)
