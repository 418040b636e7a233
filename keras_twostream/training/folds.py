"""Which clips are held back together."""

import warnings

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold


def folds_of(labels, groups, folds=10, seed=0):
    """Returns in which fold each clip is held back.

    Args:
        labels: Integer array `(clips,)`.
        groups: Name of each clip's group, or `None`. Groups stay whole; up to
            `folds` groups are a fold each.
        folds: Integer, number of folds.
        seed: Of the draw, where groups share folds.

    Returns:
        Integer array `(clips,)`.

    Raises:
        ValueError: If there are fewer than two groups or folds.
    """
    names = groups or range(len(labels))
    numbers = np.unique(names, return_inverse=True)[1]
    count = numbers.max() + 1
    if min(count, folds) < 2:
        raise ValueError(
            "Cross-validation needs two groups of clips or more, and two "
            f"folds. Received: {count} groups, folds={folds}"
        )
    if count <= folds:
        return numbers
    # More folds than clips of any class would leave each to chance.
    folds = min(folds, int(np.bincount(labels).max()))
    if folds < 2:
        raise ValueError(
            "Cross-validation needs a class of two clips or more. Received: "
            "one clip of each class"
        )
    found = np.zeros(len(labels), int)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A class of fewer clips than folds is missing from some.
        warnings.simplefilter("ignore", UserWarning)
        parts = splitter.split(labels, labels, numbers)
        for fold, (_, held_back) in enumerate(parts):
            found[held_back] = fold
    return found
