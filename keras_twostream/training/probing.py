"""Does what `finetune` made need motion, or appearance? Why does it err?"""

import json
from pathlib import Path

from keras_twostream.data.choosing import chosen_clips
from keras_twostream.evaluation.cam import GradCam, save_heat
from keras_twostream.evaluation.files import (
    RESULTS,
    crossed_file,
    heat_file,
    probe_file,
)
from keras_twostream.evaluation.metrics import surest_errors
from keras_twostream.evaluation.probes import INTACT, PROBES
from keras_twostream.evaluation.result import Result
from keras_twostream.training.clips import listed
from keras_twostream.training.crossing import TEST
from keras_twostream.training.finetuning import TRIALS
from keras_twostream.training.options import Options
from keras_twostream.training.recipe import Recipe
from keras_twostream.training.run import CONFIG
from keras_twostream.training.trials import Trials, surveyed

# Wrong answers that are looked into at most.
ERRORS = 32


def is_to_be_probed(run) -> bool:
    """Returns whether a run was cross-validated, and not probed yet."""
    probed = probe_file(run, INTACT)
    return crossed_file(run).is_file() and not probed.is_file()


def probe_run(run, **settings):
    """Asks what a network of `finetune` needs: motion, or appearance?

    Its folds are trained once more, and answer for clips of which one of them
    was taken away. What speaks for wrong answers is looked for in the very
    networks that gave them. All of it is written to the run's results.

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
    crossing = trials.crossing(recipe)
    look = Evidence(crossing, whole, [*trials.names])
    scores = crossing.crossed(
        trials.folds, _asked(crossing), options.verbose, look
    )
    about = trials.folds, directory, trials.told
    found = {
        name: crossing.result(rows, *about, probe=name)
        for name, rows in scores.items()
    }
    save_heat(heat_file(run), look.heat)
    # The one that tells that all are there comes last.
    for name in reversed(found):
        found[name].save(probe_file(run, name))
    return found


def _asked(crossing):
    """Returns name of a probe -> how a network is asked by it."""
    asked: dict[str, dict] = {}
    for name, taken in PROBES.items():
        if not {*taken.streams} <= {*crossing.stage.model.input}:
            continue
        asked[name] = {}
        if taken.other:
            asked[name] = {"other": taken.other}
        elif name != INTACT:
            maps = crossing.asked_maps(change=(name, taken.change))
            asked[name] = {"maps": maps}
    return asked


class Evidence:
    """What speaks for wrong answers, in the networks that gave them.

    Args:
        crossing: `Crossing`, whose network is another one for each fold.
        result: `Result` of it.
        names: Names of the clips of the crossing, in its order.

    Attributes:
        heat: Dict of clip -> dict of stream -> heat, as of `GradCam`.
    """

    def __init__(self, crossing, result, names):
        self.heat, self._inputs = {}, {}
        stage, wrong = crossing.stage, surest_errors(result, ERRORS)
        self._names = names
        self._answers = {
            names.index(result.clips[i]): int(result.answers[i]) for i in wrong
        }
        if not len(wrong):
            return
        try:
            self._look = GradCam(stage.model)
        except ValueError:  # streams are one from the beginning
            self._answers = {}
            return
        chosen = sorted(self._answers)
        # Of all clips, also those that cannot be read.
        known = [str(path) for path in listed(stage.parts[0]).paths]
        paths = crossing.asked.source.file_paths
        views = stage.dataset(
            stage.parts[0].take([known.index(paths[i]) for i in chosen]),
            TEST,
            shuffle=False,
            verbose=False,
            divisible_by=1,
        )
        for number, (inputs, *_) in zip(chosen, views.unbatch(), strict=True):
            self._inputs[number] = {
                name: inputs[name].numpy()[None] for name in stage.model.input
            }

    def __call__(self, numbers):
        """Looks into the network as it is, for some of the clips."""
        for number in {*map(int, numbers)} & {*self._answers}:
            heat = self._look(self._inputs[number], [self._answers[number]])
            clip = self._names[number]
            self.heat[clip] = {name: x[0] for name, x in heat.items()}
