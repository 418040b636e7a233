"""Where fine-tuning starts: trained weights, whatever a user calls them."""

import difflib
import logging
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from keras_twostream import backbones
from keras_twostream.data.crop import CropSpec
from keras_twostream.models.record import read_record
from keras_twostream.models.table import MODELS, get_spec
from keras_twostream.weights.index import get_weights
from keras_twostream.weights.load import IMAGENET
from keras_twostream.zoo.loading import load

logger = logging.getLogger(__name__)

MODEL = "conv_relu5"
# Image networks that are small enough for a processor, and that an
# accelerator takes.
SMALL, LARGE = "mobilenet:alpha=0.25", "mobilenet"
# Pretrained weights that come with the package, on towers of `SMALL` with
# Keras's ImageNet weights.
PACKED = ("conv_relu5.weizmann", "conv_relu5.ut_interaction")
# Seconds after which a server that does not answer is not there.
PATIENCE = 20.0
# Arguments of `build` that recipes have too.
_SHARED = ("backbone", "frames", "flow_frames", "time", "dropout")


def start_of(
    source: str | None,
    class_names: Sequence[str],
    accelerator: bool,
    told: Mapping[str, Any],
) -> dict[str, Any]:
    """Returns the settings of a recipe that say where to start.

    Args:
        source: Name of a network, which starts from ImageNet; or a trained
            network, as for `zoo.load`; `None` for `MODEL`.
        class_names: Names of the classes that are to be learnt.
        accelerator: Whether there is a GPU or the like.
        told: Settings that a user said; with "weights" or "backbone" among
            them nothing is to be found.

    Returns:
        Dict of settings of `Recipe`, and "why".

    Raises:
        ValueError: If there is no such network, or none to start from.
        FileNotFoundError: If there is no such file.
    """
    if {"weights", "backbone"} & {*told}:
        return {"model": source or MODEL, "backbone": None, "why": "as you say"}
    if source is None or source in MODELS:
        return _imagenet(source or MODEL, class_names, accelerator)
    return _trained(source)


def _imagenet(name, class_names, accelerator):
    """Returns the settings of a network on image networks with ImageNet's."""
    if get_spec(name).clips:
        raise ValueError(
            f"{name} needs weights that were trained on clips: name some of "
            "`keras-twostream list --pretrained`, a run or a file instead"
        )
    backbone = LARGE if accelerator else SMALL
    weights: str | dict[str, str] = IMAGENET
    why = "ImageNet's weights"
    if not _can_load(backbone):
        backbone = SMALL
        packed = _packed(class_names)
        weights = dict.fromkeys(get_spec(name).streams, packed)
        why = f"as in {packed}; ImageNet's cannot be loaded"
    return {
        "model": name,
        "backbone": backbone,
        "weights": weights,
        "inflation": "motion",
        "image_size": (224, 224),
        "why": why,
    }


def _can_load(backbone) -> bool:
    """Returns whether Keras's weights are here or can be downloaded."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        backbones.get(backbone, weights=IMAGENET)
    # Keras raises a plain one where a download fails.
    except Exception as error:
        logger.warning("ImageNet weights of %s: %s", backbone, error)
        return False
    finally:
        socket.setdefaulttimeout(before)
    return True


def _packed(class_names):
    """Returns packed weights that have seen few of these classes, or none.

    Else they might have learnt from the clips that they are judged by.
    """
    ours = {*class_names}

    def seen(name):
        return len(ours & {*(get_weights(name).class_names or ())})

    return min(PACKED, key=seen)


def _trained(source):
    """Returns the settings of a network that was trained before."""
    try:
        record = read_record(load(source, load_weights=False))
    except (FileNotFoundError, ValueError) as error:
        close = difflib.get_close_matches(str(source), MODELS, n=3)
        if not close:
            raise
        raise type(error)(
            f"{error}. Or did you mean the network {' or '.join(close)}?"
        ) from error
    network = record.network
    if network is None or network["name"] not in MODELS:
        raise ValueError(
            f"{source} was not made by build from a name of its own, so a "
            "recipe cannot say its network: build it, and train it by `fit`"
        )
    told = {x: network[x] for x in _SHARED if network.get(x) is not None}
    # Time ends as it did there.
    told.setdefault("time", None)
    crop = record.sampling.get("crop")
    return told | {
        "model": network["name"],
        "backbone": network.get("backbone"),
        "weights": str(source),
        "image_size": record.image_size,
        "flow": record.flow,
        **({"crop": CropSpec(**crop)} if crop else {}),
        "why": f"trained before: {source}",
    }
