"""Trains networks of the library's table on two sets of real clips.

UT-Interaction, set 1 (60 clips; each sequence learnt from the other nine),
and Weizmann (90 clips; each actor learnt from the other eight): single
streams, late fusion, fusions of the maps of both streams, and temporal models,
on MobileNet with ImageNet weights.

Run it: python benchmarks/real_clips.py [--seeds 0 1 2] [--output real.json]
"""

import argparse
import hashlib
import json
import logging
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
import real_networks
from real_report import print_report
from real_training import Trial, files_of

from keras_twostream.data import CropSpec, clips_dataset, list_clips
from keras_twostream.preparation.cache import default_cache_dir

sys.path.insert(0, str(Path(__file__).parents[1] / "zoo"))

from frozen import clip_maps

DATA = "KERAS_TWOSTREAM_TEST_DATA"
WEIGHTS = "weights/mobilenet_1.00_224_imagenet_to_conv_pw_12_relu.weights.h5"
SIZE = (224, 224)


@dataclass(frozen=True)
class Clips:
    """A set of clips, and how samples are cut from them.

    Attributes:
        folder: Folder with one sub-folder per class.
        groups: What the groups are called.
        crop: How frames are cut.
        frames: Frames per clip.
        flow_frames: Flow fields around each frame.
    """

    folder: str
    groups: str
    crop: CropSpec
    frames: int
    flow_frames: int


SETS = {
    # The clips are cut to the two persons already.
    "UT-Interaction": Clips(
        "clips/ut_interaction",
        "sequences",
        CropSpec(keep_aspect=False, center=1.0),
        24,
        4,
    ),
    # One small person, who stands or crosses the picture.
    "Weizmann": Clips(
        "clips/weizmann",
        "actors",
        CropSpec(region="motion", center=1.0),
        12,
        10,
    ),
}


def parts_of(data):
    """Returns the folder of all data and the file of weights in it.

    Raises:
        ValueError: If no folder is given, or it does not hold what is needed.
    """
    needed = [WEIGHTS, *(clips.folder for clips in SETS.values())]
    if not data:
        raise ValueError(
            f"Say where clips and weights are, by --data or ${DATA}: a folder "
            f"with {', '.join(needed)}. Received: neither"
        )
    if missing := [part for part in needed if not (Path(data) / part).exists()]:
        raise ValueError(
            f"--data must be a folder with {', '.join(needed)}. "
            f"Received: {data}, without {', '.join(missing)}"
        )
    return Path(data), Path(data) / WEIGHTS


def measure(data, weights, clips, seeds, cache):
    """Trains all networks on one set, for every seed and left-out group.

    Args:
        data: Folder of all data.
        weights: Path of the trunk's weights.
        clips: `Clips`.
        seeds: Seeds of the heads and of their training.
        cache: Folder of the prepared clips and the trunk's maps.

    Returns:
        Dict of `classes`, `labels`, `groups`, `seeds`, `parameters` and
        `answers`: network -> predicted class of every clip, for each seed.
    """
    dataset, groups = _dataset(data, clips, cache)
    labels = np.array(dataset.labels)
    trunk = real_networks.Trunk(weights, SIZE)
    settings = SIZE, clips.frames, clips.flow_frames
    maps = clip_maps(
        real_networks.trunk_of(trunk, *settings),
        dataset,
        files_of(cache, _key(dataset.file_paths, clips)),
        f"Maps of {clips.folder}",
    )
    answers, learnt = {}, {}
    for name, (arguments, cut) in real_networks.rows().items():
        keras.backend.clear_session()
        keras.utils.set_random_seed(0)
        model = real_networks.build(
            arguments, trunk, len(dataset.class_names), *settings
        )
        trial = Trial(model, cut, maps, labels)
        learnt[name] = trial.learnt()
        rows = [trial.scores(groups, seed) for seed in seeds]
        answers[name] = [scores.argmax(-1).tolist() for scores in rows]
        right = [int((row == labels).sum()) for row in np.array(answers[name])]
        print(f"{name}: {right} of {len(labels)}", file=sys.stderr, flush=True)
    return {
        "classes": dataset.class_names,
        "labels": labels.tolist(),
        "groups": clips.groups,
        "seeds": seeds,
        "learnt": learnt,
        "answers": answers,
    }


def _dataset(data, clips, cache):
    """Returns the samples, and an array of each clip's group."""
    listed = list_clips(data / clips.folder)
    dataset = clips_dataset(
        listed,
        batch_size=None,
        image_size=SIZE,
        frames=clips.frames,
        flow_frames=clips.flow_frames,
        crop=clips.crop,
        cache_dir=cache,
    )
    group_of = dict(zip(map(str, listed.paths), listed.groups, strict=True))
    return dataset, np.array([group_of[path] for path in dataset.file_paths])


def _key(paths, clips):
    """Returns a name for all that the trunk's maps depend on."""
    settings = [*map(str, paths), asdict(clips), SIZE]
    text = json.dumps(settings, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def main(data, seeds, output, cache):
    """Measures both sets, prints the tables and writes the JSON file."""
    data, weights = parts_of(data)
    # What was loaded would be told anew for every network.
    logging.getLogger("keras_twostream").setLevel(logging.ERROR)
    cache = Path(cache or default_cache_dir()).expanduser()
    cache.mkdir(parents=True, exist_ok=True)
    wall, cpu = time.perf_counter(), sum(os.times()[:4])
    results = {
        name: measure(data, weights, clips, seeds, cache)
        for name, clips in SETS.items()
    }
    for name, result in results.items():
        print_report(name, result)
    wall = time.perf_counter() - wall
    cpu = sum(os.times()[:4]) - cpu
    print(f"{wall / 60:.1f} minutes, {cpu / 60:.1f} of CPU time.")
    if output:
        results |= {"seconds": wall, "cpu_seconds": cpu}
        Path(output).write_text(json.dumps(results) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", default=os.environ.get(DATA))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--output", help="JSON file for the figures")
    parser.add_argument("--cache", help="folder for prepared clips and maps")
    try:
        main(**vars(parser.parse_args()))
    except ValueError as error:
        sys.exit(f"error: {error}")
