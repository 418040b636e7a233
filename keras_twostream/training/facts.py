"""What a run folder says of its network, for a card."""

import csv
import json
from pathlib import Path

from keras_twostream.training.fitting import HISTORY
from keras_twostream.training.recipe import Recipe
from keras_twostream.training.run import CONFIG
from keras_twostream.weights.entry import Metric


def facts_of(run):
    """Returns what a run knows of its network beyond the network itself.

    Args:
        run: Run folder of `train`.

    Returns:
        Dict of `description`, `training` and `metrics`, see
        `weights.entry.Weights`.

    Raises:
        FileNotFoundError: If the folder is not that of a run.
    """
    run = Path(run)
    if not (run / CONFIG).is_file():
        raise FileNotFoundError(
            f"{run} is not a run folder: it has no {CONFIG}"
        )
    settings = json.loads((run / CONFIG).read_text(encoding="utf-8"))
    data = Path(settings["data"]).name
    count = len(settings["class_names"])
    held_back = len(settings["validation_clips"])
    return {
        "description": f"{settings['recipe']['model']} trained on {count} "
        f"classes of {data}.",
        "training": {
            "clips": f"{settings['training_clips']} of {data}",
            "recipe": _changed(settings["recipe"]),
            "software": f"keras_twostream {settings['keras_twostream']}, "
            f"Keras {settings['keras']} on {settings['backend']}",
        },
        "metrics": _metrics(run, settings["recipe"], data, held_back),
    }


def _changed(recipe):
    """Returns the settings of a recipe that are not the default, as text."""
    usual = json.loads(json.dumps(Recipe().to_dict()))
    changed = {k: v for k, v in recipe.items() if v != usual.get(k)}
    words = (f"{name}={value}" for name, value in changed.items())
    return ", ".join(words) or "the default"


def _metrics(run, recipe, data, clips):
    """Returns the accuracy of the epoch that was kept, if one was logged."""
    history = run / HISTORY
    rows = []
    if history.is_file():
        with history.open(newline="", encoding="utf-8") as file:
            known = csv.DictReader(file)
            rows = [x for x in known if x.get("val_loss") not in (None, "NA")]
    if not rows or not clips:
        return ()
    best = min(rows, key=lambda row: float(row["val_loss"]))
    protocol = (
        f"{recipe['validation_split']:.0%} of the clips held back, groups "
        f"whole, seed {recipe['seed']}; one view; the epoch was chosen on "
        "these clips, so the figure flatters"
    )
    value = round(100 * float(best["val_accuracy"]), 2)
    return (Metric(dataset=data, protocol=protocol, value=value, clips=clips),)
