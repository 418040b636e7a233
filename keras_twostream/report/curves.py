"""Training curves from a run's log."""

import csv
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Column of the log, panel, name of the line.
LINES = (
    ("loss", 0, "training"),
    ("val_loss", 0, "validation"),
    ("accuracy", 1, "training"),
    ("val_accuracy", 1, "validation"),
)


def draw_curves(log, path):
    """Draws loss and accuracy over the epochs of a Keras CSV log.

    Args:
        log: Path of the CSV file.
        path: Path of the PNG file to write.
    """
    with Path(log).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    panels = figure.subplots(1, 2)
    epochs = [int(row["epoch"]) + 1 for row in rows]
    for column, panel, label in LINES:
        if rows and column in rows[0]:
            values = [float(row[column]) for row in rows]
            panels[panel].plot(epochs, values, marker=".", label=label)
    for panel, title in zip(panels, ("loss", "accuracy"), strict=True):
        panel.set(title=title, xlabel="epoch")
        panel.grid(alpha=0.3)
        panel.legend()
    panels[1].set_ylim(0, 1.02)
    FigureCanvasAgg(figure).print_png(path)
