"""A search that takes a minute, for tests of what surrounds it."""

import csv
import sys

from keras_twostream.flow.spec import FlowSpec
from keras_twostream.search import search

# A few columns, one frame, networks that learn nothing much.
COLUMNS = {
    "location": ["relu3", "relu5", "softmax"],
    "fusion": ["sum", "conv"],
    "start": "paper",
    "keep": False,
    "freeze": "below",
    "frames": None,
    "time": None,
    "seen": None,
    "dropout": 0.5,
    "learning_rate": [0.002, 0.01],
}
SETTINGS = {
    "backbone": "vgg_tiny",
    "image_size": (32, 32),
    "frames": 1,
    "flow_frames": 2,
    "epochs": 2,
    "flow": FlowSpec(short_side=32, algorithm="dis_ultrafast"),
    "columns": COLUMNS,
    "trials": 5,
    "seeds": 2,
    "verbose": 0,
    "workers": 1,
}
# What of a leaderboard is the same however a search went.
SAME = (
    *("rank", "name", "key", "status", "networks", "seeds", "accuracy"),
    *("low", "high", "difference", "winner"),
)


def searched(clips, folder, cache, **settings):
    """Returns what the search finds in a folder."""
    told = SETTINGS | {"cache_dir": str(cache)} | settings
    return search(clips, folder, **told)


def rows_of(folder):
    """Returns the leaderboard in a folder, without what takes time."""
    with (folder / "leaderboard.csv").open(newline="") as file:
        return [{x: row[x] for x in SAME} for row in csv.DictReader(file)]


if __name__ == "__main__":
    clips, folder, cache, processes = sys.argv[1:]
    searched(clips, folder, cache, processes=int(processes))
