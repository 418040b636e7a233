"""The leaderboard of a search as HTML."""

from collections.abc import Callable, Sequence
from typing import Any

from keras_twostream.report.page import amount, chance, percent, table, text
from keras_twostream.report.search_rows import (
    MEASURES,
    MISSING,
    Rows,
    measured,
    values_of,
    word,
)

# Rows of the table and of the list of what has no accuracy.
SHOWN = 30
STATUS = {
    "complete": "complete",
    "dropped": "dropped after rung 1",
    "failed": "failed",
    "passed over": "passed over",
}
_CAUTION = (
    "On the clips of the search. Each p is about one difference alone: of "
    "twenty such, one is below 0.05 by chance."
)


def leaderboard(rows: Rows, columns: Sequence[str]) -> str:
    """Returns the table of the best combinations, as HTML.

    Args:
        rows: Rows of a leaderboard, the best first; those without accuracy
            are left out.
        columns: Columns of the search space.
    """
    known = measured(rows)
    if not known:
        return ""
    varied, alike = _columns(known, columns)
    head = (
        *(
            "rank",
            "name",
            "right",
            "95 % interval",
            "against default",
            "p",
            "status",
        ),
        *varied,
        *(*MEASURES.values(), "seconds", "networks"),
    )
    lines = [_line(row, varied) for row in known[:SHOWN]]
    left = len(known) - SHOWN
    words = [_CAUTION]
    words += [f"All have {', '.join(alike)}."] if alike else []
    words += [f"{left} more are not shown."] if left > 0 else []
    return (
        '<section class="card"><h2>Leaderboard</h2><p class="quiet">'
        f"{text(' '.join(words))}</p>{table(head, lines)}</section>"
    )


def without_accuracy(rows: Rows) -> str:
    """Returns a list of what could not be tried and why, as HTML."""
    reasons: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        if row.get("accuracy") is None:
            reason = _status(row), row.get("why") or ""
            reasons.setdefault(reason, []).append(row["name"])
    lines = [
        f"<li>{text(', '.join(names))}: {text(status)}"
        f"{text(f', {why}' if why else '')}</li>"
        for (status, why), names in reasons.items()
    ]
    left = len(lines) - SHOWN
    lines[SHOWN:] = [f"<li>And {left} more reasons.</li>"] if left > 0 else []
    return (
        '<section class="card"><h2>Without accuracy</h2>'
        f"<ul>{''.join(lines)}</ul></section>"
        if lines
        else ""
    )


def or_missing(value: Any, words: Callable[[Any], str]) -> str:
    """Returns a value in words, a hyphen if there is none."""
    return MISSING if value is None else words(value)


def _columns(rows: Rows, columns: Sequence[str]):
    """Returns the columns that differ, and what all rows have, in words."""
    varied, alike = [], []
    for column in columns:
        values = values_of(rows, column)
        if values[1:] or any(column not in row["values"] for row in rows):
            varied += [column] if values else []
        else:
            alike.append(f"{column} {word(values[0])}")
    return varied, alike


def _line(row, columns):
    flags = [flag for flag in ("winner", "default") if row.get(flag)]
    difference, p = row.get("difference"), row.get("p")
    return (
        row["rank"],
        row["name"] + (f" ({', '.join(flags)})" if flags else ""),
        percent(row["accuracy"]),
        f"{percent(row['low'])} to {percent(row['high'])}",
        # 0 has no sign.
        or_missing(difference, lambda x: f"{round(100 * x, 1) + 0.0:+.1f}"),
        or_missing(p, chance),
        _status(row),
        *(
            word(row["values"][name]) if name in row["values"] else MISSING
            for name in columns
        ),
        *(or_missing(row.get(measure), amount) for measure in MEASURES),
        or_missing(row.get("seconds"), lambda x: f"{x:.1f}"),
        row.get("networks") or 0,
    )


def _status(row) -> str:
    return STATUS.get(row["status"], row["status"])
