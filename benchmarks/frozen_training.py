"""What it saves to compute frozen layers once.

The same network, frozen up to its fusion, is trained from end to end and on
maps of its frozen layers, by turns, on the same clips, which are prepared
beforehand; and how long it takes to make the maps is told too.

Run it: python benchmarks/frozen_training.py [--data CLIPS] [--output FILE]
"""

import argparse
import json
import logging
import tempfile
import time
from pathlib import Path

import keras
import numpy as np

from keras_twostream.cli.output import print_table
from keras_twostream.data import list_clips
from keras_twostream.training.fitting import Stage
from keras_twostream.training.options import Options
from keras_twostream.training.recipe import Recipe
from keras_twostream.video.synthetic import write_dataset


class Seconds(keras.callbacks.Callback):
    """Notes how long each epoch takes."""

    def __init__(self):
        super().__init__()
        self.epochs = []

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(time.perf_counter() - self.began)


def measure(clips, backbone, frames, rounds, folder):
    """Returns the seconds of epochs, and those that making maps took.

    Args:
        clips: `data.Clips`.
        backbone: Name of the image network.
        frames: Frames of a sample.
        rounds: How often each is trained for two epochs, of which the second
            counts.
        folder: Folder for what is prepared.
    """
    seconds = Seconds()
    options = Options(cache_dir=folder, callbacks=(seconds,), verbose=0)
    recipe = Recipe(
        backbone=backbone,
        frames=frames,
        freeze="fusion",
        epochs=2,
        batch_size=8,
        validation_split=0.0,
        image_size=(224, 224),
    )
    found = {"end_to_end": [], "on_maps": []}
    made = []
    for number in range(rounds):
        for name, draws in (("end_to_end", None), ("on_maps", 2)):
            told = Recipe(**(vars(recipe) | {"draws": draws, "seed": number}))
            names = clips.class_names
            run = Path(folder, f"{name}.{number}")
            stage = Stage((clips, None), told, run, names, {}, options)
            if draws:
                began = time.perf_counter()
                stage.features(clips, "training")
                made.append((time.perf_counter() - began) / draws)
            stage.train()
            found[name].append(seconds.epochs[-1])
    return found | {"maps_of_a_draw": made}


def main(data, backbone, frames, rounds, output):
    """Measures, prints a table and writes the JSON file."""
    logging.getLogger("keras_twostream").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        if data is None:
            data = write_dataset(Path(folder, "clips"), 8, verbose=False)
        clips = list_clips(data)
        found = measure(clips, backbone, frames, rounds, folder)
    ratios = np.divide(found["end_to_end"], found["on_maps"])
    rows = [
        (name, f"{np.median(x):.2f} s", f"{min(x):.2f} to {max(x):.2f}")
        for name, x in found.items()
    ]
    spread = f"{ratios.min():.1f} to {ratios.max():.1f}"
    rows.append(("speed-up", f"{np.median(ratios):.1f}", spread))
    print_table((f"an epoch of {len(clips)} clips", "median", "range"), rows)
    if output:
        told = {"clips": len(clips), "backbone": backbone, "frames": frames}
        text = json.dumps(told | found, indent=2)
        Path(output).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", help="folder of clips; procedural without")
    parser.add_argument("--backbone", default="mobilenet:alpha=0.25")
    parser.add_argument("--frames", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", help="JSON file for the figures")
    main(**vars(parser.parse_args()))
