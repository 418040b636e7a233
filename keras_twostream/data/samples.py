"""What a sample for a two-stream network is, as data."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Self

from keras_twostream.data import options, sampling
from keras_twostream.data.composing import make_sample
from keras_twostream.data.crop import CropSpec
from keras_twostream.data.views import PLACES
from keras_twostream.flow.spec import FlowSpec

STREAMS = ("rgb", "flow")

# Attribute -> what it can be.
_WORDS = {
    "sampling": options.SAMPLINGS,
    "short": options.SHORT,
    "view_places": options.PLACES,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class SampleSpec:
    """What one sample of a clip is; a function of a record, view and chance.

    Attributes:
        image_size: Height and width in pixels, or one number for both.
        flow: Which flow the records hold.
        flow_frames: Number of flow fields around each frame, L.
        frames: Number of frames, T; `None` for one, without a time axis.
        augment: Whether chance decides what is sampled.
        views: Number of moments, evenly spaced, at which a clip is sampled.
        crop: How frames are cut and resized.
        streams: Which of "rgb" and "flow" are wanted.
        sampling: "segments" takes one frame from each of T equal parts of
            the clip; "dense" takes T frames that are `tau` apart.
        tau: Frames from one frame of a dense sample to the next, or a pair
            of the least and the largest distance, between which chance
            decides; without chance it is the middle.
        short: What is done about clips with fewer frames than a sample needs
            (`frames_needed`, with its flow): "repeat" repeats their ends,
            "loop" plays them again from their start, "drop" leaves them out
            and reports them, "raise" is an error.
        view_places: Which crops of every moment are views of their own:
            "center", "three" along the longer side, or the "corners" and the
            centre. Not where chance decides.
        view_flips: Whether every crop comes mirrored as well.

    Raises:
        ValueError: If an attribute holds what it cannot hold.
    """

    image_size: Any = (224, 224)
    flow: FlowSpec = FlowSpec()
    flow_frames: int = 10
    frames: int | None = None
    augment: bool = False
    views: int = 1
    crop: CropSpec = CropSpec()
    streams: Sequence[str] = STREAMS
    sampling: str = "segments"
    tau: Any = 1
    short: str = "repeat"
    view_places: str = "center"
    view_flips: bool = False

    def __post_init__(self) -> None:
        for name in ("image_size", "tau"):
            value = getattr(self, name)
            pair = (value, value) if isinstance(value, int) else tuple(value)
            object.__setattr__(self, name, pair)
        object.__setattr__(self, "streams", tuple(self.streams))
        if len(self.image_size) != 2 or min(self.image_size) < 1:
            raise ValueError(
                "Invalid `image_size` value. Expected a tuple of 2 positive "
                f"integers. Received: image_size={self.image_size}"
            )
        if len(self.tau) != 2 or not 1 <= self.tau[0] <= self.tau[1]:
            raise ValueError(
                "`tau` must be an integer of at least 1, or a pair of the "
                f"least and the largest. Received: tau={self.tau}"
            )
        for name in ("flow_frames", "frames", "views"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(
                    f"`{name}` must be at least 1. Received: {name}={value}"
                )
        self._check_words()

    def _check_words(self) -> None:
        if not self.streams or not {*self.streams} <= {*STREAMS}:
            raise ValueError(
                f"`streams` must be one or both of {STREAMS}. "
                f"Received: streams={self.streams}"
            )
        for name, allowed in _WORDS.items():
            if (value := getattr(self, name)) not in allowed:
                raise ValueError(
                    f"`{name}` must be one of {allowed}. "
                    f"Received: {name}={value!r}"
                )
        if self.augment and (self.view_places != "center" or self.view_flips):
            raise ValueError(
                "`view_places` and `view_flips` are for samples without "
                "chance. Received: augment=True"
            )

    @property
    def samples(self) -> int:
        """Number of samples of a clip: moments, crops and mirror images."""
        flips = 2 if self.view_flips else 1
        return self.views * len(PLACES[self.view_places]) * flips

    @property
    def counts(self) -> tuple[int, int, int]:
        """Number of frames T, of fields L, and the step of a field."""
        return self.frames or 1, self.flow_frames, self.flow.step

    @property
    def frames_needed(self) -> int:
        """Number of frames that a clip must have so that none is repeated."""
        spacing = self.tau[0] if self.sampling == "dense" else 1
        return sampling.frames_needed(*self.counts, spacing)

    def to_dict(self) -> dict[str, Any]:
        """Returns the attributes as a dict that JSON can hold."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """Returns the spec whose `to_dict()` gave `fields`.

        Args:
            fields: Mapping of attributes; what is missing has its default.

        Raises:
            TypeError: If names are unknown.
            ValueError: If a value is wrong.
        """
        known = dict(fields)
        if "flow" in known:
            known["flow"] = FlowSpec.from_dict(known["flow"])
        if "crop" in known:
            known["crop"] = CropSpec(**known["crop"])
        return cls(**known)

    def __call__(self, clip: dict, view, seed) -> dict:
        """Makes a sample.

        Args:
            clip: A parsed record.
            view: Integer tensor, which of the `samples`.
            seed: Integer tensor `(2,)`; used only to augment.

        Returns:
            Dict of `float32` tensors: `rgb` `([T,] H, W, 3)`, 0 to 255, and
            `flow` `([T,] H, W, 2L)`, pixels at this size.
        """
        return make_sample(self, clip, view, seed)
