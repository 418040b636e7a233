"""Figures of a search, from the rows of its leaderboard."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import (
    AutoLocator,
    FuncFormatter,
    LogLocator,
    NullLocator,
)

from keras_twostream.report._blocks import INK, QUIET
from keras_twostream.report.figures import STREAM_COLOURS
from keras_twostream.report.page import amount
from keras_twostream.report.search_rows import (
    MEASURES,
    Rows,
    cut,
    measured,
    pareto_front,
    word,
)

BAR, FRONT, STANDARD, WINNER = (
    STREAM_COLOURS[name] for name in ("time", "rgb", "flow", "all")
)
# Flag of a row, its mark, its colour, its size.
MARKS = (("default", "s", STANDARD, 60), ("winner", "*", WINNER, 190))
# Letters of a name and of a value; names on a front; values of a panel; panels.
NAME, VALUE, NAMED, SHOWN, PANELS = 28, 24, 8, 10, 6
# Size of the Pareto figure and where its axes are, in shares of it.
SIZE, AXES = (9, 5), (0.085, 0.11, 0.9, 0.86)
# Size of its letters, width of one and height of a line, in points.
LETTERS, LETTER, LINE = 8.5, 5.2, 12


def pareto(rows: Rows, measure: str) -> Figure:
    """Draws accuracy over size, and the front that no network is beyond.

    Args:
        rows: Rows of a leaderboard.
        measure: `"parameters"` or `"multiply_adds"`.
    """
    known, front = measured(rows, measure), pareto_front(rows, measure)
    figure = Figure(figsize=SIZE)
    if not known:
        return figure
    axes = figure.add_axes(AXES)
    for group, colour in ((known, "0.6"), (front, FRONT)):
        x, y = _points(group, measure)
        ends = [[row["low"], row["high"]] for row in group]
        lows, highs = np.reshape(ends, (-1, 2)).T
        axes.vlines(x, lows, highs, color=colour, lw=0.7, alpha=0.5)
        axes.scatter(x, y, 20, colour, zorder=3)
    axes.step(*_points(front, measure), where="post", color=FRONT, lw=1.2)
    for flag, mark, colour, size in MARKS:
        for row in [row for row in known if row.get(flag)]:
            label = f"{flag}: {cut(row['name'], NAME)}"
            point = _points([row], measure)
            axes.scatter(
                *(*point, size, colour, mark),
                label=label,
                zorder=4,
                edgecolors="white",
            )
    label = f"{MEASURES[measure]} (logarithmic)"
    axes.set(xscale="log", xlabel=label, ylabel="accuracy, 95 % interval")
    axes.grid(alpha=0.3)
    _name(axes, _some(front), measure)
    _ticks(axes)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower right")
    return figure


def importance_bars(importance: Rows) -> Figure:
    """Draws the share of the accuracy that each column explains.

    Args:
        importance: As of `search.importance.importance`.
    """
    shares = [found["share"] or 0.0 for found in importance]
    figure = Figure(figsize=(8, 0.9 + 0.34 * len(shares)), layout="constrained")
    axes = figure.subplots()
    axes.barh(range(len(shares)), shares, 0.66, color=BAR)
    for place, found in enumerate(importance):
        said = "-" if found["share"] is None else f"{found['share']:.0%}"
        axes.text(shares[place] + 0.01, place, said, va="center", color=INK)
    names = [cut(found["column"], VALUE) for found in importance]
    axes.set_yticks(range(len(shares)), names)
    axes.set_ylim(len(shares) - 0.4, -0.6)
    axes.set(xlim=(0, 1.07), xlabel="share of what is explained")
    axes.grid(axis="x", alpha=0.3)
    return figure


def value_dots(importance: Rows) -> Figure:
    """Draws the mean accuracy of each value of the columns that matter most.

    Args:
        importance: As of `search.importance.importance`.
    """
    shown = importance[:PANELS]
    wide = min(len(shown), 2)
    high = -(-len(shown) // max(wide, 1))
    most = [
        max(min(len(found["values"]), SHOWN) for found in shown[i : i + 2])
        for i in range(0, len(shown), 2)
    ]
    figure = Figure(
        figsize=(9, 0.4 + sum(0.7 + 0.27 * count for count in most)),
        layout="constrained",
    )
    if not shown:
        return figure
    panels = figure.subplots(
        *(high, wide),
        sharex=True,
        squeeze=False,
        height_ratios=most,
    )
    for panel, found in zip(panels.flat, shown, strict=False):
        _dots(panel, found)
    for panel in panels.flat[len(shown) :]:
        panel.remove()
    for panel in panels.flat[max(len(shown) - wide, 0) : len(shown)]:
        panel.tick_params(labelbottom=True)
        panel.set_xlabel("mean accuracy, 95 % interval")
    return figure


def _points(rows, measure):
    """Returns where rows are; what has no size is drawn as if it had one."""
    sizes = [max(row[measure], 1) for row in rows]
    return sizes, [row["accuracy"] for row in rows]


def _some(front):
    """Returns as many rows of a front as have room for names."""
    chosen = np.linspace(0, len(front) - 1, min(len(front), NAMED))
    return [front[int(place)] for place in chosen.round()]


def _name(axes, front, measure):
    """Writes names up and left of the points of a front, where no others are.

    The axes grow to the left and upwards until all have room.
    """
    x, y = _points(front, measure)
    width, height = 72 * np.multiply(SIZE, AXES[2:])
    names = [cut(row["name"], NAME) for row in front]
    widths = np.array([LETTER * len(name) + 12 for name in names])
    x, left, right = (np.log10(v) for v in (x, *axes.get_xlim()))
    shares = widths / width
    left = min(left, *(x - shares * right) / (1 - shares))
    across = (x - left) / (right - left) * width
    bottom, top = axes.get_ylim()
    for _ in range(8):
        up = (np.array(y) - bottom) / (top - bottom) * height
        lines = _lines(across, up, widths)
        top += max(max(lines) + LINE - height, 0) / height * (top - bottom)
    axes.set(xlim=(10**left, 10**right), ylim=(bottom, top))
    axes.set_yticks(
        [y for y in axes.get_yticks() if bottom <= y <= min(top, 1)]
    )
    for place, name in enumerate(names):
        lift = lines[place] - up[place]
        axes.annotate(
            *(name, (10 ** x[place], y[place]), (-5, lift)),
            textcoords="offset points",
            ha="right",
            color=FRONT,
            fontsize=LETTERS,
            bbox={"fc": "white", "ec": "none", "alpha": 0.8, "pad": 0.5},
            arrowprops={"arrowstyle": "-", "color": FRONT, "lw": 0.5}
            if lift > LINE
            else None,
            zorder=5,
        )


def _lines(across, up, widths):
    """Returns heights of names that end at points and cover no other name."""
    lines: list[float] = []
    for place, height in enumerate(up):
        under = [
            line + LINE
            for line, end in zip(lines, across, strict=False)
            if end > across[place] - widths[place]
        ]
        lines.append(max([height + 3, *under]))
    return lines


def _ticks(axes):
    """Writes sizes at a logarithmic axis, as many as are read with ease."""
    low, high = axes.get_xlim()
    few = LogLocator(subs=(1.0,) if high > 1e3 * low else (1.0, 2.0, 5.0))
    axes.xaxis.set_major_locator(AutoLocator() if high < 6 * low else few)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: amount(size)))
    axes.xaxis.set_minor_locator(NullLocator())


def _dots(panel, found):
    values = found["values"][:SHOWN]
    places = range(len(values))
    ends = [[value["low"] for value in values], [v["high"] for v in values]]
    panel.hlines(places, *ends, QUIET, lw=1)
    panel.scatter([value["mean"] for value in values], places, 28, BAR)
    labels = [f"{cut(word(v['value']), VALUE)} ({v['trials']})" for v in values]
    panel.set_yticks(places, labels)
    panel.set_ylim(len(values) - 0.4, -0.6)
    share = "" if found["share"] is None else f", {found['share']:.0%}"
    left = len(found["values"]) - SHOWN
    more = f", {left} more are worse" if left > 0 else ""
    title = cut(found["column"], VALUE) + share + more
    panel.set_title(title, loc="left", fontsize=10)
    panel.grid(axis="x", alpha=0.3)
