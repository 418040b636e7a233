"""How good is what was chosen for being best?"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_twostream.evaluation.comparing import check_alike, in_order_of
from keras_twostream.evaluation.metrics import LEVEL, RESAMPLES, numbered
from keras_twostream.evaluation.result import Result


def select(results: Sequence[Result], seed: int = 0) -> dict[str, Any]:
    """Chooses the best of several results, and says what that flatters.

    Whoever is best of several on some clips was lucky there too. So groups of
    clips are drawn again and again; the best on those drawn is judged by the
    others (Tsamardinos et al., 2018, bootstrap bias corrected
    cross-validation).

    Args:
        results: `Result`s for the same clips by the same protocol.
        seed: Seed of the draws.

    Returns:
        Dict of `"best"` (the number of the chosen result: most right answers,
        then the highest probabilities of the right classes), `"accuracy"`
        (of whatever is chosen so, on other clips) and `"interval"` of that.

    Raises:
        ValueError: If clips, classes or protocols differ.
    """
    first = results[0]
    for other in results[1:]:
        check_alike(first, other)
    aligned = [in_order_of(result, first) for result in results]
    rows = np.arange(len(first))
    right = np.array([x.right for x in aligned], float)
    sure = np.array([x.scores[rows, x.labels] for x in aligned])
    # A probability decides only between as many right answers.
    ranks = right + sure / (2 * len(first))
    groups = numbered(first.groups, len(first))
    rng, found = np.random.default_rng(seed), []
    for _ in range(RESAMPLES):
        times = np.bincount(
            rng.integers(groups.max() + 1, size=groups.max() + 1),
            minlength=groups.max() + 1,
        )[groups]
        if times.all() or not times.any():
            continue
        chosen = int((ranks @ times).argmax())
        found.append(right[chosen, times == 0].mean())
    ends = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return {
        "best": int(ranks.sum(1).argmax()),
        "accuracy": float(np.mean(found)),
        "interval": (float(ends[0]), float(ends[1])),
    }
