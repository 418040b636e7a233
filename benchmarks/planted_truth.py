"""How well each fusion does at each location, on the set with a planted best.

Every network of the grid learns from some of the clips and answers for the
others, five times for each seed, as in the first look of a search.

Run it: python benchmarks/planted_truth.py [--folder DIR] [--seeds 3]
"""

import argparse
import itertools
import json
import logging
import tempfile
from pathlib import Path

import numpy as np
from planted_set import CLIPS, FUSIONS, is_planted, setting_of, written

from keras_twostream.cli.output import percent, print_table
from keras_twostream.search.answers import key_of

LOCATIONS = ("relu2", "relu3", "relu4", "relu5", "pool5", "softmax")


def accuracies(setting, values, seeds):
    """Returns the accuracy of a combination for each seed.

    Args:
        setting: `search.Setting`.
        values: Dict of column -> value.
        seeds: Number of seeds.
    """
    judge, recipe = setting.judge, setting.space.recipe(values)
    found = []
    for seed in range(seeds):
        judge.ask(recipe, judge.plan.rungs[0], seed)
        answers = judge.answers.of(key_of(recipe), seed)
        right = [
            answers[net.name].argmax(-1) == judge.labels[net.answers]
            for net in judge.plan.rungs[0]
        ]
        found.append(float(np.concatenate(right).mean()))
    return found


def grid(setting, seeds):
    """Yields rows of the table: a dict for each combination that there can be.

    Args:
        setting: `search.Setting`.
        seeds: Number of seeds.
    """
    frozen = setting.space.columns["freeze"].values
    for location, fusion in itertools.product(LOCATIONS, FUSIONS):
        if location == "softmax" and fusion != "sum":
            continue
        told = {"location": location, "fusion": fusion}
        # Late fusion has nothing above it, and pooled maps no more towers.
        for freeze in frozen if location in LOCATIONS[:4] else ("below",):
            values = setting.space.default | told | {"freeze": freeze}
            try:
                found = accuracies(setting, values, seeds)
            except ValueError:
                continue
            best = is_planted(values)
            yield told | {"freeze": freeze, "best": best, "accuracy": found}


def main(folder, clips, seeds, output):
    """Measures, prints a table and writes the JSON file."""
    logging.getLogger("keras_twostream").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(folder or temporary)
        setting = setting_of(folder, *written(folder, clips))
        found = list(grid(setting, seeds))
    found.sort(key=lambda row: -np.mean(row["accuracy"]))
    rows = [
        (
            *(row[x] for x in ("location", "fusion", "freeze")),
            "yes" if row["best"] else "",
            percent(np.mean(row["accuracy"])),
            " ".join(percent(x) for x in row["accuracy"]),
        )
        for row in found
    ]
    titles = ("location", "fusion", "frozen", "planted", "mean", "each seed")
    print_table(titles, rows)
    if output:
        text = json.dumps({"clips": 2 * clips, "grid": found}, indent=2)
        Path(output).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", help="for clips and towers; temporary")
    parser.add_argument("--clips", type=int, default=CLIPS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--output", help="JSON file for the figures")
    main(**vars(parser.parse_args()))
