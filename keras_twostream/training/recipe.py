"""A recipe: every setting of a training run, as data."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from keras_twostream.data.crop import CropSpec
from keras_twostream.flow.spec import FlowSpec

# Samples of a clip, evenly spaced in time, whose scores are averaged when a
# network is used.
VIEWS = 5
# Image network of recipes that name none: small, with published weights.
BACKBONE = "mobilenet"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What to train, on what part of the data, and how.

    Attributes:
        model: Name of a network, see `list_models`.
        backbone: Name of its image network; `None` for `BACKBONE`, or the
            network's own where that is one of clips.
        streams: Other streams than the network's own, "rgb", "flow" or both.
        weights: What to start from, as for `build`.
        epochs: Passes over the training clips.
        batch_size: Clips per step.
        learning_rate: Of the Adam optimizer, at its start; it falls to zero
            along a cosine.
        dropout: Rate of the dropout in front of the dense layers.
        stream_dropout: Rate at which one of two streams is missing from a
            training sample, for networks that must do with one alone.
        freeze: Stage up to which both streams keep their weights, or `None`.
        validation_split: Share of the clips held back; groups stay whole.
        seed: Seed of the split, the initial weights and the augmentation.
        image_size: Height and width of the network's input in pixels; `None`
            for those of its source.
        flow_frames: Flow fields per stack (the paper's L); `None` for those
            of its source, which are 10 for most.
        frames: Frames per clip (the paper's T); `None` for those of its
            source, which is one for most.
        sampling: How the frames of a clip are chosen, see `SampleSpec`.
        tau: Frames from one frame of a dense sample to the next, or the least
            and the largest distance.
        short: What is done about clips too short for a sample.
        flow: How flow is computed; the default is that of a prepared set.
        crop: How samples are cut from the frames; without flips where left
            and right are different classes.
    """

    model: str = "conv_relu5"
    backbone: str | None = None
    streams: Sequence[str] | None = None
    weights: Any = None
    epochs: int = 20
    batch_size: int = 16
    learning_rate: float = 3e-4
    dropout: float = 0.5
    stream_dropout: float = 0.0
    freeze: str | None = None
    validation_split: float = 0.2
    seed: int = 0
    image_size: tuple[int, int] | None = None
    flow_frames: int | None = None
    frames: int | None = None
    sampling: str = "segments"
    tau: int | Sequence[int] = 1
    short: str = "repeat"
    flow: FlowSpec = field(default_factory=FlowSpec)
    crop: CropSpec = field(default_factory=CropSpec)

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings as a dict that JSON can hold."""
        return dataclasses.asdict(self)

    def sample(self) -> dict[str, Any]:
        """Returns what a network must remember of how its clips are sampled."""
        told: dict[str, Any] = {"crop": dataclasses.asdict(self.crop)}
        if self.sampling != "segments":
            told |= {"sampling": self.sampling, "tau": self.tau}
        # What is left out of training is to be answered for all the same.
        if self.short == "loop":
            told["short"] = self.short
        return told
