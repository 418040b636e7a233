"""Trains two streams and their fusions on UT-Interaction, set 1.

Leave-one-sequence-out over the 60 clips: RGB alone, flow alone, late fusion
(the mean of their scores) and mid-level fusion (a convolution over the maps
of both streams at one stage), on MobileNet with ImageNet weights.

Run it: python benchmarks/ut_interaction.py [--seeds 0 1 2] [--output ut.json]
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import keras
import numpy as np
from ut_networks import (
    FIELDS,
    FRAMES,
    NETWORKS,
    SIZE,
    build_network,
    clip_maps,
    trunk,
)
from ut_report import print_report
from ut_training import Trial

from keras_twostream.data import CropSpec, clips_dataset, list_clips
from keras_twostream.data.summary import progress

DATA = "KERAS_TWOSTREAM_TEST_DATA"
CLIPS = "clips/ut_interaction"
WEIGHTS = "weights/mobilenet_1.00_224_imagenet_to_conv_pw_12_relu.weights.h5"


def parts_of(data):
    """Returns the folder of clips and the file of weights below a folder.

    Raises:
        ValueError: If no folder is given, or it does not hold them.
    """
    if not data:
        raise ValueError(
            f"Say where the clips and weights are, by --data or ${DATA}: a "
            f"folder with {CLIPS} and {WEIGHTS}. Received: neither"
        )
    parts = Path(data) / CLIPS, Path(data) / WEIGHTS
    if missing := [str(part) for part in parts if not part.exists()]:
        raise ValueError(
            f"--data must be a folder with {CLIPS} and {WEIGHTS}. "
            f"Received: {data}, without {' and '.join(missing)}"
        )
    return parts


def measure(folder, weights, seeds, cache_dir=None):
    """Trains all networks, for every seed and left-out sequence.

    Args:
        folder: Folder of clips, one sub-folder per class.
        weights: Path of the trunk's weights.
        seeds: Seeds of the heads and of their training.
        cache_dir: Folder of the prepared clips.

    Returns:
        Dict of `classes`, `labels`, and `answers`: one dict of network ->
        predicted class of every clip, for each seed.
    """
    clips = list_clips(folder)
    dataset = clips_dataset(
        clips,
        batch_size=None,
        image_size=SIZE,
        frames=FRAMES,
        flow_frames=FIELDS,
        crop=CropSpec(keep_aspect=False, center=1.0),
        cache_dir=cache_dir,
    )
    group_of = dict(zip(map(str, clips.paths), clips.groups, strict=True))
    groups = np.array([group_of[path] for path in dataset.file_paths])
    labels = np.array(dataset.labels)
    trials = _trials(dataset, weights, labels)
    answers = [_answers(trials, groups, labels, seed) for seed in seeds]
    return {
        "classes": dataset.class_names,
        "labels": labels.tolist(),
        "answers": answers,
    }


def _trials(dataset, weights, labels):
    """Returns name -> `Trial` of every network."""
    backbone = trunk(weights)
    models = {
        name: build_network(spec, backbone, len(dataset.class_names))
        for name, (spec, _) in NETWORKS.items()
    }
    maps = clip_maps(models["mid-level"], dataset)
    return {
        name: Trial(model, NETWORKS[name][1], maps, labels)
        for name, model in models.items()
    }


def _answers(trials, groups, labels, seed):
    """Returns network -> predicted class of every clip, for one seed."""
    keras.utils.set_random_seed(seed)
    shape = len(labels), labels.max() + 1
    scores = {}
    for name, trial in trials.items():
        folds, count = trial.folds(groups, seed), len(np.unique(groups))
        title = f"Seed {seed}, {name}"
        for clips, start, tuned in progress(folds, count, title, "auto"):
            if tuned is not None:
                row = scores.setdefault(f"{name}, as started", np.zeros(shape))
                row[clips] = start
            final = start if tuned is None else tuned
            scores.setdefault(name, np.zeros(shape))[clips] = final
    scores["late"] = (scores["spatial"] + scores["temporal"]) / 2
    return {name: row.argmax(-1).tolist() for name, row in scores.items()}


def main(data, seeds, output):
    """Measures, prints the tables and writes the JSON file."""
    wall, cpu = time.perf_counter(), sum(os.times()[:4])
    result = measure(*parts_of(data), seeds)
    result |= {
        "seeds": seeds,
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": sum(os.times()[:4]) - cpu,
    }
    print_report(result)
    if output:
        Path(output).write_text(json.dumps(result) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", default=os.environ.get(DATA))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--output", help="JSON file for the figures")
    try:
        main(**vars(parser.parse_args()))
    except ValueError as error:
        sys.exit(f"error: {error}")
