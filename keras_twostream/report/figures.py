"""Figures of results, by matplotlib.

Each function returns a `matplotlib.figure.Figure`; `png` makes a file of it.
"""

import csv
import io
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_twostream.evaluation.metrics import (
    by_class,
    confusion,
    interval,
    reliability,
)
from keras_twostream.report._blocks import COLOURS, INK, OTHER

DPI = 110
# Column of a run's log, panel, name of the line.
LINES = (
    ("loss", 0, "training"),
    ("val_loss", 0, "validation"),
    ("accuracy", 1, "training"),
    ("val_accuracy", 1, "validation"),
)
# Classes up to which a matrix has numbers in it, and names beside it.
NUMBERED, NAMED = 20, 60
STREAM_COLOURS = {name: edge for name, (edge, _) in COLOURS.items()} | {
    "all": COLOURS["fused"][0],
    "late": OTHER[0],
}


def png(figure: Figure) -> bytes:
    """Returns a figure as a PNG file."""
    file = io.BytesIO()
    FigureCanvasAgg(figure).print_figure(file, dpi=DPI, format="png")
    return file.getvalue()


def curves(log) -> Figure:
    """Draws loss and accuracy over the epochs of a Keras CSV log.

    Args:
        log: Path of the CSV file.
    """
    with Path(log).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    panels = figure.subplots(1, 2)
    epochs = [int(row["epoch"]) + 1 for row in rows]
    for column, panel, label in LINES:
        # Keras writes NA where an epoch was not validated.
        known = [row.get(column) not in (None, "NA") for row in rows]
        if all(known) and rows:
            values = [float(row[column]) for row in rows]
            panels[panel].plot(epochs, values, marker=".", label=label)
    for panel, title in zip(panels, ("loss", "accuracy"), strict=True):
        panel.set(title=title, xlabel="epoch")
        panel.grid(alpha=0.3)
        if panel.lines:
            panel.legend()
    panels[1].set_ylim(0, 1.02)
    return figure


def confusion_matrix(result) -> Figure:
    """Draws which classes are taken for which; rows are what clips are."""
    counts, names = confusion(result), result.class_names
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    side = float(np.clip(1.6 + 0.38 * len(names), 3.2, 14))
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set(xlabel="answer", ylabel="class")
    if len(names) <= NAMED:
        axes.set_xticks(range(len(names)), names, rotation=90)
        axes.set_yticks(range(len(names)), names)
    if len(names) <= NUMBERED:
        for (row, column), count in np.ndenumerate(counts):
            if count:
                colour = "white" if shares[row, column] > 0.5 else INK
                axes.text(
                    *(column, row, count),
                    ha="center",
                    va="center",
                    color=colour,
                    fontsize=8,
                )
    return figure


def class_bars(results, most=40) -> Figure:
    """Draws how many clips of each class are found, by which stream.

    Args:
        results: Dict of name ("all", "rgb", "flow") -> `Result` of the same
            clips.
        most: Classes to show at most, those with the largest differences.
    """
    rows = {name: by_class(result) for name, result in results.items()}
    first = next(iter(rows.values()))
    known = [i for i, row in enumerate(first) if row["clips"]]
    values = {
        name: np.array([found[i]["recall"] for i in known])
        for name, found in rows.items()
    }
    spread = np.ptp(np.stack([*values.values()]), axis=0)
    shown = np.sort(np.argsort(-spread, kind="stable")[:most])
    height = 1.2 + 0.16 * (len(values) + 1) * len(shown)
    figure = Figure(figsize=(8, height), layout="constrained")
    axes = figure.subplots()
    thick = 0.8 / len(values)
    for place, (name, found) in enumerate(values.items()):
        axes.barh(
            np.arange(len(shown)) + (place - (len(values) - 1) / 2) * thick,
            found[shown],
            thick,
            label=name,
            color=STREAM_COLOURS.get(name),
        )
    labels = [
        f"{first[known[i]]['label']} ({first[known[i]]['clips']})"
        for i in shown
    ]
    axes.set_yticks(range(len(shown)), labels)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1.01), xlabel="share of the class's clips that are found")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(values))
    return figure


def calibration(result) -> Figure:
    """Draws how often answers of some probability are right."""
    rows = reliability(result)
    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.6", lw=1, ls="--")
    sizes = [20 + 300 * row["clips"] / len(result) for row in rows]
    axes.scatter(
        [row["probability"] for row in rows],
        [row["right"] for row in rows],
        sizes,
        color=STREAM_COLOURS["all"],
        alpha=0.8,
    )
    axes.set(
        xlim=(0, 1.02),
        ylim=(-0.02, 1.02),
        xlabel="probability of the answer",
        ylabel="share of such answers that are right",
    )
    axes.grid(alpha=0.3)
    return figure


def probe_bars(results) -> Figure:
    """Draws what is left of the accuracy when something is taken away.

    Args:
        results: Dict of name -> `Result`, as of `evaluation.probes.probe`.
    """
    figure = Figure(
        figsize=(8, 0.9 + 0.34 * len(results)), layout="constrained"
    )
    axes = figure.subplots()
    whole = next(iter(results.values()))
    for place, result in enumerate(results.values()):
        low, high = interval(result.right, result.groups)
        axes.barh(
            place,
            result.accuracy,
            0.66,
            color=STREAM_COLOURS["all" if result is whole else "time"],
        )
        axes.plot([low, high], [place, place], color=INK, lw=1)
    axes.axvline(whole.accuracy, color="0.5", lw=1, ls="--")
    axes.set_yticks(range(len(results)), [*results])
    axes.invert_yaxis()
    axes.set(xlim=(0, 1.01), xlabel="accuracy, 95 % interval")
    axes.grid(axis="x", alpha=0.3)
    return figure


def balance_bars(shares) -> Figure:
    """Draws how much of each stream goes into the fused maps.

    Args:
        shares: Dict of fusion -> dict of stream -> share, as of
            `stream_balance`.
    """
    figure = Figure(figsize=(8, 0.9 + 0.5 * len(shares)), layout="constrained")
    axes = figure.subplots()
    for place, found in enumerate(shares.values()):
        left = 0.0
        for stream, share in found.items():
            colour = STREAM_COLOURS.get(stream)
            axes.barh(place, share, 0.6, left=left, color=colour)
            text = f"{stream} {share:.0%}"
            axes.text(
                *(left + share / 2, place, text),
                ha="center",
                va="center",
                color="white",
            )
            left += share
    axes.set_yticks(range(len(shares)), [*shares])
    axes.set(xlim=(0, 1), xlabel="share of the fused map")
    return figure


def sweep_lines(rows) -> Figure:
    """Draws accuracy over cost, of `evaluation.sweep.view_sweep`."""
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    forms = dict.fromkeys((row["places"], row["flips"]) for row in rows)
    for places, flips in forms:
        found = [
            r for r in rows if (r["places"], r["flips"]) == (places, flips)
        ]
        label = places + (" and mirror images" if flips else "")
        axes.plot(
            [row["samples"] for row in found],
            [row["accuracy"] for row in found],
            marker=".",
            label=label,
        )
    axes.set(xscale="log", xlabel="samples of a clip", ylabel="accuracy")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure
