"""One training run: a folder of clips in, a run folder out.

A run folder holds `model.keras`, from which everything needed for prediction
comes back, `history.csv`, `curves.png`, `config.json` and `skipped.csv`; the
folder `stages` the same of the recipe's earlier stages. While it is trained
it also holds `state`, with which the same call goes on.
"""

import csv
import json
import logging
import shutil
from pathlib import Path

import keras

from keras_twostream import __version__
from keras_twostream.remote.address import as_path
from keras_twostream.report.figures import curves, png
from keras_twostream.training.clips import parts_of, survey
from keras_twostream.training.devices import make_deterministic, on_devices
from keras_twostream.training.fitting import HISTORY, STATE, Stage
from keras_twostream.training.networks import save_model
from keras_twostream.training.options import Options
from keras_twostream.training.recipe import Recipe
from keras_twostream.weights.source import RUN_MODEL
from keras_twostream.zoo.loading import load

logger = logging.getLogger(__name__)

CONFIG, CURVES, SKIPPED = "config.json", "curves.png", "skipped.csv"
STAGES = "stages"


def train(directory, run, recipe=None, *, overwrite=False, **settings):
    """Trains a network on a folder of clips, one sub-folder per class.

    A run that was interrupted, by Ctrl-C or a kill, goes on when it is called
    again, and ends with the weights that it would have had.

    Args:
        directory: Folder of the clips, or a prepared set; of one with splits
            the clips for "train", and those for "validation" if there are.
        run: Folder to write the run to; made if need be.
        recipe: `Recipe` to follow; by default `Recipe()`.
        overwrite: Whether to begin anew where there is a run already.
        **settings: As for `Options`: `cache_dir`, `workers`, `callbacks`,
            `devices`, `deterministic` and so on.

    Returns:
        The trained model, with the weights of its best epoch by validation
        loss; of a run that is finished, that.

    Raises:
        ValueError: If the clips or the recipe cannot be used, or the folder
            holds another run.
        NotFiniteError: If the loss is no number any more.
    """
    options = Options(**settings)
    if options.deterministic:
        make_deterministic()
    # Wrong settings must show before hours go into preparing clips.
    names, recipe = survey(directory, recipe or Recipe())
    run = Path(run)
    settings = _settings(directory, recipe, names)
    if overwrite and (run / CONFIG).is_file():
        shutil.rmtree(run)
    elif _is_finished(run, settings):
        logger.warning("%s is finished; `overwrite` begins anew", run)
        return load(run)
    stages = recipe.steps()
    earlier: dict[str, Path] = {}
    for name, stage in stages.items():
        last = len(earlier) == len(stages) - 1
        folder = run if last else run / STAGES / name
        earlier[name] = folder / RUN_MODEL
        if not last and _is_done(folder):
            continue
        if name:
            logger.warning("Stage %s", name)
        with on_devices(options.devices):
            model = _train_stage(
                directory, stage, folder, names, earlier, options, settings
            )
    shutil.rmtree(run / STATE, ignore_errors=True)
    return model


def _train_stage(directory, stage, folder, names, earlier, options, settings):
    """Trains one stage, and writes its folder."""
    parts = parts_of(directory, stage)
    ready = Stage(parts, stage, folder, names, earlier, options)
    folder.mkdir(parents=True, exist_ok=True)
    _write_settings(folder, settings, stage, ready)
    try:
        ready.train()
    except KeyboardInterrupt:
        if (folder / STATE).exists():
            save_model(ready.for_use(), folder / RUN_MODEL)
            logger.warning(
                "Stopped; %s has the best epoch so far, and the same call "
                "goes on from here",
                folder,
            )
        raise
    model = ready.for_use()
    save_model(model, folder / RUN_MODEL)
    if (folder / HISTORY).is_file():
        (folder / CURVES).write_bytes(png(curves(folder / HISTORY)))
    if folder.parent.name == STAGES:
        shutil.rmtree(folder / STATE, ignore_errors=True)
    return model


def _is_done(folder) -> bool:
    """Returns whether there is a trained network, and no state of one."""
    return (folder / RUN_MODEL).is_file() and not (folder / STATE).exists()


def _is_finished(run, settings) -> bool:
    """Returns whether a folder holds this very run, finished.

    Raises:
        ValueError: If it holds another one.
    """
    if not (run / CONFIG).is_file():
        return False
    told = json.loads((run / CONFIG).read_text(encoding="utf-8"))
    wanted = json.loads(json.dumps(settings, default=str))
    unlike = [x for x in ("data", "class_names") if told.get(x) != wanted[x]]
    before, now = told.get("recipe", {}), wanted["recipe"]
    unlike += [x for x in now if before.get(x) != now[x]]
    if unlike:
        raise ValueError(
            f"{run} holds a run with other {', '.join(unlike)}. Choose another "
            "folder, or overwrite it"
        )
    return _is_done(run)


def _settings(directory, recipe, class_names):
    """Returns what a run is told, before it begins."""
    return {
        "keras_twostream": __version__,
        "keras": keras.__version__,
        "backend": keras.config.backend(),
        "data": str(as_path(directory).resolve()),
        "recipe": recipe.to_dict(),
        "class_names": list(class_names),
    }


def _write_settings(folder, settings, stage, ready):
    """Writes what is known before the training to the run folder."""
    held_back = (
        ready.validation.file_paths if ready.validation is not None else []
    )
    told = settings | {
        "training_clips": len(ready.training.file_paths),
        "validation_clips": held_back,
    }
    if folder.parent.name == STAGES:
        told["recipe"] = stage.to_dict()
    text = json.dumps(told, indent=2, default=str)
    partial = folder / f".{CONFIG}"
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(folder / CONFIG)
    skipped = dict(ready.training.skipped)
    if ready.validation is not None:
        skipped |= dict(ready.validation.skipped)
    with (folder / SKIPPED).open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("path", "reason"))
        rows.writerows(skipped.items())
