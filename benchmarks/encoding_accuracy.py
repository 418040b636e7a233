"""What forms of storing flow cost a network in accuracy.

The published network of UT-Interaction is trained anew for every group that
is left out, as its recipe says, on flow stored as that says, and answers for
that group from its own flow and from the same flow stored otherwise; then it
is trained on some of the other forms, and answers from the same form. The
frames stay the same.

Run it: python benchmarks/encoding_accuracy.py [--seeds 0 1 2] [--output FILE]
"""

import argparse
import dataclasses
import json
import logging
import os
import sys
from pathlib import Path

import numpy as np
from encoding_video import Video, as_video

from keras_twostream.cli.output import print_table
from keras_twostream.training import split

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "zoo"))

import train  # noqa: E402 - the script that trains the published networks.
from frozen import clip_maps  # noqa: E402

OWN = "its own"
# Form -> fields of `FlowSpec`, or what else stores the fields of a clip.
FORMS = {
    "png": {"encoding": "png"},
    "jpeg85": {"encoding": "jpeg85"},
    "jpeg75": {"encoding": "jpeg75"},
    "jpeg50": {"encoding": "jpeg50"},
    "jpeg95, 1/2": {"shrink": 2},
    "jpeg85, 1/2": {"encoding": "jpeg85", "shrink": 2},
    "jpeg75, 1/2": {"encoding": "jpeg75", "shrink": 2},
    "jpeg95, 1/4": {"shrink": 4},
    "jpeg75, 1/4": {"encoding": "jpeg75", "shrink": 4},
    "h264 crf 10": Video(10),
    "h264 crf 18": Video(18),
}
LEARNT = ("png", "jpeg75", "jpeg95, 1/2", "jpeg75, 1/2", "jpeg95, 1/4")


def maps_of(recipe, data, cache, forms):
    """Returns form -> maps of all clips below what learns, and what learns.

    Returns:
        `(maps, trial, groups)`.
    """
    spec = train.flow_of(recipe)
    dataset, groups = train.dataset_of(recipe, data, cache)
    model = train.network_of(recipe, dataset.class_names, data)
    below = split(model, recipe["freeze"])[0]
    maps = {OWN: clip_maps(below, dataset, title=OWN)}
    for name, form in forms.items():
        if isinstance(form, Video):
            flow = as_video(dataset.file_paths, spec, cache, name, form)
        else:
            flow = dataclasses.replace(spec, **form)
        clips, _ = train.dataset_of(recipe, data, cache, flow)
        maps[name] = clip_maps(below, clips, title=name)
    labels = np.array(dataset.labels)
    return maps, train.trial_of(recipe, model, maps[OWN], labels), groups


def scores_of(trial, groups, seed, learnt, asked):
    """Trains without each group in turn and answers for it.

    Args:
        trial: `frozen.FrozenBelow`.
        groups: Array `(clips,)`.
        seed: Of the order of the samples and the dropout.
        learnt: Maps to learn from.
        asked: Dict of name -> maps to answer from.

    Returns:
        Dict of name -> `(clips, classes)`.
    """
    trial.maps = learnt
    scores = {name: {} for name in asked}
    for group in np.unique(groups):
        out = np.flatnonzero(groups == group)
        trial.fit(np.flatnonzero(groups != group), seed)
        for name, maps in asked.items():
            rows = trial.scores(out, "all", maps)
            scores[name] |= zip(out.tolist(), rows, strict=True)
        print(f"  without {group}", file=sys.stderr, flush=True)
    return {
        name: np.stack([rows[clip] for clip in range(len(groups))])
        for name, rows in scores.items()
    }


def measure(maps, trial, groups, seeds, learnt):
    """Returns rows of `learnt`, `asked`, and lists with a figure per seed."""
    table = {(OWN, name): [] for name in maps} | {(x, x): [] for x in learnt}
    for seed in seeds:
        found = scores_of(trial, groups, seed, maps[OWN], maps)
        for name, scores in found.items():
            table[OWN, name].append(_figures(scores, found[OWN], trial.labels))
        for name in learnt:
            asked = {name: maps[name]}
            scores = scores_of(trial, groups, seed, maps[name], asked)[name]
            table[name, name].append(_figures(scores, found[OWN], trial.labels))
    return [
        {"learnt": mine, "asked": other}
        | {key: [row[key] for row in rows] for key in rows[0]}
        for (mine, other), rows in table.items()
    ]


def _figures(scores, usual, labels):
    """Returns what is right, how sure, and what changes with the form."""
    chosen = scores[np.arange(len(labels)), labels]
    answers, others = scores.argmax(-1), usual.argmax(-1)
    return {
        "right": int((answers == labels).sum()),
        "loss": float(-np.log(np.maximum(chosen, 1e-7)).mean()),
        "changed": int((answers != others).sum()),
        "moved": float(np.abs(scores - usual).mean()),
    }


def print_report(rows, clips):
    """Prints a line for each pair of forms, means over the seeds."""
    lines = [
        (
            row["learnt"],
            row["asked"],
            " ".join(map(str, row["right"])),
            f"{100 * np.mean(row['right']) / clips:.1f} %",
            f"{np.mean(row['loss']):.3f}",
            f"{np.mean(row['changed']):.1f}",
            f"{np.mean(row['moved']):.4f}",
        )
        for row in rows
    ]
    columns = ("learnt from", "asked with", f"right of {clips}", "mean", "loss")
    print_table((*columns, "answers changed", "scores moved by"), lines)


def main(recipe, data, seeds, forms, learnt, output, cache):
    """Measures, prints the table and writes the JSON file."""
    logging.getLogger("keras_twostream").setLevel(logging.ERROR)
    recipe = train.read_recipe(recipe)
    maps, trial, groups = maps_of(
        recipe, data, cache, {name: FORMS[name] for name in forms}
    )
    learnt = [name for name in learnt if name in forms]
    rows = measure(maps, trial, groups, seeds, learnt)
    print_report(rows, len(groups))
    if output:
        found = {"recipe": recipe["name"], "clips": len(groups)}
        text = json.dumps(found | {"seeds": seeds, "rows": rows}, indent=2)
        Path(output).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = ROOT / "zoo" / "networks" / "conv_relu5.ut_interaction.json"
    parser.add_argument("--recipe", default=default, help="of a network")
    parser.add_argument("--data", default=os.environ.get(train.DATA))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--forms", nargs="+", default=[*FORMS], choices=FORMS)
    told = "which of --forms to learn from too"
    parser.add_argument("--learnt", nargs="*", default=LEARNT, help=told)
    parser.add_argument("--output", help="JSON file for the figures")
    parser.add_argument("--cache", help="folder of prepared clips")
    main(**vars(parser.parse_args()))
