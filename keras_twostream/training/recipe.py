"""A recipe: every setting of a training run, as data.

A recipe may have *stages*. A stage is a recipe too: what it does not say it
has from the whole, and it may start from the networks of earlier ones.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from keras_twostream.data.crop import CropSpec
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.training.recipe_checks import check_recipe

# Image network of recipes that name none: small, with published weights.
BACKBONE = "mobilenet"
# Stages to freeze: the last one at which streams are fused; the image
# networks, but not what fuses them.
FUSION, TOWERS = "fusion", "towers"
# What a stage cannot say: it is about the whole run.
_OF_RUN = ("stages", "flow", "seed", "validation_split", "protocol")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What to train, on what part of the data, and how.

    Attributes:
        model: Name of a network, see `list_models`.
        backbone: Name of its image network, or a dict of stream -> name;
            `None` for `BACKBONE`, or the network's own where that is one of
            clips.
        streams: Other streams than the network's own, "rgb", "flow" or both.
        fuse: Other fusions than the network's own, as for `build`.
        keep: Whether fused streams go on by themselves too, as for `build`.
        weights: What to start from, as for `build`; in a stage also the name
            of an earlier one, or a dict of stream -> such a name.
        inflation: How kernels for RGB are spread over flow, as for `build`.
        time: What happens to the time axis, as for `build`.
        epochs: Passes over the training clips.
        steps_per_epoch: Steps that count as an epoch; `None` for those of one
            pass.
        batch_size: Clips per step.
        optimizer: "adam", "adamw", "sgd", or "matconvnet_sgd", whose decay is
            part of the gradient and whose rate applies to the momentum, as in
            the paper's code.
        learning_rate: Of the optimizer, after the warm-up.
        momentum: Of the optimizers of gradient descent.
        weight_decay: Of kernels; biases and normalisations have none.
        rate_factors: Dict of a part of a variable's path -> factor of its
            learning rate, such as `{"bias": 2.0}`.
        schedule: How the learning rate falls: along a "cosine" to zero, not
            at all ("constant"), to a tenth at the epochs of `drops`, or
            whenever the validation loss does not fall ("plateau").
        drops: Epochs at which the rate falls to a tenth.
        warmup: Epochs in which the rate rises to its value.
        clip_norm: Norm of all gradients above which they are shortened.
        label_smoothing: Share of a label that goes to all classes alike.
        balance: "weights" makes all classes count the same in the loss.
        ema: Momentum of the mean of the weights over the steps, which is what
            is kept; `None` for the weights themselves.
        batch_norm: "partial" or "frozen" normalisation, as for `build`.
        accumulate: Batches whose gradients make one step.
        precision: "float32"; "mixed_bfloat16" or "mixed_float16" compute in
            fewer bits and keep weights and scores in 32.
        dropout: Rate of the dropout in front of the dense layers.
        stream_dropout: Rate at which one of two streams is missing from a
            training sample, for networks that must do with one alone.
        freeze: Stage up to which both streams keep their weights; "fusion"
            for the last one at which they are fused; "towers" for all of the
            image networks, whatever is fused where: fusions, what happens to
            time and the classifier learn.
        draws: Augmented versions of each clip, for which what is frozen is
            computed once; `None` trains from end to end.
        patience: Epochs after which training ends if the validation loss has
            not fallen; `None` for all epochs.
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
        protocol: Name of the protocol by which the network is evaluated.
        description: What the recipe is for, and its source.
        stages: Dicts of a stage's "name" and of what it says otherwise. The
            last one's network is that of the run.

    Raises:
        ValueError: If a setting is none of the words allowed, or a stage has
            no name of its own, or says what only the whole can.
        TypeError: If a stage has unknown settings.
    """

    model: str = "conv_relu5"
    backbone: str | Mapping[str, str] | None = None
    streams: Sequence[str] | None = None
    fuse: Mapping[str, Any] | None = None
    keep: bool | None = None
    weights: Any = None
    inflation: str = "mean"
    time: Mapping[str, Any] | None = None
    epochs: int = 20
    steps_per_epoch: int | None = None
    batch_size: int = 16
    optimizer: str = "adam"
    learning_rate: float = 3e-4
    momentum: float = 0.9
    weight_decay: float = 0.0
    rate_factors: Mapping[str, float] = field(default_factory=dict)
    schedule: str = "cosine"
    drops: Sequence[int] = ()
    warmup: int = 0
    clip_norm: float | None = None
    label_smoothing: float = 0.0
    balance: str | None = None
    ema: float | None = None
    batch_norm: str | None = None
    accumulate: int = 1
    precision: str = "float32"
    dropout: float = 0.5
    stream_dropout: float = 0.0
    freeze: str | None = None
    draws: int | None = None
    patience: int | None = None
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
    protocol: str = "default"
    description: str = ""
    stages: Sequence[Mapping[str, Any]] = ()

    def __post_init__(self) -> None:
        check_recipe(self)
        self.steps()  # raises what is wrong in a stage

    def steps(self) -> dict[str, "Recipe"]:
        """Returns the stages: name -> recipe without any. One is named ""."""
        if not self.stages:
            return {"": self}
        return {
            stage["name"]: self._of_stage(dict(stage)) for stage in self.stages
        }

    def _of_stage(self, settings: dict[str, Any]) -> "Recipe":
        name = settings.pop("name")
        if wrong := [key for key in settings if key in _OF_RUN]:
            raise ValueError(
                f"Recipe: stage {name!r} cannot say {', '.join(wrong)}, which "
                "is about the whole run"
            )
        whole = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
        }
        told = _parsed({"stages": (), **settings}, self.crop)
        if "schedule" in told:
            told.setdefault("drops", ())
        return Recipe(**(whole | told))

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings as a dict that JSON can hold."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Self:
        """Returns a recipe of plain settings, as of a file.

        Args:
            settings: Setting -> value; what is missing has its default.

        Raises:
            TypeError: If settings are unknown.
            ValueError: If a value is wrong.
        """
        return cls(**_parsed(dict(settings)))

    def sample(self) -> dict[str, Any]:
        """Returns what a network must remember of how its clips are sampled."""
        told: dict[str, Any] = {"crop": dataclasses.asdict(self.crop)}
        if self.sampling != "segments":
            told |= {"sampling": self.sampling, "tau": self.tau}
        # What is left out of training is to be answered for all the same.
        if self.short == "loop":
            told["short"] = self.short
        return told


def _parsed(
    settings: dict[str, Any], crop: CropSpec | None = None
) -> dict[str, Any]:
    """Returns settings with flow and crop as what they are."""
    if isinstance(settings.get("flow"), Mapping):
        settings["flow"] = FlowSpec.from_dict(settings["flow"])
    if isinstance(settings.get("crop"), Mapping):
        base = crop or CropSpec()
        settings["crop"] = dataclasses.replace(base, **settings["crop"])
    if isinstance(settings.get("image_size"), list):
        settings["image_size"] = tuple(settings["image_size"])
    return settings
