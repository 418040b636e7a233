"""Clips whose best fusion is known: squares that only a fine map keeps apart.

A small red and a small blue square pass each other closely, one to the left
and one to the right. Which of them goes where is the class, so what is seen
and how it moves must be put together place by place, at maps that are fine
enough: `relu2` of `vgg_tiny`, whose cells are a fourth of a square's area.
Towers come from other clips, of two squares alike, which tell colours and
directions but never both. `planted_truth.py` tells how well each fusion does.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_twostream import search
from keras_twostream.data import CropSpec
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.models.build import build
from keras_twostream.training.recipe import TOWERS, Recipe
from keras_twostream.training.run import train
from keras_twostream.video.synthetic import (
    CLASS_NAMES,
    REGISTRATION_CLASSES,
    write_dataset,
)
from keras_twostream.weights.source import RUN_MODEL
from keras_twostream.weights.transfer import transfer

BACKBONE = "vgg_tiny"
# The largest frames at which DIS goes down to single pixels. Of an odd number
# the middle one shows squares just as they pass each other, so that where they
# are does not tell where they go.
SCENES: dict[str, Any] = {"frames": 17, "size": 88, "sides": (8, 9), "apart": 0}
# What the networks take: two fields, while the squares pass each other.
SAMPLES: dict[str, Any] = {
    "backbone": BACKBONE,
    "image_size": (64, 64),
    "flow_frames": 2,
    "flow": FlowSpec(bound=4.0, short_side=SCENES["size"], shrink=1),
    "crop": CropSpec(scales=(1.0,), center=1.0, flip=False),
}
CLIPS, TOWER_CLIPS = 150, 150  # of each class
TOWER_EPOCHS, TOWER_RATE, TOWER_DROPOUT = 15, 1e-3, 0.2
# How the networks of the search learn.
LEARNING: dict[str, Any] = {"epochs": 15, "batch_size": 8, "draws": 1}
# Times that random choice is drawn without training.
DRAWS = 2_000
# Fusions of maps; by `conv3d` only clips of several frames are fused.
FUSIONS = ("sum", "max", "concat", "conv", "bilinear")
PLANTED_LOCATION, PLANTED_FUSIONS = "relu2", ("concat", "conv", "bilinear")


def is_planted(values: Mapping[str, Any]) -> bool:
    """Returns whether a combination is among the best, by `planted_truth.py`.

    Args:
        values: Dict of column -> value.
    """
    if values["location"] != PLANTED_LOCATION:
        return False
    # Frozen towers cannot take the channels that are stacked.
    possible = values["fusion"] != "concat" or values["freeze"] != TOWERS
    return possible and values["fusion"] in PLANTED_FUSIONS


def written(folder: Path, clips: int = CLIPS) -> tuple[Path, Path]:
    """Writes the clips and trains the towers, or finds both.

    Args:
        folder: Folder to write to.
        clips: Number of clips of each of the two classes.

    Returns:
        Folder of the clips, and file of a network of both towers.
    """
    data = write_dataset(
        folder / f"clips{clips}",
        clips,
        split="test",
        classes=REGISTRATION_CLASSES,
        **SCENES,
    )
    file = folder / "towers.keras"
    if not file.exists():
        _towers(folder).save(file)
    return data, file


def _towers(folder):
    """Trains a network of each stream, and returns them as one of both."""
    names = [x for x in CLASS_NAMES if x not in REGISTRATION_CLASSES]
    data = write_dataset(
        folder / "alike", TOWER_CLIPS, split="train", classes=names, **SCENES
    )
    told = {
        "epochs": TOWER_EPOCHS,
        "learning_rate": TOWER_RATE,
        "dropout": TOWER_DROPOUT,
        "validation_split": 0.1,
    }
    both = build(
        "sum_softmax",
        backbone=BACKBONE,
        class_names=names,
        input_shape=SAMPLES["image_size"],
        flow_frames=SAMPLES["flow_frames"],
        flow=SAMPLES["flow"],
    )
    for model in ("spatial", "temporal"):
        recipe = Recipe(model=model, **told, **SAMPLES)
        options = {"cache_dir": str(folder / "cache"), "verbose": 0}
        train(data, folder / model, recipe, **options)
        single = keras.models.load_model(folder / model / RUN_MODEL)
        transfer(single, both)
    return both


def setting_of(
    folder: Path, data: Path, towers: Path, seed: int = 0, **told: Any
) -> search.Setting:
    """Returns the setting of a search that knows nothing yet, maps included.

    Args:
        folder: Folder for it, and for prepared clips.
        data: Folder of the clips.
        towers: File of the network to start from.
        seed: Of the proposals, the folds and the networks.
        **told: Other settings of `search.prepared`.
    """
    cache = folder / "cache"
    shutil.rmtree(cache / "features", ignore_errors=True)
    settings = SAMPLES | LEARNING | {"frames": None, "time": None} | told
    return search.prepared(
        data,
        folder / f"search{seed}",
        "conv_relu5",
        weights=str(towers),
        seed=seed,
        # Squares fill no window of their own.
        columns={"seen": None, "fusion": FUSIONS},
        cache_dir=str(cache),
        verbose=0,
        overwrite=True,
        **settings,
    )


def draws_until_planted(space: search.Space, seed: int = 0) -> np.ndarray:
    """Returns how many combinations random choice draws, `DRAWS` times.

    Args:
        space: `search.Space`.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    values = {name: [*x.values] for name, x in space.columns.items()}

    def draw(name, _):
        return values[name][rng.integers(len(values[name]))]

    counts = np.ones(DRAWS, int)
    for number in range(DRAWS):
        while not is_planted(space.drawn(draw)):
            counts[number] += 1
    return counts
