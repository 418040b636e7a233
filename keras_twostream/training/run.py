"""One training run: a folder of clips in, a run folder out.

A run folder holds `model.keras`, from which everything needed for prediction
comes back, `history.csv`, `curves.png`, `config.json` and `skipped.csv`.
"""

import csv
import json
import logging
import os
from pathlib import Path

import keras

from keras_twostream import __version__, backbones
from keras_twostream.models.build import build
from keras_twostream.models.record import read_record
from keras_twostream.models.table import get_spec
from keras_twostream.remote.address import as_path
from keras_twostream.report.curves import draw_curves
from keras_twostream.training.clips import datasets_of, survey
from keras_twostream.training.freezing import freeze
from keras_twostream.training.recipe import BACKBONE, Recipe
from keras_twostream.weights.source import RUN_MODEL

logger = logging.getLogger(__name__)

CONFIG, HISTORY = "config.json", "history.csv"
CURVES, SKIPPED = "curves.png", "skipped.csv"


def train(directory, run, recipe=None, *, cache_dir=None, workers=None):
    """Trains a network on a folder of clips, one sub-folder per class.

    Args:
        directory: Folder of the clips, or a prepared set; of one with splits
            the clips for "train", and those for "validation" if there are.
        run: Folder to write the run to; made if need be.
        recipe: `Recipe` to follow; by default `Recipe()`.
        cache_dir: Where prepared clips are kept, see `data.cache_clips`.
        workers: Processes that prepare clips.

    Returns:
        The trained model, with the weights of its best epoch by validation
        loss: the accuracy of a few clips ties too often to choose by.

    Raises:
        ValueError: If the clips or the recipe cannot be used.
    """
    recipe = recipe or Recipe()
    keras.utils.set_random_seed(recipe.seed)
    # Wrong settings must show before hours go into preparing clips.
    names, recipe = survey(directory, recipe)
    model = _model(recipe, names)
    fed = read_record(model)
    train_set, validation_set = datasets_of(
        directory, recipe, fed, cache_dir, workers
    )
    run = Path(run)
    run.mkdir(parents=True, exist_ok=True)
    _write_settings(run, directory, recipe, train_set, validation_set)
    _fit(model, run, recipe, train_set, validation_set)
    save_model(model, run / RUN_MODEL)
    draw_curves(run / HISTORY, run / CURVES)
    return model


def save_model(model, path):
    """Writes a `.keras` file, whole or not at all, without the optimizer.

    A file with an optimizer loads only where its backend is installed.
    """
    path = Path(path)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        model.save(temporary, include_optimizer=False)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _model(recipe, class_names):
    """Returns the recipe's network, compiled."""
    spec = get_spec(recipe.model)
    backbone = recipe.backbone or (None if spec.clips else BACKBONE)
    model = build(
        recipe.model,
        backbone=backbone,
        streams=recipe.streams,
        weights=recipe.weights,
        class_names=class_names,
        input_shape=recipe.image_size,
        flow_frames=recipe.flow_frames,
        frames=recipe.frames,
        flow=recipe.flow,
        sampling=recipe.sample(),
        dropout=recipe.dropout,
        stream_dropout=recipe.stream_dropout,
    )
    if recipe.freeze:
        size = read_record(model).image_size
        net = backbones.get(backbone or spec.backbone, size)
        freeze(model, net.resolve(recipe.freeze))
    return model


def compile_model(model, learning_rate, steps):
    """Compiles a network with Adam, whose rate falls to zero over `steps`."""
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )


def _fit(model, run, recipe, train_set, validation_set):
    """Trains, logging to the run folder; Ctrl-C keeps what was learnt."""
    compile_model(model, recipe.learning_rate, recipe.epochs * len(train_set))
    best = keras.callbacks.EarlyStopping(
        "val_loss",
        mode="min",
        patience=recipe.epochs,
        restore_best_weights=True,
    )
    log = keras.callbacks.CSVLogger(str(run / HISTORY))
    try:
        model.fit(
            train_set,
            validation_data=validation_set,
            epochs=recipe.epochs,
            callbacks=[best, log],
            # tf.data shuffles; Keras would warn that it does not.
            shuffle=False,
        )
    except KeyboardInterrupt:
        if best.best_weights is None:
            raise
        model.set_weights(best.best_weights)
        logger.warning("Stopped; the best epoch so far is kept")


def _write_settings(run, directory, recipe, train_set, validation_set):
    """Writes what is known before the training to the run folder."""
    settings = {
        "keras_twostream": __version__,
        "keras": keras.__version__,
        "backend": keras.config.backend(),
        "data": str(as_path(directory).resolve()),
        "recipe": recipe.to_dict(),
        "class_names": train_set.class_names,
        "training_clips": len(train_set.file_paths),
        "validation_clips": validation_set.file_paths,
    }
    text = json.dumps(settings, indent=2, default=str)
    (run / CONFIG).write_text(text + "\n", encoding="utf-8")
    with (run / SKIPPED).open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("path", "reason"))
        rows.writerows(
            dict([*train_set.skipped, *validation_set.skipped]).items()
        )
