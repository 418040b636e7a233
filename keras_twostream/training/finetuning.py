"""`finetune`: from clips alone to a network, and how good it is."""

import dataclasses
import json
import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from keras_twostream.data.choosing import chosen_clips, splits_of
from keras_twostream.evaluation.files import (
    RESULTS,
    crossed_file,
    held_back_file,
)
from keras_twostream.evaluation.fusing import fuse_results
from keras_twostream.evaluation.looks import Looks
from keras_twostream.evaluation.protocols import ALL, Protocol
from keras_twostream.evaluation.result import Result
from keras_twostream.evaluation.selection import select
from keras_twostream.models.table import get_spec
from keras_twostream.training.choosing import (
    CROSSED,
    Choice,
    ClipFacts,
    choose,
    has_accelerator,
    show,
)
from keras_twostream.training.clips import check_classes
from keras_twostream.training.options import Options
from keras_twostream.training.recipe import Recipe
from keras_twostream.training.run import CONFIG, train
from keras_twostream.training.starts import start_of
from keras_twostream.training.trials import Trials, alone, surveyed, variants

logger = logging.getLogger(__name__)

TRIALS, CHOICES = "trials", "choices.json"
LATE = "late"
# Streams of a network that is compared with each of them.
BOTH = ("rgb", "flow")
HELD_BACK_SHARE = 0.2
# How the towers learn, once the head has.
UNFROZEN = {
    "batch_norm": "frozen",
    "epochs": 5,
    "warmup": 1,
    "learning_rate": 2e-5,
}


@dataclass(frozen=True, kw_only=True)
class Finetuned:
    """A network, and how good it is for clips that it did not learn from.

    Attributes:
        model: The network, which learnt from all clips.
        recipe: Its `Recipe`.
        choices: What was chosen for it, with the reasons.
        results: Dict of "all" -> `Result` by cross-validation, or of what was
            held back; for a network that fuses both streams also "rgb" and
            "flow", networks of one stream, and "late", the mean of the
            scores of these. Empty if there are too few clips to tell.
        selected: Where the clips decided between recipes: dict of their names
            -> `Result`.
        corrected: What of the accuracy remains if that is allowed for, as of
            `evaluation.selection.select`; `None` if nothing was decided.
    """

    model: Any
    recipe: Recipe
    choices: tuple[Choice, ...]
    results: Mapping[str, Result] = field(default_factory=dict)
    selected: Mapping[str, Result] = field(default_factory=dict)
    corrected: Mapping[str, Any] | None = None


def finetune(directory, run, model=None, *, overwrite=False, **settings):
    """Trains the best network that clips allow, and says how good it is.

    Everything is chosen by what the clips are like, and said. Up to the
    fusion the towers stay as they were trained before, so what they make of
    the clips is computed once. Few clips are cross-validated: each is answered
    for by a network that learnt from the clips of other groups; the network
    that is written has then learnt from all. Of many clips some are held back
    instead, and the towers learn too.

    Args:
        directory: Folder of the clips, one sub-folder per class, or a
            prepared set.
        run: Folder to write to, see `train`; with `results/*.json` and
            `choices.json`.
        model: Name of a network, which starts from ImageNet's weights, or a
            trained network as for `zoo.load`; by default "conv_relu5".
        overwrite: Whether to begin anew where there is a run already.
        **settings: Settings of `Recipe` that are not to be chosen, and
            `Options`.

    Returns:
        `Finetuned`.

    Raises:
        ValueError: If the clips or a setting cannot be used.
        FileNotFoundError: If there is no such model.
    """
    names = {x.name for x in dataclasses.fields(Options)}
    options = Options(**{k: v for k, v in settings.items() if k in names})
    told = {k: v for k, v in settings.items() if k not in names}
    run = Path(run)
    if overwrite and (run / CHOICES).is_file():
        shutil.rmtree(run)
    clips = chosen_clips(directory)
    names = check_classes(clips, directory)
    start = start_of(model, names, has_accelerator(), told)
    dataset = surveyed(clips, told | start, options)
    facts = ClipFacts.of(dataset)
    start["flow"] = dataset.flow_spec
    recipe, choices = choose(facts, start, **told)
    run.mkdir(parents=True, exist_ok=True)
    if splits_of(directory) or facts.clips > CROSSED:
        return _held_back(directory, run, recipe, choices, options)
    if options.verbose:
        show(choices)
    if max(facts.counts.values()) < 2 or facts.groups == 1:
        reason = (
            "all clips are of one group"
            if facts.groups == 1
            else "no class has two clips"
        )
        logger.warning("Nothing can tell how good this will be: %s", reason)
        return _written(directory, run, recipe, choices, options)
    trials = Trials(
        directory, clips, dataset, run / RESULTS / TRIALS, recipe, options
    )
    return _cross_validated(trials, run, recipe, choices, told | start)


def _cross_validated(trials, run, recipe, choices, told):
    """Chooses among recipes by cross-validation, and trains the best."""
    options = trials.options
    asked = variants(recipe, told)
    tried = {name: trials.ask(name, x) for name, x in asked.items()}
    found = select([*tried.values()])
    name = [*tried][found["best"]]
    if len(tried) > 1:
        shares = ", ".join(f"{n} {_share(x)}" for n, x in tried.items())
        choices.append(Choice("clips seen as", name, shares))
    results = {ALL: tried[name]}
    if get_spec(recipe.model).streams == BOTH:
        for stream, single in alone(asked[name]).items():
            results[stream] = trials.ask(f"{stream} alone", single)
        late = fuse_results(*(results[s] for s in BOTH), weights=(1, 1))
        results[LATE] = late.result
    for part, result in results.items():
        result.save(crossed_file(run, part))
    tuned = _written(
        trials.directory, run, asked[name], choices, options, results
    )
    if len(tried) < 2:
        return tuned
    return replace(tuned, selected=tried, corrected=found)


def _held_back(directory, run, recipe, choices, options):
    """Trains in two stages on a part, and is judged by the rest."""
    splits = splits_of(directory)
    why = (
        f"the set has splits {', '.join(sorted(splits))}"
        if splits
        else "too many clips for cross-validation"
    )
    choices.append(Choice("judged by", "clips held back", why))
    if options.verbose:
        show(choices)
    head = {"name": "head", "freeze": recipe.freeze, "draws": recipe.draws}
    rest = {"name": "all", "weights": "head", **UNFROZEN}
    recipe = replace(
        recipe,
        freeze=None,
        draws=None,
        validation_split=HELD_BACK_SHARE,
        stages=(head, rest),
    )
    tuned = _written(directory, run, recipe, choices, options)
    only = json.loads((run / CONFIG).read_text("utf-8"))["validation_clips"]
    looks = Looks(
        directory,
        tuned.model,
        protocol=Protocol(views=1, flips=recipe.crop.flip),
        only=None if "test" in splits else only,
        cache_dir=options.cache_dir,
        workers=options.workers,
        verbose=options.progress,
    )
    result = looks.ask(tuned.model)
    result.save(held_back_file(run))
    return replace(tuned, results={ALL: result})


def _written(directory, run, recipe, choices, options, results=None):
    """Trains the network of the run on all clips that are to be learnt."""
    told = [dataclasses.asdict(choice) for choice in choices]
    text = json.dumps(told, indent=2, ensure_ascii=False)
    (run / CHOICES).write_text(text + "\n", encoding="utf-8")
    model = train(directory, run, recipe, **vars(options))
    return Finetuned(
        model=model,
        recipe=recipe,
        choices=tuple(choices),
        results=results or {},
    )


def _share(result) -> str:
    return f"{int(result.right.sum())} of {len(result)}"
