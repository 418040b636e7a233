"""Verbs about trained networks: `train`, `evaluate` and `predict`."""

import argparse
import contextlib
import dataclasses
import sys
import warnings
from pathlib import Path

from keras_twostream.cli.flags import field_arguments, filled
from keras_twostream.cli.models import _json_argument
from keras_twostream.cli.output import (
    import_keras,
    percent,
    print_json,
    print_table,
)
from keras_twostream.data.crop import CropSpec
from keras_twostream.data.options import PLACES
from keras_twostream.flow.contract import FlowMismatchWarning
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.training.recipe import VIEWS, Recipe


def train(directory, run, cache_dir, workers, **settings):
    """Train a network on a folder of clips or a prepared set."""
    recipe = filled(
        Recipe,
        settings,
        flow=filled(FlowSpec, settings),
        crop=filled(CropSpec, settings),
    )
    import_keras()
    from keras_twostream.training.run import train

    folder = Path(run or f"runs/{recipe.model}")
    train(directory, folder, recipe, cache_dir=cache_dir, workers=workers)
    print(f"Run written to {folder}; try:")
    print(f"  keras-twostream predict CLIP --model {folder}")


def evaluate(
    directory,
    model,
    views,
    view_places,
    view_flips,
    cache_dir,
    workers,
    as_json,
    **flow,
):
    """Measure a trained network on a folder of clips or a prepared set."""
    import_keras()
    from keras_twostream.training.use import evaluate, load_run

    network, record = load_run(model)
    with _plain_warnings():
        result = evaluate(
            directory,
            network,
            views=views,
            view_places=view_places,
            view_flips=view_flips,
            # Nothing said: that of the network, or of the prepared set.
            flow=dataclasses.replace(record.flow, **flow) if flow else None,
            cache_dir=cache_dir,
            workers=workers,
            verbose=False if as_json else "auto",
        )
    if as_json:
        print_json(result)
        return
    rows = [
        (row["label"], row["clips"], percent(row["accuracy"]))
        for row in result["classes"]
    ]
    rows.append(("all", result["clips"], percent(result["accuracy"])))
    for stream, accuracy in result["streams"].items():
        name = f"all, {stream} alone"
        rows.append((name, result["clips"], percent(accuracy)))
    print_table(("class", "clips", "right"), rows)


def predict(clip, model, top, views, as_json, **flow):
    """Name the most likely classes of a video file."""
    import_keras()
    from keras_twostream.training.use import load_run, predict

    network, record = load_run(model)
    flow = dataclasses.replace(record.flow, **flow)
    with _plain_warnings():
        answer = predict(clip, network, top=top, views=views, flow=flow)
    if as_json:
        print_json(answer)
        return
    rows = [(row["label"], percent(row["score"])) for row in answer]
    print_table(("class", "score"), rows)


_DIRECTORY = "folder with a sub-folder per class, or a prepared set"


def _train_arguments(verb):
    verb.add_argument("directory", help=_DIRECTORY)
    verb.add_argument(
        "--run", help="run folder to write; by default runs/MODEL"
    )
    for fields in (Recipe, FlowSpec, CropSpec):
        field_arguments(verb, fields)
    _data_arguments(verb)


def _evaluate_arguments(verb):
    verb.add_argument("directory", help=_DIRECTORY)
    _use_arguments(verb)
    _view_arguments(verb)
    _data_arguments(verb)


def _view_arguments(verb):
    verb.add_argument(
        "--view-places",
        choices=PLACES,
        default="center",
        help="crops of every view whose scores are averaged too",
    )
    verb.add_argument(
        "--view-flips",
        action="store_true",
        help="average the scores of mirror images too",
    )


def _predict_arguments(verb):
    verb.add_argument("clip", help="video file")
    _use_arguments(verb)
    verb.add_argument("--top", type=int, default=5, help="classes to name")


def _use_arguments(verb):
    verb.add_argument(
        "--model", required=True, help="run folder or .keras file"
    )
    verb.add_argument(
        "--views",
        type=int,
        default=VIEWS,
        help="samples per clip whose scores are averaged",
    )
    group = verb.add_argument_group(
        "flow", "Computed as the model was trained, unless told otherwise."
    )
    field_arguments(group, FlowSpec, default=argparse.SUPPRESS)
    _json_argument(verb)


def _data_arguments(verb):
    verb.add_argument("--cache-dir", help="folder for prepared clips")
    verb.add_argument(
        "--workers", type=int, help="processes; by default one a core"
    )


@contextlib.contextmanager
def _plain_warnings():
    """Prints warnings about the flow as lines of our own."""
    usual = warnings.showwarning

    def show(message, category, *place):
        if issubclass(category, FlowMismatchWarning):
            print(f"keras-twostream: warning: {message}", file=sys.stderr)
        else:
            usual(message, category, *place)

    with warnings.catch_warnings():
        warnings.simplefilter("always", FlowMismatchWarning)
        warnings.showwarning = show
        yield


VERBS = {
    "train": (train, _train_arguments),
    "evaluate": (evaluate, _evaluate_arguments),
    "predict": (predict, _predict_arguments),
}
