"""Trains the published networks of real clips, by their recipes.

Both streams stand on MobileNet with ImageNet weights, which stays as it is up
to the fusion. So what it makes of every clip is computed once, and what comes
after is trained on that: leave one group out for the figures, then once more
on all groups but one, which stays held back for whoever wants to try.

Run it: python zoo/train.py zoo/networks/NAME.json --data DATA [--publish ZOO]
"""

import argparse
import json
import logging
import os
import sys
import time
from pathlib import Path

import keras
import numpy as np
from frozen import FrozenBelow, clip_maps

import keras_twostream
from keras_twostream.data import CropSpec, clips_dataset, list_clips
from keras_twostream.training import freeze, split
from keras_twostream.weights import Metric
from keras_twostream.zoo import publish

DATA = "KERAS_TWOSTREAM_TEST_DATA"
PROTOCOL = (
    "leave one of {groups} groups out; one view of {frames} frames over the "
    "whole clip and its mirror image, scores averaged; settings chosen on "
    "these clips"
)


def read_recipe(path):
    """Returns the recipe in a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def dataset_of(recipe, data, cache=None, flow=None):
    """Returns a recipe's clips as samples, and the group of each."""
    network = recipe["network"]
    listed = list_clips(Path(data) / recipe["clips"])
    dataset = clips_dataset(
        listed,
        batch_size=None,
        cache_dir=cache,
        image_size=tuple(network["input_shape"]),
        frames=network["frames"],
        flow_frames=network["flow_frames"],
        crop=CropSpec(**recipe["crop"]),
        flow=flow or flow_of(recipe),
    )
    group_of = dict(zip(map(str, listed.paths), listed.groups, strict=True))
    return dataset, np.array([group_of[path] for path in dataset.file_paths])


def flow_of(recipe):
    """Returns the `FlowSpec` of a recipe."""
    return keras_twostream.FlowSpec.from_dict(recipe["flow"])


def network_of(recipe, class_names, data):
    """Returns a recipe's network on ImageNet weights, frozen below."""
    keras.utils.set_random_seed(recipe["seed"])
    model = keras_twostream.build(
        **recipe["network"],
        weights=str(Path(data) / recipe["weights"]),
        inflation=recipe["inflation"],
        class_names=class_names,
        flow=flow_of(recipe),
        sampling={"crop": recipe["crop"]},
    )
    freeze(model, recipe["freeze"])
    return model


def trial_of(recipe, model, maps, labels):
    """Returns what trains the network above the frozen layers."""

    def compile_with(steps):
        rate = keras.optimizers.schedules.CosineDecay(
            recipe["learning_rate"], steps
        )
        decay = recipe["weight_decay"]
        return {
            "optimizer": keras.optimizers.AdamW(rate, weight_decay=decay),
            "loss": "sparse_categorical_crossentropy",
            "jit_compile": False,
        }

    return FrozenBelow(
        model,
        recipe["freeze"],
        maps=maps,
        labels=labels,
        compile_with=compile_with,
        epochs=recipe["epochs"],
        batch_size=recipe["batch_size"],
    )


def main(recipe, data, publish_to, cache):
    """Cross-validates, fits, and publishes the network of a recipe."""
    # What is missing from ImageNet's weights is what is trained here.
    logging.getLogger("keras_twostream").setLevel(logging.ERROR)
    started = time.perf_counter()
    recipe = read_recipe(recipe)
    dataset, groups = dataset_of(recipe, data, cache)
    model = network_of(recipe, dataset.class_names, data)
    maps = clip_maps(split(model, recipe["freeze"])[0], dataset)
    trial = trial_of(recipe, model, maps, np.array(dataset.labels))
    right = trial.cross_validate(groups, recipe["seed"], after=_tell)
    for streams, clips in right.items():
        print(f"{recipe['name']}, {streams}: {clips.sum()} of {len(clips)}")
    if not publish_to:
        return
    trial.fit(np.flatnonzero(groups != recipe["held_back"]), recipe["seed"])
    minutes = (time.perf_counter() - started) / 60
    entry = _publish(model, recipe, right, len({*groups}), minutes, publish_to)
    print(f"{entry.name}: {entry.file.bytes:,} bytes in {publish_to}")


def _tell(group, right, count):
    print(f"  {group}: {right} of {count}", file=sys.stderr, flush=True)


def _publish(model, recipe, right, groups, minutes, zoo):
    """Writes entry, weights and card."""
    shares = {s: round(100 * float(x.mean()), 2) for s, x in right.items()}
    protocol = PROTOCOL.format(
        groups=groups, frames=recipe["network"]["frames"]
    )
    metric = Metric(
        dataset=recipe["dataset"],
        protocol=protocol,
        value=shares.pop("all"),
        clips=len(right["all"]),
        streams=shares,
    )
    told = ("description", "licence", "limits", "citation")
    return publish(
        model,
        recipe["name"],
        zoo,
        overwrite=True,
        metrics=(metric,),
        training={
            "clips": f"all of {recipe['dataset']} but group "
            f"{recipe['held_back']}, and their mirror images",
            "recipe": f"zoo/networks/{recipe['name']}.json",
            "time": f"{minutes:.0f} minutes on two CPU cores, "
            "cross-validation included",
        },
        **{name: recipe[name] for name in told},
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("recipe", help="file in zoo/networks")
    parser.add_argument("--data", default=os.environ.get(DATA))
    parser.add_argument("--publish", dest="publish_to", metavar="ZOO")
    parser.add_argument("--cache", help="folder of prepared clips")
    main(**vars(parser.parse_args()))
