"""How far estimated flow is from the truth, and how much storage adds.

Mean end-point error in pixels of every algorithm at hand, on pairs of pictures
whose motion is known: Middlebury's RubberWhale, pairs of Flying Chairs, and
rendered squares that slide over a background; then after each form of
storage; and the time for a pair on one core.

Run it: python benchmarks/flow_quality.py [--data DATA] [--output FILE]
"""

import argparse
import json
import os
import time
from pathlib import Path

import cv2
import numpy as np

from keras_twostream.cli.output import print_table
from keras_twostream.flow import (
    FlowSpec,
    estimators,
    read_flo,
    restore_field,
    store_field,
)
from keras_twostream.video.synthetic import CLASS_NAMES, clip_scene, render

DATA = "KERAS_TWOSTREAM_TEST_DATA"
# Set -> folder, and the two pictures and the truth of each of its pairs.
FILES = {
    "Middlebury": (
        "flow/middlebury_RubberWhale",
        [("frame10.png", "frame11.png", "flow10.flo")],
    ),
    "Flying Chairs": (
        "flow/flyingchairs",
        [
            (f"{n}-img0.ppm", f"{n}-img1.ppm", f"{n}-gt.flo")
            for n in ("0000000", "0000001")
        ],
    ),
}
RENDERED = "rendered"
# Scenes of each class, and which of their frames begin a pair.
SCENES, FRAMES = 2, (3, 9)
STORAGE = [
    {"encoding": "png"},
    {"encoding": "jpeg95"},
    {"encoding": "jpeg90"},
    {"encoding": "jpeg85"},
    {"encoding": "jpeg75"},
    {"encoding": "jpeg50"},
    {"encoding": "png", "shrink": 2},
    {"encoding": "jpeg95", "shrink": 2},
    {"encoding": "jpeg85", "shrink": 2},
    {"encoding": "png", "shrink": 4},
    {"encoding": "jpeg95", "shrink": 4},
]


def pairs_of(data):
    """Returns set -> list of (first, second, truth): grey, grey, pixels."""
    pairs = {RENDERED: [*_rendered()]}
    for name, (folder, files) in FILES.items() if data else ():
        where = Path(data) / folder
        pairs[name] = [
            (_gray(where / a), _gray(where / b), read_flo(where / truth))
            for a, b, truth in files
        ]
    return pairs


def measure(pairs, rounds):
    """Measures every algorithm on every set.

    Args:
        pairs: Of `pairs_of`.
        rounds: How often each pair is timed; the median counts.

    Returns:
        Dict of algorithm -> set -> dict of `error`, `milliseconds` and
        `stored`: form of storage -> mean end-point error after it. "zero" is
        what no motion at all would be wrong by.
    """
    flows = {"zero": lambda first, second: np.zeros((*first.shape, 2), "f4")}
    flows |= {name: estimators.get(name) for name in estimators.installed()}
    return {
        algorithm: {
            name: _measured(flow_of, members, rounds)
            for name, members in pairs.items()
        }
        for algorithm, flow_of in flows.items()
    }


def end_point_error(flow, truth):
    """Returns the mean length of what is wrong, where the truth is known."""
    return float(np.nanmean(np.linalg.norm(flow - truth, axis=-1)))


def called(form):
    """Returns the name of a form of storage."""
    shrink = form.get("shrink", 1)
    return form["encoding"] + (f", 1/{shrink}" if shrink > 1 else "")


def _measured(flow_of, members, rounds):
    flows, times = [], []
    for first, second, _ in members:
        spent = []
        for _ in range(rounds):
            began = time.process_time()
            flow = flow_of(first, second)
            spent.append(time.process_time() - began)
        flows.append(flow)
        times.append(np.median(spent))
    truths = [truth for *_, truth in members]
    return {
        "error": _mean_error(flows, truths),
        "milliseconds": 1000 * float(np.mean(times)),
        "stored": {
            called(form): _mean_error(
                [
                    _stored(flow, FlowSpec(**{"shrink": 1} | form))
                    for flow in flows
                ],
                truths,
            )
            for form in STORAGE
        },
    }


def _mean_error(flows, truths):
    both = zip(flows, truths, strict=True)
    return float(np.mean([end_point_error(*pair) for pair in both]))


def _stored(flow, spec):
    return restore_field(store_field(flow, spec), spec, *flow.shape[:2])


def _rendered():
    for name in CLASS_NAMES:
        for index in range(SCENES):
            frames, flow = render(clip_scene(name, index, split="test"))
            for k in FRAMES:
                first, second = map(estimators.to_gray, frames[k : k + 2])
                yield first, second, flow[k]


def _gray(path):
    image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if image is None:
        raise FileNotFoundError(f"There is no picture {path}.")
    return estimators.to_gray(image)


def print_report(found):
    """Prints one table of errors and times, and one of storage for each set."""
    sets = [*found["zero"]]
    rows = [
        [x, *(f"{found[x][s]['error']:.3f}" for s in sets)]
        + [f"{found[x][s]['milliseconds']:.1f} ms" for s in sets]
        for x in found
    ]
    columns = ["flow", *sets, *(f"{name}, time" for name in sets)]
    title = "Mean end-point error (px), and time for a pair on one core"
    print_table(columns, rows, title)
    algorithms = [x for x in found if x != "zero"]
    for name in sets:
        of = {x: found[x][name] for x in algorithms}
        rows = [["as it is", *(f"{of[x]['error']:.3f}" for x in of)]]
        for form in map(called, STORAGE):
            rows.append([form, *(f"{of[x]['stored'][form]:.3f}" for x in of)])
        print_table(["stored as", *of], rows, f"{name}, after storage (px)")


def main(data, output, rounds):
    """Measures, prints the tables and writes the JSON file."""
    if not data:
        print(f"Only rendered motion: set ${DATA} or --data for real pictures.")
    cv2.setNumThreads(1)
    pairs = pairs_of(data)
    found = measure(pairs, rounds)
    print_report(found)
    if output:
        counts = {name: len(members) for name, members in pairs.items()}
        text = {"pairs": counts, "opencv": cv2.__version__, "flow": found}
        Path(output).write_text(json.dumps(text, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", default=os.environ.get(DATA))
    parser.add_argument("--output", help="JSON file for the figures")
    parser.add_argument("--rounds", type=int, default=5)
    main(**vars(parser.parse_args()))
