"""A trained network as a folder that anybody can open."""

import re
from datetime import date
from pathlib import Path

import keras

from keras_twostream import __version__
from keras_twostream.weights.source import (
    ARCHITECTURE,
    CARD,
    CONFIG,
    METADATA,
    WEIGHTS,
)
from keras_twostream.zoo.card import model_card
from keras_twostream.zoo.describe import store, write_json, write_text


def save_to_preset(model, folder, *, name=None, dtype="float32", **details):
    """Writes a trained network as a preset folder, which `load` opens.

    It holds `config.json` (an entry of the zoo: network, classes, flow,
    sampling, hash, golden sample), `model.weights.h5`, `metadata.json`,
    `README.md` (its card) and, for networks that `build` alone does not make,
    `task.json` with their layers. Such a folder can be put on any hub.

    Args:
        model: Network of `build`, `fuse` or `convert`.
        folder: Folder to write to; made if need be.
        name: `model.tag`; by default the model's name and the folder's.
        dtype: Of the stored numbers, `"float32"` or `"float16"`.
        **details: What is to be said of it, attributes of
            `weights.entry.Weights`: `description`, `licence`, `training`,
            `metrics`, `limits`, `citation`.

    Returns:
        The entry.

    Raises:
        ValueError: If the model or an argument cannot be stored.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    entry = store(
        model, folder / WEIGHTS, name or _name(model, folder), dtype, **details
    )
    if not entry.network:
        layers = keras.saving.serialize_keras_object(model)
        write_json(folder / ARCHITECTURE, layers)
    write_json(folder / METADATA, _metadata(entry))
    write_text(folder / CARD, model_card(entry))
    # Last, since a folder with it counts as whole.
    write_json(folder / CONFIG, entry.to_dict())
    return entry


def _name(model, folder):
    """Returns a name of the grammar, from the model's and the folder's."""
    parts = (re.sub(r"\W+", "_", x.lower()) for x in (model.name, folder.name))
    return ".".join(parts)


def _metadata(entry):
    """Returns what KerasHub keeps of a preset, and our version."""
    return {
        "keras_version": keras.__version__,
        "keras_twostream_version": __version__,
        "parameter_count": entry.parameters,
        "date_saved": date.today().isoformat(),
    }
