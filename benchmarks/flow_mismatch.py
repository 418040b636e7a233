"""What flow of another kind costs a network that was trained on one.

A published network of real clips is trained anew for every group that is left
out, as its recipe says, and answers for that group from its own flow and from
flow that was computed otherwise; frames stay the same.

Run it: python benchmarks/flow_mismatch.py [--recipe FILE] [--output FILE]
"""

import argparse
import dataclasses
import json
import logging
import os
import sys
from pathlib import Path

import numpy as np

from keras_twostream.flow.contract import compare
from keras_twostream.training import split

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "zoo"))

import train  # noqa: E402 - the script that trains the published networks.
from frozen import clip_maps  # noqa: E402

# What is changed in the flow that the network is fed with.
CHANGES = {
    "Farneback": {"algorithm": "farneback"},
    "DIS, medium": {"algorithm": "dis_medium"},
    "DIS, ultrafast": {"algorithm": "dis_ultrafast"},
    "computed at half the size": {"short_side": 128},
    "cut off at 2 pixels": {"bound": 2.0},
    "every second frame": {"step": 2},
    "every fourth frame": {"step": 4},
}


def main(recipe, data, output, cache):
    """Measures, prints the table and writes the JSON file."""
    logging.getLogger("keras_twostream").setLevel(logging.ERROR)
    recipe = train.read_recipe(recipe)
    spec = train.flow_of(recipe)
    dataset, groups = train.dataset_of(recipe, data, cache)
    model = train.network_of(recipe, dataset.class_names, data)
    below = split(model, recipe["freeze"])[0]
    maps = clip_maps(below, dataset, title="Its own flow")
    fed = {
        name: dataclasses.replace(spec, **change)
        for name, change in CHANGES.items()
    }
    others = {}
    for name, flow in fed.items():
        clips, _ = train.dataset_of(recipe, data, cache, flow)
        others[name] = clip_maps(below, clips, title=name)
    labels = np.array(dataset.labels)
    trial = train.trial_of(recipe, model, maps, labels)
    right = trial.cross_validate(groups, recipe["seed"], others)
    print(f"{recipe['name']}: clips right of {len(labels)}")
    for name, clips in right.items():
        print(f"  {name:<28}{clips.sum():>4}")
        for mismatch in compare(spec, fed[name]) if name in fed else ():
            print(f"      {mismatch}")
    if output:
        counts = {name: int(clips.sum()) for name, clips in right.items()}
        found = {"recipe": recipe["name"], "clips": len(labels)}
        text = json.dumps(found | {"right": counts}, indent=2)
        Path(output).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = ROOT / "zoo" / "networks" / "conv_relu5.ut_interaction.json"
    parser.add_argument("--recipe", default=default, help="of a network")
    parser.add_argument("--data", default=os.environ.get(train.DATA))
    parser.add_argument("--output", help="JSON file for the figures")
    parser.add_argument("--cache", help="folder of prepared clips")
    main(**vars(parser.parse_args()))
