"""Verbs about trained networks: `train`, `evaluate` and `predict`."""

import argparse
import dataclasses
import inspect
import re
from pathlib import Path

from keras_twostream.cli.models import _json_argument
from keras_twostream.cli.output import (
    import_keras,
    percent,
    print_json,
    print_table,
)
from keras_twostream.data.crop import REGIONS, CropSpec
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.training.recipe import VIEWS, Recipe


def train(directory, run, cache_dir, workers, **settings):
    """Train a network on a folder of clips, one sub-folder per class."""
    recipe = _filled(
        Recipe,
        settings,
        flow=_filled(FlowSpec, settings),
        crop=_filled(CropSpec, settings),
    )
    import_keras()
    from keras_twostream.training.run import train

    folder = Path(run or f"runs/{recipe.model}")
    train(directory, folder, recipe, cache_dir=cache_dir, workers=workers)
    print(f"Run written to {folder}; try:")
    print(f"  keras-twostream predict CLIP --model {folder}")


def evaluate(directory, model, views, cache_dir, workers, as_json):
    """Measure a trained network on a folder of clips."""
    import_keras()
    from keras_twostream.training.use import evaluate

    result = evaluate(
        directory,
        model,
        views=views,
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


def predict(clip, model, top, views, as_json):
    """Name the most likely classes of a video file."""
    import_keras()
    from keras_twostream.training.use import predict

    answer = predict(clip, model, top=top, views=views)
    if as_json:
        print_json(answer)
        return
    rows = [(row["label"], percent(row["score"])) for row in answer]
    print_table(("class", "score"), rows)


def _train_arguments(verb):
    verb.add_argument("directory", help="folder with a sub-folder per class")
    verb.add_argument(
        "--run", help="run folder to write; by default runs/MODEL"
    )
    for fields in (Recipe, FlowSpec, CropSpec):
        helps = attribute_docs(fields)
        for field in dataclasses.fields(fields):
            if field.name in FLAGS:
                options: dict = {"help": helps[field.name]}
                options |= FLAGS[field.name]
                if field.default is not dataclasses.MISSING:
                    options["default"] = field.default
                name = field.name.replace("_", "-")
                verb.add_argument(f"--{name}", **options)
    _data_arguments(verb)


def _filled(cls, settings, **parts):
    """Returns a dataclass filled with those settings that are its fields."""
    names = {field.name for field in dataclasses.fields(cls)} & FLAGS.keys()
    return cls(**{name: settings[name] for name in names}, **parts)


def _evaluate_arguments(verb):
    verb.add_argument("directory", help="folder with a sub-folder per class")
    _use_arguments(verb)
    _data_arguments(verb)


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
    _json_argument(verb)


def _data_arguments(verb):
    verb.add_argument("--cache-dir", help="folder for prepared clips")
    verb.add_argument(
        "--workers", type=int, help="processes; by default one a core"
    )


def attribute_docs(cls):
    """Returns name -> description of the attributes a docstring lists."""
    listed = (inspect.getdoc(cls) or "").partition("Attributes:\n")[2]
    text = listed.partition("\n\n")[0]
    entries = re.split(r"\n(?=    \w)", text)
    pairs = (entry.strip().partition(":") for entry in entries)
    return {name: " ".join(what.split()) for name, _, what in pairs}


# Setting -> how its flag is parsed, if that is not as text.
FLAGS: dict[str, dict] = {
    "algorithm": {},
    "backbone": {},
    "batch_size": {"type": int},
    "bound": {"type": float},
    "dropout": {"type": float},
    "epochs": {"type": int},
    "flip": {"action": argparse.BooleanOptionalAction},
    "flow_frames": {"type": int},
    "frames": {"type": int},
    "freeze": {},
    "keep_aspect": {"action": argparse.BooleanOptionalAction},
    "image_size": {"type": int, "nargs": 2, "metavar": ("HEIGHT", "WIDTH")},
    "learning_rate": {"type": float},
    "model": {},
    "region": {"choices": REGIONS},
    "seed": {"type": int},
    "short_side": {"type": int},
    "spread": {"type": float},
    "step": {"type": int},
    "stream_dropout": {"type": float},
    "streams": {"nargs": "+", "choices": ("rgb", "flow")},
    "validation_split": {"type": float},
    "weights": {},
}

VERBS = {
    "train": (train, _train_arguments),
    "evaluate": (evaluate, _evaluate_arguments),
    "predict": (predict, _predict_arguments),
}
