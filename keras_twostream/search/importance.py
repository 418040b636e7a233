"""What mattered in a search: which choices explain how good networks were."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import KFold

from keras_twostream.evaluation.metrics import interval
from keras_twostream.report.search_rows import Rows, measured, values_of

# Of fewer combinations nothing can be said about a column.
FEWEST = 5
FOLDS, TREES, SEED = 5, 100, 0
# Values that take the place of one, drawn from all combinations.
DRAWS = 20


def importance(rows: Rows, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Returns how much of the accuracy each choice of a search explains.

    A random forest learns accuracy from choices, and is asked about
    combinations that it has not seen, once as they are and once with other
    values in one column (permutation importance; Breiman, 2001). What that
    costs is the column's share of the variance. A column that does not apply
    stays so, as that was another column's choice. A forest that says no more
    than the mean of all combinations explains nothing.

    Args:
        rows: Rows of a leaderboard: dicts of `"accuracy"` (`None` if
            unknown), `"values"` (column -> value, without columns that do
            not apply) and perhaps `"networks"` (trained networks behind the
            accuracy, which are how much a row counts).
        columns: Columns of the search space.

    Returns:
        One dict for each column that has two values or more, the largest
        share first: `"column"`, `"share"` (all sum to 1, or are 0 if nothing
        explains anything, or `None` for fewer than `FEWEST` combinations, the
        order being that of the columns then), `"trials"` (combinations that
        have the column) and `"values"`, the best first: dicts of `"value"`,
        `"mean"` (accuracy), `"low"`, `"high"` (95 % interval of it, which is
        the mean alone for a single combination) and `"trials"`.
    """
    known = measured(rows)
    found = {column: values_of(known, column) for column in columns}
    varied = {name: values for name, values in found.items() if values[1:]}
    summaries = [
        {
            "column": column,
            "share": share,
            "trials": sum(column in row["values"] for row in known),
            "values": _means(known, column, values),
        }
        for (column, values), share in zip(
            varied.items(), _shares(known, varied), strict=True
        )
    ]
    return sorted(summaries, key=lambda found: -(found["share"] or 0))


def _means(rows, column, values):
    """Returns the accuracy of each value, the best first."""
    means = []
    for value in values:
        accuracies = [
            row["accuracy"]
            for row in rows
            if column in row["values"] and row["values"][column] == value
        ]
        low, high = interval(np.array(accuracies, float))
        means.append(
            {
                "value": value,
                "mean": float(np.mean(accuracies)),
                "low": low,
                "high": high,
                "trials": len(accuracies),
            }
        )
    return sorted(means, key=lambda found: -found["mean"])


def _shares(rows, varied):
    """Returns the share of each column of `varied`, column -> its values."""
    if len(rows) < FEWEST or not varied:
        return [None] * len(varied)
    codes = [
        [_code(row["values"], name, known) for name, known in varied.items()]
        for row in rows
    ]
    accuracies = np.array([row["accuracy"] for row in rows], float)
    weights = np.array([row.get("networks") or 1 for row in rows], float)
    weights /= weights.sum()
    *errors, error = _errors(np.array(codes), accuracies, weights)
    variance = weights @ (accuracies - weights @ accuracies) ** 2
    costs = np.maximum(np.array(errors) - error, 0)
    if error >= variance or not costs.any():
        return [0.0] * len(varied)
    return (costs / costs.sum()).tolist()


def _code(values, column, known):
    """Returns the number of a value, -1 where the column does not apply."""
    return known.index(values[column]) if column in values else -1


def _errors(codes, accuracies, weights):
    """Returns the forest's mean squared error on what it has not seen.

    Args:
        codes: `int (rows, columns)`, as of `_code`.
        accuracies: `(rows,)`.
        weights: `(rows,)`, which sum to 1.

    Returns:
        `(columns + 1,)`, with other values in each column, and with none.
    """
    columns, rng = codes.shape[1], np.random.default_rng(SEED)
    errors = np.zeros(columns + 1)
    folds = KFold(FOLDS, shuffle=True, random_state=SEED)
    for seen, new in folds.split(codes):
        forest = RandomForestRegressor(TREES, random_state=SEED)
        forest.fit(
            _one_hot(codes, codes[seen]), accuracies[seen], weights[seen]
        )
        asked = np.tile(codes[new], (columns + 1, DRAWS, 1, 1))
        for column, values in enumerate(codes.T):
            drawn = rng.choice(values[values >= 0], (DRAWS, len(new)))
            asked[column, ..., column] = np.where(
                codes[new, column] >= 0, drawn, -1
            )
        answers = forest.predict(_one_hot(codes, asked.reshape(-1, columns)))
        answers = answers.reshape(columns + 1, DRAWS, len(new))
        misses = (answers - accuracies[new]) ** 2
        errors += misses.mean(1) @ weights[new]
    return errors


def _one_hot(codes, chosen):
    """Returns `bool (chosen, values)`; all are false where none applies."""
    return np.concatenate(
        [
            chosen[:, [column]] == np.arange(most + 1)
            for column, most in enumerate(codes.max(0))
        ],
        axis=1,
    )
