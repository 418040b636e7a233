"""The verb `search`: which fusion, where, for these clips?"""

import argparse
import importlib.util
import json
import re
import shlex
import sys
from pathlib import Path

from keras_twostream.cli.flags import field_arguments, given_of
from keras_twostream.cli.output import (
    import_keras,
    percent,
    points,
    print_table,
)
from keras_twostream.cli.training import (
    DIRECTORY,
    OPTIONS,
    data_arguments,
    run_arguments,
)
from keras_twostream.training.recipe import Recipe

BUDGET = "20m"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# Rows of the leaderboard that are printed.
SHOWN = 12
NEEDS = "search needs KerasTuner: pip install 'keras_twostream[search]'"


def search(
    directory,
    model,
    run,
    overwrite,
    budget,
    trials,
    workers,
    column,
    also,
    max_parameters,
    max_multiply_adds,
    **settings,
):
    """Search for the fusion network that suits clips best."""
    if importlib.util.find_spec("keras_tuner") is None:
        raise ImportError(NEEDS)
    if budget is None and trials is None:
        budget = seconds(BUDGET)
    import_keras()
    from keras_twostream.search import Limits
    from keras_twostream.search import search as search_clips

    name = Path(directory).resolve().name
    folder = Path(run or f"runs/{name}-search")
    found = search_clips(
        directory,
        folder,
        model,
        processes=workers,
        command=shlex.join(["keras-twostream", *sys.argv[1:]]),
        budget=budget,
        trials=trials,
        columns=dict(column),
        also=also,
        limits=Limits(
            max_parameters=max_parameters, max_multiply_adds=max_multiply_adds
        ),
        overwrite=overwrite,
        **{x: settings[x] for x in ("seeds", "end_to_end") if x in settings},
        **{x: settings[x] for x in OPTIONS if x in settings},
        **given_of(Recipe, settings),
    )
    if found is not None:
        _print(found, folder)


def seconds(text):
    """Returns a time such as "20m" or "1h30m" in seconds; plain ones too."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    if not parts or "".join(a + b for a, b in parts) != text:
        raise argparse.ArgumentTypeError(
            f"a time is such as 90s, 20m, 1h30m or 2d. Received: {text}"
        )
    return sum(float(count) * UNITS[unit or "s"] for count, unit in parts)


def told_column(text):
    """Returns a column's name and what it is to be, of "NAME=A,B"."""
    name, sign, values = text.partition("=")
    if not (name and sign and values):
        raise argparse.ArgumentTypeError(
            "a column is NAME=VALUE, NAME=VALUE,VALUE or NAME=none. "
            f"Received: {text}"
        )
    if values == "none":
        return name, None
    return name, [_value(value) for value in values.split(",")]


def _value(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def _print(found, folder):
    """Prints the leaderboard, and how good the winner is for other clips."""
    board = found.board
    known = [row for row in board["rows"] if row["accuracy"] is not None]
    rows = [
        (
            row["rank"],
            row["name"],
            percent(row["accuracy"]),
            f"{percent(row['low'])} to {percent(row['high'])}",
            row["networks"],
            "default" if row["default"] else row["status"],
        )
        for row in known[:SHOWN]
    ]
    head = ("", "combination", "right", "95 % interval", "networks", "")
    print_table(head, rows)
    if len(known) < 2:
        print("Only the default was tried: say more --budget or --trials.")
    left = len(board["rows"]) - len(known)
    print(
        f"Combinations tried: {len(known)}; passed over or failed: {left}. "
        "The figures above chose the winner, so they flatter it."
    )
    _print_unseen(board["unseen"])
    print(f"Written: {folder}/search.html, leaderboard.csv; the network:")
    print(f"  keras-twostream predict CLIP --model {found.run}")
    print(board["row"])


def _print_unseen(unseen):
    if not unseen:
        return
    winner = unseen["winner"]
    print(
        f"On clips that the search never saw: {percent(winner['accuracy'])} "
        f"right, {winner['right']} of {unseen['clips']} (95 % interval "
        f"{percent(winner['low'])} to {percent(winner['high'])}): "
        f"{unseen['protocol']}."
    )
    rows = [
        (
            row["name"],
            percent(row["accuracy"]),
            points(row["difference"]),
            f"{points(row['low'])} to {points(row['high'])}",
            f"{row['p']:.2g}",
        )
        for row in unseen["others"]
    ]
    head = ("beside it", "right", "the winner is better by")
    print_table((*head, "95 % interval", "McNemar's p"), rows)


def _arguments(verb):
    verb.add_argument("directory", help=DIRECTORY)
    verb.add_argument(
        "--model",
        help="pretrained weights, a run or a file whose towers to start from; "
        "by default ImageNet's",
    )
    verb.add_argument(
        "--run", help="folder to write; by default runs/ and DATA-search"
    )
    verb.add_argument(
        "--overwrite", action="store_true", help="begin a search anew"
    )
    verb.add_argument(
        "--budget",
        type=seconds,
        help=f"time for everything, such as 90s, 20m or 8h (default: {BUDGET}, "
        "unless there are --trials)",
    )
    verb.add_argument("--trials", type=int, help="most combinations to try")
    verb.add_argument(
        "--workers",
        type=int,
        default=1,
        help="processes of this machine that train networks",
    )
    verb.add_argument(
        "--column",
        type=told_column,
        action="append",
        default=[],
        metavar="NAME=VALUES",
        help="narrow or fix a column (location=relu3,relu5), leave it out "
        "(seen=none), or vary any setting of recipes (weight_decay=0.0,0.1)",
    )
    verb.add_argument(
        "--also",
        nargs="+",
        default=(),
        metavar="SET",
        help="prepared sets of the same clips with other flow, to vary it",
    )
    counts = {
        "max_parameters": "pass over networks of more parameters",
        "max_multiply_adds": "pass over those of more multiply-adds a sample",
    }
    for name, words in counts.items():
        flag = f"--{name.replace('_', '-')}"
        verb.add_argument(flag, type=int, help=words)
    amounts = {
        "seeds": "times that the leading combinations are trained (default: 3)",
        "end_to_end": "how many of the best are also tried with towers that "
        "learn (default: 0, of more than 1,000 clips 3)",
    }
    for name, words in amounts.items():
        flag = f"--{name.replace('_', '-')}"
        verb.add_argument(flag, type=int, default=argparse.SUPPRESS, help=words)
    field_arguments(verb, Recipe, default=argparse.SUPPRESS, leave=("model",))
    data_arguments(verb, workers=False)
    run_arguments(verb)


VERBS: dict = {"search": (search, _arguments)}
