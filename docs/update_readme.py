"""Writes the table of networks into README.md, from the networks themselves.

Run it: python docs/update_readme.py
"""

from pathlib import Path

import keras_twostream
from keras_twostream.models.table import MODELS

README = Path(__file__).parents[1] / "README.md"
START, END = "<!-- models -->", "<!-- /models -->"
HEADER = (
    "| name | fused | parameters | multiply-adds | paper | accuracy |",
    "|---|---|--:|--:|---|--:|",
)


def row(name):
    """Returns the table's line of a network."""
    info = keras_twostream.model_info(name)
    fused = ", ".join(f"{how} at {at}" for at, how in info.fuse.items())
    cells = (
        f"`{name}`",
        fused or f"{info.streams[0]} alone",
        f"{info.parameters:,}",
        f"{info.multiply_adds / 1e9:.2f} G",
        f"Table {info.paper.table}: {info.paper.row}",
        f"{info.paper.accuracy:.2f} %",
    )
    return f"| {' | '.join(cells)} |"


def updated(text):
    """Returns README's text with a fresh table between its marks."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    table = "\n".join((*HEADER, *map(row, MODELS)))
    return f"{before}{START}\n{table}\n{END}{after}"


if __name__ == "__main__":
    README.write_text(updated(README.read_text("utf-8")), encoding="utf-8")
