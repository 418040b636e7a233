"""Settings that are dataclasses -> flags of the command line."""

import argparse
import dataclasses
import inspect
import re

from keras_twostream.data.crop import REGIONS
from keras_twostream.data.options import PLACES, SAMPLINGS, SHORT
from keras_twostream.evaluation.protocols import AVERAGES, PROTOCOLS
from keras_twostream.flow.spec import (
    CAMERAS,
    CODEC_RANGES,
    QUANTIZATIONS,
    RESIZES,
)
from keras_twostream.training.options import (
    BALANCES,
    OPTIMIZERS,
    PRECISIONS,
    SCHEDULES,
)


def field_arguments(verb, cls, leave=(), **options):
    """Adds a flag for each field of a dataclass that has a row in `FLAGS`.

    Args:
        verb: Parser, or a group of arguments.
        cls: The dataclass, whose docstring explains its attributes.
        leave: Fields that get none.
        **options: What `add_argument` gets instead of what the field says.
    """
    helps = attribute_docs(cls)
    for field in dataclasses.fields(cls):
        if field.name in FLAGS and field.name not in leave:
            given: dict = {"help": helps[field.name]} | FLAGS[field.name]
            known = field.default not in (dataclasses.MISSING, None)
            if known and "default" in options:
                given["help"] += f" (default: {field.default})"
            elif field.default is not dataclasses.MISSING:
                given["default"] = field.default
            name = field.name.replace("_", "-")
            verb.add_argument(f"--{name}", **(given | options))


def given_of(cls, settings):
    """Returns those settings that are fields of a dataclass and were given.

    Args:
        cls: The dataclass.
        settings: Dict of setting -> value, of flags without a default.
    """
    names = {field.name for field in dataclasses.fields(cls)} & FLAGS.keys()
    return {name: settings[name] for name in names if name in settings}


def filled(cls, settings, **parts):
    """Returns a dataclass filled with those settings that are its fields.

    Args:
        cls: The dataclass.
        settings: Dict of setting -> value, as parsed.
        **parts: Fields that have no flag.
    """
    names = {field.name for field in dataclasses.fields(cls)} & FLAGS.keys()
    return cls(**{name: settings[name] for name in names}, **parts)


def attribute_docs(cls):
    """Returns name -> description of the attributes a docstring lists."""
    listed = (inspect.getdoc(cls) or "").partition("Attributes:\n")[2]
    text = listed.partition("\n\n")[0]
    entries = re.split(r"\n(?=    \w)", text)
    pairs = (entry.strip().partition(":") for entry in entries)
    return {name: " ".join(what.split()) for name, _, what in pairs}


def _or_none(kind):
    """Returns a parser of numbers that takes "none" for `None`."""

    def parse(text):
        return None if text.lower() == "none" else kind(text)

    # What argparse calls it in errors.
    parse.__name__ = f"{kind.__name__} or none"
    return parse


# Setting -> how its flag is parsed, if that is not as text.
FLAGS: dict[str, dict] = {
    "accumulate": {"type": int},
    "algorithm": {},
    "average": {"choices": AVERAGES},
    "backbone": {},
    "balance": {"choices": BALANCES},
    "batch_size": {"type": int},
    "bound": {"type": float},
    "camera": {"choices": CAMERAS},
    "clip_norm": {"type": _or_none(float)},
    "codec_range": {"choices": CODEC_RANGES},
    "draws": {"type": _or_none(int)},
    "drops": {"type": int, "nargs": "*"},
    "dropout": {"type": float},
    "ema": {"type": _or_none(float)},
    "encoding": {},
    "epochs": {"type": int},
    "flips": {"action": argparse.BooleanOptionalAction},
    "flip": {"action": argparse.BooleanOptionalAction},
    "flow_frames": {"type": int},
    "fps": {"type": _or_none(float)},
    "frames": {"type": int},
    "freeze": {},
    "keep_aspect": {"action": argparse.BooleanOptionalAction},
    "image_size": {"type": int, "nargs": 2, "metavar": ("HEIGHT", "WIDTH")},
    "label_smoothing": {"type": float},
    "learning_rate": {"type": float},
    "model": {},
    "momentum": {"type": float},
    "optimizer": {"choices": OPTIMIZERS},
    "patience": {"type": _or_none(int)},
    "places": {"choices": PLACES},
    "precision": {"choices": PRECISIONS},
    "protocol": {"choices": PROTOCOLS},
    "quantization": {"choices": QUANTIZATIONS},
    "region": {"choices": REGIONS},
    "resize": {"choices": RESIZES},
    "sampling": {"choices": SAMPLINGS},
    "schedule": {"choices": SCHEDULES},
    "seed": {"type": int},
    "short": {"choices": SHORT},
    "short_side": {"type": _or_none(int)},
    "shrink": {"type": int},
    "spread": {"type": float},
    "step": {"type": int},
    "stream_dropout": {"type": float},
    "streams": {"nargs": "+", "choices": ("rgb", "flow")},
    "tau": {"type": int, "nargs": "+"},
    "validation_split": {"type": float},
    "views": {"type": int},
    "warmup": {"type": int},
    "weight_decay": {"type": float},
    "weights": {},
    "whole_frame": {"action": argparse.BooleanOptionalAction},
}
