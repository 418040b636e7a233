"""Recipes in files: those of the package, and users' own."""

import dataclasses
import difflib
import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_twostream.training.recipe import Recipe

_PACKAGE = Path(__file__).parents[1]
# What every stage has its own of, so that it cannot be said of all.
_OWN = ("model", "weights", "freeze", "streams", "draws")


def list_recipes() -> list[str]:
    """Returns the names of the recipes that come with the package."""
    return sorted(path.stem for path in _folder().glob("*.toml"))


def recipe_path(name: str | os.PathLike) -> Path:
    """Returns the file of a recipe.

    Args:
        name: One of `list_recipes`, or a path.

    Raises:
        ValueError: If there is no such recipe.
    """
    packed = _folder() / f"{name}.toml"
    path = packed if str(name) in list_recipes() else Path(name)
    if path.is_dir():
        path = path / "config.json"
    if not path.is_file():
        names = list_recipes()
        near = difflib.get_close_matches(str(name), names, 1)
        guess = f" Did you mean {near[0]}?" if near else ""
        raise ValueError(
            f"There is no recipe {str(name)!r}.{guess} There are: "
            f"{', '.join(names)}; or name a TOML file, or a run folder"
        )
    return path


def read_recipe(name: str | os.PathLike) -> Recipe:
    """Reads a recipe.

    Args:
        name: One of `list_recipes`, a TOML file, or a run folder, whose
            recipe is taken.

    Raises:
        ValueError: If there is no such recipe, or it is wrong.
    """
    path = recipe_path(name)
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            settings = json.loads(text)["recipe"]
        else:
            settings = tomllib.loads(text)
        return Recipe.from_dict(settings)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no recipe: {error}") from error


def changed(recipe: Recipe, settings: Mapping[str, Any]) -> Recipe:
    """Returns a recipe with other settings, in all of its stages.

    Args:
        recipe: The `Recipe`.
        settings: Setting -> value; of `flow` and `crop` a dict of those that
            differ.

    Raises:
        ValueError: If stages have their own of a setting that cannot be the
            same for all, or a value is wrong.
    """
    told = dict(settings)
    for part in ("flow", "crop"):
        if part in told:
            base = getattr(recipe, part)
            told[part] = dataclasses.replace(base, **told[part])
    stages = [dict(stage) for stage in recipe.stages]
    for stage in stages:
        if own := [name for name in _OWN if name in told and name in stage]:
            raise ValueError(
                f"Stage {stage['name']!r} of the recipe says its own "
                f"{own[0]}. Copy the recipe and change it there"
            )
        for name in told:
            stage.pop(name, None)
    return dataclasses.replace(recipe, **told, stages=stages)


def _folder() -> Path:
    # In a wheel the recipes are in the package, in a checkout beside it.
    packed = _PACKAGE / "zoo" / "recipes"
    return packed if packed.is_dir() else _PACKAGE.parent / "zoo" / "recipes"
