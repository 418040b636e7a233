"""What clips are like -> a recipe for them, each setting with its reason."""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from rich.console import Console
from rich.table import Table

from keras_twostream.backbones.base import STRIDES
from keras_twostream.data.crop import CropSpec
from keras_twostream.models.table import get_spec
from keras_twostream.training.recipe import Recipe

# Frames of a sample and fields of a stack where clips are long enough.
FRAMES, FLOW_FRAMES = 12, 10
# Parts of a clip whose order a network is to see, and where.
PARTS, PLACE = 3, "relu7"
# Batches of an epoch times epochs, of a small set; epochs of any.
STEPS, EPOCHS = 225, (10, 60)
# Clips up to which every one is answered for by a network without its group,
# and up to which folds are many.
CROSSED, MANY_FOLDED = 1_000, 300
FOLDS, FEW_FOLDS = 10, 5
# How many times the clips of the smallest class the largest may have.
UNEVEN = 1.5
# Where single streams are frozen, and those that are fused later.
DEEPEST = "relu5"
_SIDES = {"left": "right", "right": "left"}


@dataclass(frozen=True, kw_only=True)
class ClipFacts:
    """What settings are chosen by.

    Attributes:
        counts: Dict of class -> number of clips.
        groups: Number of groups; 0 if clips have none.
        frames: Number of frames of each clip.
        mirrored: Two classes that are mirror images by name, or `None`.
        accelerator: Whether there is a GPU or the like.
    """

    counts: dict[str, int]
    groups: int
    frames: Sequence[int]
    mirrored: tuple[str, str] | None
    accelerator: bool

    @property
    def clips(self) -> int:
        """Number of clips."""
        return len(self.frames)

    @classmethod
    def of(cls, dataset) -> "ClipFacts":
        """Returns the facts of a dataset of `data.clips_dataset`."""
        names = list(dataset.class_names)
        counts = np.bincount(dataset.labels, minlength=len(names))
        return cls(
            counts=dict(zip(names, map(int, counts), strict=True)),
            groups=len({g for g in dataset.groups or () if g is not None}),
            frames=tuple(dataset.frame_counts),
            mirrored=mirrored_classes(names),
            accelerator=has_accelerator(),
        )


@dataclass(frozen=True)
class Choice:
    """A setting that was chosen.

    Attributes:
        setting: Its name.
        value: What was chosen, as text.
        why: The reason, in a few words.
    """

    setting: str
    value: str
    why: str


def choose(
    facts: ClipFacts, start: dict[str, Any], **told: Any
) -> tuple[Recipe, list[Choice]]:
    """Chooses a recipe for clips.

    Args:
        facts: What the clips are like.
        start: Settings of the network to start from and the reason, as of
            `starts.start_of`: "why" beside fields of `Recipe`.
        **told: Settings of `Recipe` that are not to be chosen.

    Returns:
        The `Recipe`, and what was chosen with the reasons.
    """
    start = dict(start)
    spec = get_spec(start["model"])
    towers = told.get("backbone") or start["backbone"] or spec.backbone
    chosen = [
        Choice("model", start["model"], _what(spec)),
        Choice("backbone", towers, start.pop("why")),
    ]
    settings = start | {
        "freeze": frozen_below(spec),
        "draws": 2,
        "batch_size": 8,
        "optimizer": "adamw",
        "learning_rate": 2e-3,
        "weight_decay": 0.05,
        "label_smoothing": 0.1,
        "validation_split": 0.0,
    }
    for setting, value, why in _by_length(facts, start | told, spec):
        settings[setting] = value
        text = f"{PARTS} parts" if setting == "time" else str(value)
        chosen.append(Choice(setting, text, why))
    for setting, value, why in _by_number(facts):
        settings[setting] = value
        chosen.append(Choice(setting, str(value), why))
    crop = settings.get("crop") or CropSpec(keep_aspect=False, center=1.0)
    if facts.mirrored:
        crop = dataclasses.replace(crop, flip=False)
        pair = " and ".join(facts.mirrored)
        chosen.append(Choice("flip", "no", f"{pair} are mirror images"))
    settings["crop"] = crop
    return Recipe(**(settings | told)), [
        x for x in chosen if x.setting not in told
    ]


def show(choices: Sequence[Choice]) -> None:
    """Prints what was chosen, and why."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for choice in choices:
        table.add_row(choice.setting, choice.value, choice.why)
    Console(highlight=False, markup=False, soft_wrap=True).print(table)


def _what(spec) -> str:
    """Says in a few words what a network is."""
    if len(spec.streams) < 2:
        return f"{spec.streams[0]} alone"
    places = " and ".join(spec.fuse)
    return f"RGB and flow, fused after {places}"


def frozen_below(spec) -> str:
    """Returns up to where what was learnt before is kept as it is.

    Args:
        spec: `models.spec.Spec` of the network.
    """
    first = next(iter(spec.fuse), None)
    return first if first in STRIDES else DEEPEST


def _by_length(facts, known, spec):
    """Yields the settings that follow from how long clips are."""
    typical, short = (int(np.quantile(facts.frames, q)) for q in (0.5, 0.1))
    frames = known.get("frames") or spec.frames
    if not frames and not spec.clips:
        frames = max(min(FRAMES, typical), 1)
        yield "frames", frames, f"the median clip has {typical} frames"
    if "time" not in known and not spec.time and (frames or 1) >= PARTS:
        time = {PLACE: {"segments": PARTS}}
        yield "time", time, f"the order of {PARTS} parts may matter"
    if "flow_frames" not in known and "flow" in spec.streams:
        value = max(min(FLOW_FRAMES, short - 1), 1)
        why = f"nine of ten clips have {short} frames or more"
        yield "flow_frames", value, why


def _by_number(facts):
    """Yields the settings that follow from how many clips there are."""
    epochs = int(np.clip(-(-STEPS * 8 // facts.clips), *EPOCHS))
    yield "epochs", epochs, f"{facts.clips} clips"
    counts = [n for n in facts.counts.values() if n]
    if max(counts) > UNEVEN * min(counts):
        why = f"classes have {min(counts)} to {max(counts)} clips"
        yield "balance", "weights", why


def mirrored_classes(names: Sequence[str]) -> tuple[str, str] | None:
    """Returns two classes that mirror images of clips would confuse.

    Args:
        names: Names of the classes, such as "turn left" and "turn right".
    """
    known = {name.lower(): name for name in names}
    for lower, name in known.items():
        swapped = re.sub("left|right", lambda x: _SIDES[x[0]], lower)
        if swapped != lower and swapped in known:
            return name, known[swapped]
    return None


def has_accelerator() -> bool:
    """Returns whether the backend of Keras has more than processors."""
    return any(
        "cpu" not in x.lower() for x in keras.distribution.list_devices()
    )
