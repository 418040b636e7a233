"""How and where to fuse? The paper's Tables 1 and 2, asked of other clips.

Run it: python examples/search_fusion.py [CLIPS] [FOLDER]
where CLIPS holds one sub-folder of video files per class; without it, on
procedural clips, in which towers of the demo tell colours and directions.
"""

import sys
from pathlib import Path

from keras_twostream import search
from keras_twostream.models.table import MODELS
from keras_twostream.video.synthetic import write_dataset

TABLE_1 = ("sum", "max", "concat", "bilinear", "conv")
TABLE_2 = ("relu2", "relu3", "relu4", "relu5_fc8", "relu3_relu5_fc6")
ROWS = (
    "conv_relu5",
    *(f"{fusion}_relu5" for fusion in TABLE_1 if fusion != "conv"),
    "sum_softmax",
    *(f"conv_{location}" for location in TABLE_2),
)
# What else there is to vary stays as it is.
FIXED = dict.fromkeys(
    (
        *("location", "fusion", "start", "keep", "freeze"),
        *("frames", "time", "seen", "dropout", "learning_rate"),
    )
)


def main(clips=None, folder="runs/tables", clips_per_class=20, rows=ROWS):
    """Searches among the rows of both tables, and prints them again."""
    # As in these tables, of single frames with their stacks of flow.
    told = {"frames": None, "time": None}
    if clips is None:
        clips = write_dataset(Path(folder, "clips"), clips_per_class)
        told["model"] = "conv_relu5.demo"
    found = search.search(
        clips,
        Path(folder, "search"),
        columns=FIXED | {"row": search.rows_column(*rows)},
        trials=len(rows),
        # Every row is to be tried, whatever it takes.
        limits=search.Limits(max_learning=10**12),
        **told,
    )
    print("row                    paper    here")
    for row in found.board["rows"]:
        here = "passed over: " + row["why"]
        if row["accuracy"] is not None:
            low, high = 100 * row["low"], 100 * row["high"]
            here = f"{100 * row['accuracy']:.1f} % ({low:.1f} to {high:.1f})"
        paper = MODELS[row["name"]].published[0].ucf101
        print(f"{row['name']:22} {paper:.2f} %  {here}")
    print(f"All of it: {folder}/search/search.html")


if __name__ == "__main__":
    main(*sys.argv[1:])
