"""Is one network better than another? Both answer for the same clips."""

import dataclasses
from typing import Any

import numpy as np
from scipy import stats

from keras_twostream.evaluation.metrics import interval
from keras_twostream.evaluation.result import Result


def compare(first: Result, second: Result) -> dict[str, Any]:
    """Compares two results clip by clip.

    Args:
        first: A `Result`.
        second: Another one, for the same clips by the same protocol.

    Returns:
        Dict of `"clips"`, `"accuracies"` (both), `"difference"` (the second's
        minus the first's), `"interval"` (of that, see `metrics.interval`),
        `"only_first"` and `"only_second"` (clips that only this one has
        right), `"p"` (exact test of McNemar, 1947: how probable it is that
        these two differ as much if neither network is better) and
        `"classes"`, a list of dicts of `"label"`, `"clips"` and
        `"difference"`.

    Raises:
        ValueError: If clips, classes or protocols differ.
    """
    check_alike(first, second)
    second = in_order_of(second, first)
    gains = second.right.astype(int) - first.right
    only_first, only_second = int((gains < 0).sum()), int((gains > 0).sum())
    return {
        "clips": len(first),
        "accuracies": (first.accuracy, second.accuracy),
        "difference": float(gains.mean()),
        "interval": interval(gains, first.groups),
        "only_first": only_first,
        "only_second": only_second,
        "p": mcnemar(only_first, only_second),
        "classes": gains_by_class(first, gains),
    }


def mcnemar(only_first: int, only_second: int) -> float:
    """Returns how probable it is that chance alone tells two apart as much.

    Args:
        only_first: Clips that only the first has right.
        only_second: Clips that only the second has right.
    """
    unlike = only_first + only_second
    return float(stats.binomtest(only_first, unlike).pvalue) if unlike else 1.0


def gains_by_class(result: Result, gains: np.ndarray) -> list[dict[str, Any]]:
    """Returns the mean of a clip's gain for each class that has clips.

    Args:
        result: Says which clips are of which class.
        gains: Array `(clips,)`.
    """
    return [
        {
            "label": name,
            "clips": int(chosen.sum()),
            "difference": float(gains[chosen].mean()),
        }
        for i, name in enumerate(result.class_names)
        if (chosen := result.labels == i).any()
    ]


def check_alike(first: Result, second: Result, protocols: bool = True) -> None:
    """Raises `ValueError` unless results are about the same question.

    Args:
        first: A `Result`.
        second: Another one.
        protocols: Whether they must be of one protocol too.
    """
    differences = []
    if first.class_names != second.class_names:
        unlike = {*first.class_names} ^ {*second.class_names}
        what = f"such as {min(unlike)!r}" if unlike else "in another order"
        differences.append(
            f"classes ({len(first.class_names)} and "
            f"{len(second.class_names)}, {what})"
        )
    elif first.split != second.split:
        unlike = {*first.clips} ^ {*second.clips}
        what = f"such as {min(unlike)!r}" if unlike else "labelled otherwise"
        differences.append(f"clips ({len(first)} and {len(second)}, {what})")
    if protocols:
        for part in dataclasses.fields(first.protocol):
            values = [getattr(x.protocol, part.name) for x in (first, second)]
            if values[0] != values[1]:
                differences.append(
                    f"`{part.name}` of the protocol ({values[0]} and "
                    f"{values[1]})"
                )
    if differences:
        raise ValueError(
            "Only results for the same clips by the same protocol can be "
            f"compared. These differ in {'; '.join(differences)}"
        )


def in_order_of(result: Result, other: Result) -> Result:
    """Returns a result with its clips in the order of another one's."""
    place = {clip: i for i, clip in enumerate(result.clips)}
    return result.take(np.array([place[clip] for clip in other.clips]))
