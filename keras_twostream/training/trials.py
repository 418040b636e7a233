"""Networks that are tried by cross-validation, each once."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from keras_twostream.data import clips_dataset
from keras_twostream.evaluation.answers import clip_name
from keras_twostream.evaluation.protocols import Protocol
from keras_twostream.evaluation.result import Result
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.training.choosing import (
    FEW_FOLDS,
    FOLDS,
    MANY_FOLDED,
    ClipFacts,
)
from keras_twostream.training.crossing import Crossing
from keras_twostream.training.fitting import Stage
from keras_twostream.training.folds import folds_of
from keras_twostream.training.recipe import Recipe


def surveyed(clips, settings, options):
    """Returns a dataset of those clips that can be read.

    Args:
        clips: List or prepared set, which has its own flow.
        settings: Settings of `Recipe`, which may say the flow.
        options: `Options`.
    """
    own = getattr(clips, "flow", None)
    return clips_dataset(
        clips,
        batch_size=None,
        flow=own or settings.get("flow", FlowSpec()),
        cache_dir=options.cache_dir,
        workers=options.workers,
        verbose=options.progress,
    )


def variants(recipe: Recipe, told: Mapping[str, Any]) -> dict[str, Recipe]:
    """Returns the recipes among which the clips decide.

    Whether a window that follows what moves is better than the whole frame
    nobody knows before.

    Args:
        recipe: The `Recipe` for all else.
        told: Settings that are not to be tried.

    Returns:
        Dict of what it is called -> `Recipe`, the plainest first.
    """
    found = {"whole frame": recipe}
    if "crop" not in told:
        crop = replace(recipe.crop, region="motion", keep_aspect=True)
        found["what moves"] = replace(recipe, crop=crop)
    return found


def alone(recipe: Recipe) -> dict[str, Recipe]:
    """Returns the recipes of single streams, like that of both.

    Args:
        recipe: The `Recipe` of a network of two streams.
    """
    return {
        stream: replace(
            recipe,
            model=model,
            fuse=None,
            keep=None,
            weights=_of(recipe, stream),
        )
        for stream, model in (("rgb", "spatial"), ("flow", "temporal"))
    }


def _of(recipe, stream):
    """Returns what a stream of a recipe starts from."""
    weights = recipe.weights
    by_stream = isinstance(weights, Mapping)
    return {stream: weights[stream]} if by_stream else weights


class Trials:
    """Cross-validations of networks for the same clips.

    What was finished is read again, so a run that was interrupted goes on.

    Args:
        directory: Folder of the clips, or a prepared set.
        clips: The clips of it, or the set.
        dataset: Dataset of them, which says which can be used.
        folder: Folder for the results.
        recipe: `Recipe` that says whether mirror images are looked at, and
            the seed of the folds.
        options: `Options`.
    """

    def __init__(self, directory, clips, dataset, folder, recipe, options):
        self.directory, self.clips = directory, clips
        self.folder, self.options = Path(folder), options
        self.class_names = tuple(dataset.class_names)
        self.names = tuple(clip_name(x, directory) for x in dataset.file_paths)
        self.labels = tuple(map(int, dataset.labels))
        few = len(self.labels) > MANY_FOLDED
        self.folds = folds_of(
            dataset.labels,
            dataset.groups,
            FEW_FOLDS if few else FOLDS,
            recipe.seed,
        )
        whole = ClipFacts.of(dataset).groups == len({*self.folds})
        self.told = f"{len({*self.folds})} {'groups' if whole else 'folds'}"
        self.protocol = Protocol(views=1, flips=recipe.crop.flip)
        self._crossings = []

    def ask(self, name: str, recipe: Recipe) -> Result:
        """Returns what a network answers for clips it did not learn from.

        Args:
            name: Of the result's file.
            recipe: `Recipe` of the network.
        """
        path = self.folder / f"{name.replace(' ', '_').replace(',', '')}.json"
        known = self._known(path, recipe)
        if known is not None:
            return known
        crossing = self.crossing(recipe)
        result = crossing.validate(
            self.folds, self.directory, self.options.verbose, self.told
        )
        result.save(path)
        return result

    def crossing(self, recipe: Recipe) -> Crossing:
        """Returns the network above maps, those of another if they serve.

        Args:
            recipe: `Recipe` of the network.
        """
        for beside in [*self._crossings, None]:
            stage = Stage(
                (self.clips, None),
                recipe,
                self.folder,
                self.class_names,
                {},
                self.options,
                at=[*beside.stage.below.output] if beside else (),
                quiet=True,
            )
            if beside is None or beside.has(stage, self.protocol):
                break
        below = beside.below if beside else None
        crossing = Crossing(stage, self.protocol, below)
        if beside is None:
            self._crossings.append(crossing)
        return crossing

    def _known(self, path, recipe):
        """Returns a result that was written before, if it is the same."""
        if not path.is_file():
            return None
        result = Result.load(path)
        told = json.loads(json.dumps(recipe.to_dict(), default=str))
        same = (
            result.made.get("recipe") == told
            and result.protocol.folds == self.told
            and result.clips == self.names
            and tuple(result.labels) == self.labels
        )
        return result if same else None
