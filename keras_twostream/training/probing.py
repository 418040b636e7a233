"""Does what `finetune` made need motion, or appearance?"""

import json
from pathlib import Path

from keras_twostream.data.choosing import chosen_clips
from keras_twostream.evaluation.files import RESULTS, crossed_file, probe_file
from keras_twostream.evaluation.probes import INTACT
from keras_twostream.evaluation.result import Result
from keras_twostream.training.finetuning import TRIALS
from keras_twostream.training.options import Options
from keras_twostream.training.recipe import Recipe
from keras_twostream.training.run import CONFIG
from keras_twostream.training.trials import Trials, surveyed


def is_to_be_probed(run) -> bool:
    """Returns whether a run was cross-validated, and not probed yet."""
    probed = probe_file(run, INTACT)
    return crossed_file(run).is_file() and not probed.is_file()


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
    whole = Result.load(crossed_file(run))
    recipe = Recipe.from_dict(whole.made["recipe"])
    directory = json.loads((Path(run) / CONFIG).read_text("utf-8"))["data"]
    options = Options(**settings)
    clips = chosen_clips(directory)
    dataset = surveyed(clips, {"flow": recipe.flow}, options)
    folder = Path(run, RESULTS, TRIALS)
    trials = Trials(directory, clips, dataset, folder, recipe, options)
    found = trials.probe(recipe)
    # The one that tells that all are there comes last.
    for name in reversed(found):
        found[name].save(probe_file(run, name))
    return found
