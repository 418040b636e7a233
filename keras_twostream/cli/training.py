"""Verbs that make trained networks: `train`, and what it can be told."""

import argparse
from pathlib import Path

from keras_twostream.cli.flags import field_arguments, given_of
from keras_twostream.cli.output import import_keras
from keras_twostream.data.crop import CropSpec
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.training.recipe import Recipe
from keras_twostream.training.recipes import changed, read_recipe

DIRECTORY = "folder with a sub-folder per class, or a prepared set"


def train(directory, recipe, run, cache_dir, workers, overwrite, **settings):
    """Train a network on a folder of clips or a prepared set."""
    told = given_of(Recipe, settings)
    for part, cls in (("flow", FlowSpec), ("crop", CropSpec)):
        if given := given_of(cls, settings):
            told[part] = given
    recipe = changed(read_recipe(recipe) if recipe else Recipe(), told)
    import_keras()
    from keras_twostream.training.run import train

    last = [*recipe.steps().values()][-1]
    folder = Path(run or f"runs/{last.model}")
    train(
        directory,
        folder,
        recipe,
        overwrite=overwrite,
        cache_dir=cache_dir,
        workers=workers,
    )
    print(f"Run written to {folder}; try:")
    print(f"  keras-twostream predict CLIP --model {folder}")


def _train_arguments(verb):
    verb.add_argument("directory", help=DIRECTORY)
    verb.add_argument(
        "--recipe",
        help="name of a recipe, TOML file, or run folder; what is said by the "
        "flags below is said otherwise than there",
    )
    verb.add_argument(
        "--run", help="run folder to write; by default runs/MODEL"
    )
    verb.add_argument(
        "--overwrite", action="store_true", help="begin a run anew"
    )
    for fields in (Recipe, FlowSpec, CropSpec):
        field_arguments(verb, fields, default=argparse.SUPPRESS)
    data_arguments(verb)


def data_arguments(verb):
    """Adds the flags of whatever prepares clips."""
    verb.add_argument("--cache-dir", help="folder for prepared clips")
    verb.add_argument(
        "--workers", type=int, help="processes; by default one a core"
    )


VERBS = {"train": (train, _train_arguments)}
