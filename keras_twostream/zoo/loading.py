"""`load`: a trained network from a name, a file, a folder or an address."""

import json
from zipfile import BadZipFile

import keras

from keras_twostream.converters import convert
from keras_twostream.models.build import build
from keras_twostream.models.network import TwoStreamModel
from keras_twostream.models.record import read_record
from keras_twostream.weights.entry import OWN_FORMATS
from keras_twostream.weights.source import find


def load(
    source, *, num_classes=None, class_names=None, load_weights=True, **changes
):
    """Returns a trained network, ready to predict or to be trained on.

    It carries its class names, its flow settings and how its clips were cut,
    see `read_record`. Code of the source is never run.

    Args:
        source: Name of `list_weights()`; a `.keras` file, a preset folder or
            a run folder; `https://` address of a `.keras` file, best with
            `#sha256=...` at its end; `hf://user/repository` or
            `kaggle://user/model/keras/variant` of a preset.
        num_classes: Integer, for another number of classes: the body is
            kept, the last layers are new; what became of every layer is
            logged and in the model's attribute `load_report`.
        class_names: Names of other classes, instead of their number.
        load_weights: Whether to fill the network; if not its layers are new.
        **changes: Other arguments of `build` to change, such as `dropout`,
            `input_shape`, `frames` or `flow`.

    Raises:
        ValueError: If there is no such source, it is damaged, or its
            network cannot be changed so.
        FileNotFoundError: If there is no such file or folder.
    """
    if num_classes is not None:
        changes["num_classes"] = num_classes
    if class_names is not None:
        changes |= {"class_names": class_names, "num_classes": len(class_names)}
    found = find(source)
    if found.entry is None:
        model = read_model(found.path)
        if not changes and load_weights:
            return model
        return _rebuilt(model, found.path, changes, load_weights)
    if found.entry.file.format not in OWN_FORMATS:
        return _converted(found, changes)
    weights = found.path if load_weights else None
    if found.architecture:
        return _as_saved(found, changes, weights)
    return _built(found.entry, changes, weights)


def read_model(path):
    """Returns the network in a `.keras` file, uncompiled.

    Raises:
        ValueError: If the file is damaged or of another kind.
    """
    try:
        return keras.saving.load_model(path, compile=False)
    except (TypeError, ValueError, OSError, KeyError, BadZipFile) as error:
        raise ValueError(
            f"{path} is not a whole Keras model: {error}"
        ) from error


def _built(entry, changes, weights):
    """Returns the network of an entry, built as it says."""
    told = {
        "class_names": entry.class_names,
        "flow": entry.flow,
        "sampling": dict(entry.sampling) or None,
    }
    return build(**_arguments(entry.network, told, changes), weights=weights)


def _rebuilt(model, path, changes, load_weights):
    """Returns the network of a `.keras` file with other arguments."""
    record = read_record(model)
    if record.network is None:
        raise ValueError(
            f"{path} was not made by build alone, so it opens only as it is; "
            f"build or fuse it anew to change {[*changes]}"
        )
    told = {
        "class_names": record.class_names,
        "flow": record.flow if record.flow_told else None,
        "sampling": record.sampling or None,
    }
    arguments = _arguments(record.network, told, changes)
    return build(**arguments, weights=path if load_weights else None)


def _as_saved(found, changes, weights):
    """Returns a network that `build` did not make, as its preset holds it."""
    if changes:
        raise ValueError(
            f"{found.path.parent} holds a network that build did not make, so "
            f"it opens only as it is. Received: {[*changes]}"
        )
    config = json.loads(found.architecture.read_text(encoding="utf-8"))
    model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    if not isinstance(model, TwoStreamModel):
        raise ValueError(
            f"{found.architecture} must hold a TwoStreamModel. "
            f"Received: {type(model).__name__}"
        )
    if weights:
        model.load_weights(weights)
    return model


def _converted(found, changes):
    """Returns a network that others published."""
    if changes:
        raise ValueError(
            f"{found.entry.name} is converted as it is; build a network with "
            f"these weights to change it. Received: {[*changes]}"
        )
    return convert(
        found.path, found.entry.file.format, class_names=found.entry.class_names
    )


def _arguments(network, told, changes):
    """Returns all arguments of `build`, what is changed last."""
    if "num_classes" in changes and "class_names" not in changes:
        told = told | {"class_names": None}
    return {**network, **told, **changes}
