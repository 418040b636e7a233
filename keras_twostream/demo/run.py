"""Trains four networks on the procedural set and shows what each can tell.

Two thirds of its classes ask what is seen and how it moves; the last third
asks which object moves how. Appearance alone and motion alone say nothing
about that, averaged scores cannot, and maps that are fused place by place can.
"""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
from rich.console import Console

from keras_twostream.demo.clips import (
    CLIPS,
    CROP,
    FLOW,
    SIZE,
    demo_datasets,
    fresh_clip,
)
from keras_twostream.demo.figure import draw_demo
from keras_twostream.evaluation.looks import scores_of
from keras_twostream.evaluation.use import predict
from keras_twostream.models.build import build
from keras_twostream.training.compiling import compile_arguments
from keras_twostream.training.networks import save_model
from keras_twostream.training.recipe import Recipe
from keras_twostream.video.synthetic import CLASS_NAMES, REGISTRATION_CLASSES
from keras_twostream.weights.source import RUN_MODEL
from keras_twostream.weights.transfer import transfer

BACKBONE = "vgg_tiny"
EPOCHS, LEARNING_RATE, DROPOUT = 5, 1e-3, 0.2

# Network -> how the table and the picture call it.
NETWORKS = {
    "spatial": "spatial (RGB) alone",
    "temporal": "temporal (flow) alone",
    "sum_softmax": "late fusion (scores)",
    "conv_relu5": "conv_relu5 (maps)",
}
PICTURE, RESULT = "demo.png", "result.json"


@dataclass(frozen=True, kw_only=True)
class DemoResult:
    """Accuracy of one network on the test clips, as shares.

    Attributes:
        network: Name of the network.
        overall: Over all classes.
        what_how: Over the classes of one colour and one direction.
        registration: Over the two classes that differ in which object moves
            how; chance is a half.
    """

    network: str
    overall: float
    what_how: float
    registration: float


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What `run_demo` found.

    Attributes:
        results: `DemoResult` of each network.
        clip: Path of a fresh clip, of a registration class.
        answer: What the fused network says of it, as `predict`.
        picture: Path of the picture.
        seconds: Time that everything took.
    """

    results: list[DemoResult]
    clip: Path
    answer: list[dict]
    picture: Path
    seconds: float


def run_demo(directory, seed=0, clips=None, epochs=EPOCHS):
    """Renders the set, trains, compares, predicts a fresh clip and draws it.

    Args:
        directory: Folder for the clips, the trained networks and the picture.
        seed: Seed of the clips and of the networks.
        clips: Dict of split -> clips per class; by default `CLIPS`.
        epochs: Passes over the training clips, for each network.

    Returns:
        A `Demo`.
    """
    started = time.monotonic()
    directory = Path(directory)
    keras.utils.set_random_seed(seed)
    _heading("rendering clips with known motion")
    sets = demo_datasets(directory, seed, CLIPS | (clips or {}))
    models = train_networks(sets["train"], sets["validation"], epochs)
    for name, model in models.items():
        (directory / name).mkdir(exist_ok=True)
        save_model(model, directory / name / RUN_MODEL)
    results = compare(models, sets["test"])
    table = [asdict(result) for result in results]
    text = json.dumps({"seed": seed, "test": table}, indent=2)
    (directory / RESULT).write_text(text + "\n", encoding="utf-8")
    _heading("a fresh clip")
    clip = fresh_clip(directory, seed)
    answer = predict(clip, models["conv_relu5"], top=len(CLASS_NAMES))
    picture = directory / PICTURE
    draw_demo(picture, clip, answer, results, NETWORKS, FLOW)
    return Demo(
        results=results,
        clip=clip,
        answer=answer,
        picture=picture,
        seconds=time.monotonic() - started,
    )


def train_networks(train_set, validation_set, epochs=EPOCHS):
    """Returns name -> trained network, for each of `NETWORKS`.

    As in the paper the streams are trained alone first. Late fusion is not
    trained: it averages their scores. The fused network starts from both.
    """
    models = {
        name: build(
            name,
            backbone=BACKBONE,
            class_names=CLASS_NAMES,
            input_shape=(SIZE, SIZE),
            dropout=DROPOUT,
            flow=FLOW,
            sampling={"crop": asdict(CROP)},
        )
        for name in NETWORKS
    }
    for stream in ("spatial", "temporal"):
        _fit(models[stream], train_set, validation_set, epochs)
        for fused in ("sum_softmax", "conv_relu5"):
            transfer(models[stream], models[fused])
    _fit(models["conv_relu5"], train_set, validation_set, epochs)
    return models


def _fit(model, train_set, validation_set, epochs):
    """Trains one network."""
    _heading(f"training {model.name}")
    recipe = Recipe(learning_rate=LEARNING_RATE, epochs=epochs)
    model.compile(**compile_arguments(recipe, len(train_set)))
    model.fit(
        train_set,
        validation_data=validation_set,
        epochs=epochs,
        shuffle=False,
        verbose=2,
    )


def compare(models, test_set):
    """Returns the `DemoResult` of every network on the test clips."""
    labels = np.array(test_set.labels)
    wanted = [CLASS_NAMES.index(name) for name in REGISTRATION_CLASSES]
    registration = np.isin(labels, wanted)
    results = []
    for name, model in models.items():
        right = scores_of(model, test_set, verbose=0).argmax(-1) == labels
        results.append(
            DemoResult(
                network=name,
                overall=float(right.mean()),
                what_how=float(right[~registration].mean()),
                registration=float(right[registration].mean()),
            )
        )
    return results


def _heading(text):
    Console(stderr=True).rule(text, align="left")
