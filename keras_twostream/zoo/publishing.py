"""Puts a trained network into a zoo: entry, weights, card."""

from pathlib import Path

from keras_twostream.weights.entry import NAME
from keras_twostream.weights.index import INDEX, Zoo
from keras_twostream.zoo.card import model_card
from keras_twostream.zoo.describe import store, write_json, write_text


def publish(model, name, zoo, *, dtype="float16", overwrite=False, **details):
    """Adds a trained network to a zoo, with hash, golden sample and card.

    The folder can be put behind any web server: `$KERAS_TWOSTREAM_ZOO` names
    the folder or its address.

    Args:
        model: Network of `build`.
        name: `model.tag`, in small letters, digits and underscores.
        zoo: Folder of the zoo; made if need be.
        dtype: Of the stored numbers, `"float16"` or `"float32"`.
        overwrite: Whether an entry of this name may be replaced.
        **details: Attributes of `weights.entry.Weights` to tell:
            `description`, `licence`, `training`, `metrics`, `limits`,
            `citation`.

    Returns:
        The entry.

    Raises:
        ValueError: If the name is taken or not of that form, or the model
            was not made by `build` alone.
    """
    zoo = Path(zoo)
    if not NAME.fullmatch(name):
        raise ValueError(
            "A published name is model.tag, in small letters, digits and "
            f"underscores. Received: {name!r}"
        )
    if (zoo / f"{name}.json").exists() and not overwrite:
        raise ValueError(
            f"{zoo} already has {name}: choose another tag, or overwrite it"
        )
    if getattr(model, "network", None) is None:
        raise ValueError(
            f"A zoo holds networks that build makes by name; {model.name} is "
            "not one. Save it as a preset folder: zoo.save_to_preset"
        )
    zoo.mkdir(parents=True, exist_ok=True)
    entry = store(model, zoo / f"{name}.weights.h5", name, dtype, **details)
    write_text(zoo / f"{name}.md", model_card(entry))
    write_json(zoo / f"{name}.json", entry.to_dict())
    write_json(zoo / INDEX, Zoo(zoo).names())
    return entry
