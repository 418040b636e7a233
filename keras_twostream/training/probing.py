"""Does what `finetune` made need motion, or appearance?"""

import json
from pathlib import Path

from keras_twostream.evaluation.result import Result
from keras_twostream.training.finetuning import (
    CROSS_VALIDATION,
    RESULTS,
    TRIALS,
)
from keras_twostream.training.fitting import Options
from keras_twostream.training.recipe import Recipe
from keras_twostream.training.run import CONFIG
from keras_twostream.training.trials import Trials, surveyed

PROBE = "probe"


def is_to_be_probed(run) -> bool:
    """Returns whether a run was cross-validated, and not probed yet."""
    folder = Path(run) / RESULTS
    whole = folder / f"{CROSS_VALIDATION}.json"
    return whole.is_file() and not [*folder.glob(f"{PROBE}.*.json")]


def probe_run(run, **settings):
    """Asks what a network of `finetune` needs: motion, or appearance?

    Its folds are trained once more, and answer for clips of which one of them
    was taken away. The results are written to `results/probe.*.json`.

    Args:
        run: Folder of `finetune` that was cross-validated.
        **settings: As for `Options`.

    Returns:
        Dict of name -> `Result`, as of `evaluation.probes.probe`.
    """
    folder = Path(run) / RESULTS
    whole = Result.load(folder / f"{CROSS_VALIDATION}.json")
    recipe = Recipe.from_dict(whole.made["recipe"])
    directory = json.loads((Path(run) / CONFIG).read_text("utf-8"))["data"]
    options = Options(**settings)
    clips, dataset = surveyed(directory, {"flow": recipe.flow}, options)
    trials = Trials(directory, clips, dataset, folder / TRIALS, recipe, options)
    found = trials.probe(recipe)
    for name, result in found.items():
        result.save(folder / f"{PROBE}.{name.replace(' ', '_')}.json")
    return found
