"""Trained networks, and what they say of how they are to be asked."""

import contextlib
import warnings
from typing import Any

import keras

from keras_twostream import __version__
from keras_twostream.data import CropSpec
from keras_twostream.flow.contract import FlowMismatchWarning
from keras_twostream.models.record import read_record
from keras_twostream.weights.digest import weights_digest
from keras_twostream.zoo.loading import load


def load_run(run):
    """Loads a trained network and what it remembers of its use.

    Args:
        run: Run folder, `.keras` file, or whatever else `zoo.load` takes,
            such as the name of pretrained weights.

    Returns:
        The `keras.Model` and its `models.record.Record`.

    Raises:
        FileNotFoundError: If there is no such run.
        ValueError: If the file is not a network that `build` made.
    """
    model = load(run)
    return model, read_record(model)


def loaded(run):
    """Returns a network, loaded if need be, and its record."""
    if isinstance(run, keras.Model):
        return run, read_record(run)
    return load_run(run)


def sampling_of(record, flow) -> dict[str, Any]:
    """Returns the arguments with which a dataset feeds a network.

    Args:
        record: The network's `models.record.Record`.
        flow: `FlowSpec` of the clips.
    """
    sampling = {
        "flow": flow,
        "image_size": record.image_size,
        "frames": record.frames,
        "streams": record.streams,
    }
    told = record.sampling
    if crop := told.get("crop"):
        sampling["crop"] = CropSpec(**crop)
    sampling |= {x: told[x] for x in ("sampling", "tau", "short") if x in told}
    if record.flow_frames:
        sampling["flow_frames"] = record.flow_frames
    return sampling


def made_by(model) -> dict[str, Any]:
    """Returns what a result says of the network that made it."""
    return {
        "model": model.name,
        "network": getattr(model, "network", None),
        "weights": weights_digest(model),
        "software": f"keras_twostream {__version__}, Keras "
        f"{keras.__version__} on {keras.config.backend()}",
    }


@contextlib.contextmanager
def told_before():
    """Silences what has been said of the flow, once for all networks."""
    with warnings.catch_warnings(action="ignore", category=FlowMismatchWarning):
        yield
