"""A search as parallel coordinates: one line for each combination."""

from collections.abc import Sequence

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from keras_twostream.report._blocks import INK
from keras_twostream.report.search_rows import (
    MISSING,
    Rows,
    cut,
    measured,
    values_of,
    word,
)

# Letters of a level, their size in points, and how many levels are written.
LONGEST, LETTERS, WRITTEN = 13, 8, 20
# Of the way between two axes, of the room of a level that lines take, and of
# the height of an axis that is between two lines at most.
WAY, ROOM, APART = np.linspace(0, 1, 33), 0.76, 0.012


def parallel(rows: Rows, columns: Sequence[str]) -> Figure:
    """Draws each combination as a line through its values to its accuracy.

    Lines of one value lie beside each other, the more accurate above.

    Args:
        rows: Rows of a leaderboard; those without accuracy are left out.
        columns: Columns of the search space; those of one value are left
            out.
    """
    known = sorted(measured(rows), key=lambda row: row["accuracy"])
    shown = [name for name in columns if values_of(known, name)[1:]]
    figure = Figure(
        figsize=(min(max(1.2 * (len(shown) + 1), 9), 14), 5),
        layout="constrained",
    )
    axes = figure.subplots()
    accuracies = np.array([row["accuracy"] for row in known])
    low, high = (accuracies.min(), accuracies.max()) if known else (0, 1)
    heights = [_levels(axes, i, known, name) for i, name in enumerate(shown)]
    heights.append((accuracies - low) / max(high - low, 1e-9))
    ways = _ways(np.stack(heights, axis=1))
    widths = [2.8 if row.get("winner") else 1.2 for row in known]
    lines = LineCollection(ways, linewidths=widths, cmap="viridis_r", alpha=0.8)
    lines.set(array=accuracies, clim=(low, max(high, low + 1e-9)))
    axes.add_collection(lines)
    axes.set(xlim=(-0.5, len(shown) + 0.15), ylim=(-0.02, 1.02))
    axes.vlines(range(len(shown) + 1), 0, 1, "0.8", lw=1, zorder=1)
    names = [cut(name, LONGEST) for name in (*shown, "accuracy")]
    axes.set_xticks(range(len(names)), names, fontsize=LETTERS)
    axes.tick_params(length=0)
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    figure.colorbar(lines, ax=axes, label="accuracy", pad=0.01, aspect=40)
    return figure


def _levels(axes, place, rows, column):
    """Writes the levels of a column; returns the height of each row's line."""
    levels = values_of(rows, column)
    missing = any(column not in row["values"] for row in rows)
    words = [MISSING] * missing + [word(level) for level in levels]
    numbers = np.array(
        [
            levels.index(row["values"][column]) + missing
            if column in row["values"]
            else 0
            for row in rows
        ]
    )
    heights, room = np.zeros(len(rows)), 1 / len(words)
    apart = min(APART, ROOM * room / np.bincount(numbers).max())
    for number, said in enumerate(words):
        chosen, middle = (
            np.flatnonzero(numbers == number),
            (number + 0.5) * room,
        )
        places = np.arange(len(chosen)) - (len(chosen) - 1) / 2
        heights[chosen] = middle + places * apart
        if number % -(-len(words) // WRITTEN):
            continue
        axes.text(
            *(place, middle, cut(said, LONGEST)),
            fontsize=LETTERS,
            ha="center",
            va="center",
            color=INK,
            zorder=4,
            bbox={"fc": "white", "ec": "0.8", "alpha": 0.85, "pad": 1.5},
        )
    return heights


def _ways(heights):
    """Returns `(rows, points, 2)`: smooth lines through `(rows, axes)`."""
    starts, ends = heights[:, :-1, None], heights[:, 1:, None]
    y = starts + (ends - starts) * (3 * WAY**2 - 2 * WAY**3)
    x = np.broadcast_to(np.arange(y.shape[1])[:, None] + WAY, y.shape)
    return np.stack([x, y], axis=-1).reshape(len(y), y.shape[1] * len(WAY), 2)
