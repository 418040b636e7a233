"""What the rows of a search's leaderboard hold."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]
# What is said where a column does not apply.
MISSING = "-"
# Sizes of a network, and their names.
MEASURES = {"parameters": "parameters", "multiply_adds": "multiply-adds"}


def measured(rows: Rows, measure: str = "accuracy") -> list[Mapping[str, Any]]:
    """Returns the rows whose accuracy and measure are known."""
    names = ("accuracy", measure)
    return [
        row for row in rows if all(row.get(name) is not None for name in names)
    ]


def values_of(rows: Rows, column: str) -> list[Any]:
    """Returns the different values of a column: numbers, then words."""
    found: list[Any] = []
    for row in rows:
        # Values may be lists, which no set holds.
        if column in row["values"] and row["values"][column] not in found:
            found.append(row["values"][column])
    return sorted(found, key=_order)


def word(value: Any) -> str:
    """Returns a value of a search space as text."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value)


def pareto_front(rows: Rows, measure: str) -> list[Mapping[str, Any]]:
    """Returns the rows that no other beats in size and accuracy both.

    Args:
        rows: Rows of a leaderboard; those without accuracy or measure are
            left out.
        measure: `"parameters"` or `"multiply_adds"`.

    Returns:
        The rows, the smallest first, each more accurate than the last.
    """
    front: list[Mapping[str, Any]] = []
    for row in sorted(
        measured(rows, measure),
        key=lambda row: (row[measure], -row["accuracy"]),
    ):
        if not front or row["accuracy"] > front[-1]["accuracy"]:
            front.append(row)
    return front


def cut(words: str, most: int) -> str:
    """Returns words for a figure, of so many letters, without their middle."""
    if len(words) > most:
        words = f"{words[: most // 2]}…{words[most // 2 + 1 - most :]}"
    # Between two dollars Matplotlib would read mathematics.
    return words.replace("$", r"\$")


def _order(value):
    """Returns what sorts values of any kind: yes and no, numbers, words."""
    number = isinstance(value, int | float)
    return not number, value if number else 0, word(value)
