"""How samples are cut from frames, as data."""

import dataclasses
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True, kw_only=True)
class CropSpec:
    """How frames are brought to the size that the network takes.

    The *base* is the largest centred window of the network's aspect ratio
    or, with `keep_aspect=False`, the whole frame. Training takes crops of the
    base's size times `scales` at the four corners or the centre of the frame;
    elsewhere the centre of the base is taken.

    Attributes:
        scales: Heights and widths of training crops, as shares of the base.
        scale_steps: How far apart in `scales` a crop's height and width may
            be drawn: 0 keeps the base's aspect.
        flip: Whether half of the training samples are mirrored.
        center: Height and width of the crop outside of training, as a share
            of the base.
        keep_aspect: Whether the base has the network's aspect ratio; if not,
            frames are squashed.

    Raises:
        ValueError: If a share is not in (0, 1] or `scale_steps` is negative.
    """

    scales: Sequence[float] = (1.0, 0.875, 0.75, 0.66)
    scale_steps: int = 1
    flip: bool = True
    center: float = 0.875
    keep_aspect: bool = True

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
