"""How samples are cut from frames, as data."""

import dataclasses
from collections.abc import Sequence

REGIONS = ("frame", "motion")


@dataclasses.dataclass(frozen=True, kw_only=True)
class CropSpec:
    """How frames are brought to the size that the network takes.

    Crops are taken from a *region* of each frame: all of it, or what moves.
    The *base* is the largest centred window of the network's aspect ratio in
    the region or, with `keep_aspect=False`, the whole region. Training takes
    crops of the base's size times `scales` at the four corners or the centre
    of the region; elsewhere the centre of the base is taken.

    Attributes:
        scales: Heights and widths of training crops, as shares of the base.
        scale_steps: How far apart in `scales` a crop's height and width may
            be drawn: 0 keeps the base's aspect.
        flip: Whether half of the training samples are mirrored.
        center: Height and width of the crop outside of training, as a share
            of the base.
        keep_aspect: Whether the base has the network's aspect ratio; if not,
            frames are squashed.
        region: "frame", or "motion" for a window of constant size that
            follows what moves, the same for RGB and flow, see
            `data.regions`. Vectors stay those of the camera: who is
            followed still moves.
        spread: Height and width of that window in standard deviations of
            the motion within it.

    Raises:
        ValueError: If a share is not in (0, 1], `scale_steps` is negative,
            there is no such region or `spread` is not positive.
    """

    scales: Sequence[float] = (1.0, 0.875, 0.75, 0.66)
    scale_steps: int = 1
    flip: bool = True
    center: float = 0.875
    keep_aspect: bool = True
    region: str = "frame"
    spread: float = 5.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "scales", tuple(self.scales))
        if not self.scales:
            raise ValueError("CropSpec: `scales` is empty.")
        for share in (*self.scales, self.center):
            if not 0 < share <= 1:
                raise ValueError(
                    "CropSpec: `scales` and `center` must be greater than 0 "
                    f"and at most 1. Received: {share!r}."
                )
        if self.scale_steps < 0:
            raise ValueError(
                "CropSpec: `scale_steps` must not be negative. "
                f"Received: {self.scale_steps!r}."
            )
        if self.region not in REGIONS:
            raise ValueError(
                f"CropSpec: `region` must be one of {REGIONS}. "
                f"Received: {self.region!r}."
            )
        if not self.spread > 0:
            raise ValueError(
                "CropSpec: `spread` must be greater than 0. "
                f"Received: {self.spread!r}."
            )
