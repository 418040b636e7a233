"""Verbs that make trained networks: `train` and `finetune`."""

import argparse
from pathlib import Path

from keras_twostream.cli.flags import field_arguments, given_of
from keras_twostream.cli.output import (
    import_keras,
    percent,
    points,
    print_table,
)
from keras_twostream.data.crop import CropSpec
from keras_twostream.evaluation.files import BESIDE
from keras_twostream.evaluation.protocols import ALL
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.training.recipe import Recipe
from keras_twostream.training.recipes import changed, read_recipe

# Options that a command line can say.
OPTIONS = (
    "cache_dir",
    "workers",
    "devices",
    "deterministic",
    "rematerialize",
    "tensorboard",
    "jit_compile",
)
DIRECTORY = "folder with a sub-folder per class, or a prepared set"


def train(directory, recipe, run, overwrite, **settings):
    """Train a network on a folder of clips or a prepared set."""
    options = _options(settings)
    told = given_of(Recipe, settings)
    for part, cls in (("flow", FlowSpec), ("crop", CropSpec)):
        if given := given_of(cls, settings):
            told[part] = given
    recipe = changed(read_recipe(recipe) if recipe else Recipe(), told)
    import_keras()
    from keras_twostream.training.run import train

    last = [*recipe.steps().values()][-1]
    folder = Path(run or f"runs/{last.model}")
    train(
        directory,
        folder,
        recipe,
        overwrite=overwrite,
        **options,
    )
    print(f"Run written to {folder}; try:")
    print(f"  keras-twostream predict CLIP --model {folder}")


def finetune(directory, model, run, overwrite, **settings):
    """Train the best network that clips allow, and say how good it is."""
    options = _options(settings)
    told = given_of(Recipe, settings)
    import_keras()
    from keras_twostream.training.finetuning import finetune

    folder = Path(run or f"runs/{Path(directory).resolve().name}")
    tuned = finetune(
        directory,
        folder,
        model,
        overwrite=overwrite,
        **options,
        **told,
    )
    _print_results(tuned)
    print(f"Run written to {folder}; try:")
    print(f"  keras-twostream predict CLIP --model {folder}")
    print(f"  keras-twostream report {folder}")


def _options(settings):
    """Returns what was said of how to train, see `training.options.Options`."""
    return {name: settings[name] for name in OPTIONS if name in settings}


def _print_results(tuned):
    """Prints how good a network is, and whether fusion helped."""
    from keras_twostream.evaluation import compare, summarize

    results = dict(tuned.results)
    if not results:
        print("No figure: no clips could be kept from the training.")
        return
    whole = results.pop(ALL)
    low, high = summarize(whole)["interval"]
    print(
        f"{percent(whole.accuracy)} right, {int(whole.right.sum())} of "
        f"{len(whole)} clips (95 % interval {percent(low)} to "
        f"{percent(high)}): {whole.protocol}."
    )
    if tuned.corrected:
        low, high = tuned.corrected["interval"]
        print(
            f"The best of {len(tuned.selected)} was chosen on these clips; "
            f"allowing for that {percent(tuned.corrected['accuracy'])} "
            f"({percent(low)} to {percent(high)})."
        )
    rows = []
    for name, result in results.items():
        found = compare(result, whole)
        rows.append(
            (
                BESIDE[name],
                percent(result.accuracy),
                points(found["difference"]),
                f"{found['p']:.2g}",
            )
        )
    if rows:
        head = ("beside it", "right", "it is better by", "McNemar's p")
        print_table(head, rows)


def _finetune_arguments(verb):
    verb.add_argument("directory", help=DIRECTORY)
    verb.add_argument(
        "--model",
        help="name of a network, which starts from ImageNet's weights, or "
        "pretrained weights, a run or a file to go on from (default: "
        "conv_relu5)",
    )
    verb.add_argument(
        "--run", help="run folder to write; by default runs/ and the data's"
    )
    verb.add_argument(
        "--overwrite", action="store_true", help="begin a run anew"
    )
    field_arguments(verb, Recipe, default=argparse.SUPPRESS, leave=("model",))
    data_arguments(verb)
    run_arguments(verb)


def _train_arguments(verb):
    verb.add_argument("directory", help=DIRECTORY)
    verb.add_argument(
        "--recipe",
        help="name of a recipe, TOML file, or run folder; what is said by the "
        "flags below is said otherwise than there",
    )
    verb.add_argument(
        "--run", help="run folder to write; by default runs/MODEL"
    )
    verb.add_argument(
        "--overwrite", action="store_true", help="begin a run anew"
    )
    for fields in (Recipe, FlowSpec, CropSpec):
        field_arguments(verb, fields, default=argparse.SUPPRESS)
    data_arguments(verb)
    run_arguments(verb)


def run_arguments(verb):
    """Adds the flags of how a network is trained, wherever it is."""
    verb.add_argument(
        "--devices",
        type=int,
        default=argparse.SUPPRESS,
        help="devices that share every batch (TensorFlow and JAX)",
    )
    flags = {
        "deterministic": "the same weights to the last bit, on GPUs too",
        "rematerialize": "less memory, more time: towers compute maps twice",
        "tensorboard": "write `logs` in the run folder for TensorBoard",
    }
    for name, words in flags.items():
        verb.add_argument(
            f"--{name}",
            action="store_true",
            default=argparse.SUPPRESS,
            help=words,
        )
    verb.add_argument(
        "--xla",
        dest="jit_compile",
        action=argparse.BooleanOptionalAction,
        default=argparse.SUPPRESS,
        help="compile the network by XLA; by default as Keras finds best",
    )


def data_arguments(verb, workers=True):
    """Adds the flags of whatever prepares clips."""
    verb.add_argument("--cache-dir", help="folder for prepared clips")
    if workers:
        verb.add_argument(
            "--workers", type=int, help="processes; by default one a core"
        )


VERBS: dict = {
    "train": (train, _train_arguments),
    "finetune": (finetune, _finetune_arguments),
}
