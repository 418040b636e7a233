"""What is known of one clip after it was looked at."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Self


@dataclasses.dataclass(kw_only=True)
class FlowFacts:
    """What is known of the flow that is stored with a clip.

    Attributes:
        fields: Number of fields.
        wanted: Numbers of fields that fit the number of frames.
        saturated: Share of the vectors that are at the bound.
        dead: Whether it says that nothing moves although the frames move.
        rest: Median level stored where nothing moves, or `None`.
        verdict: Key of `photometry.VARIANTS`: in which form flow carries one
            frame onto the other best.
    """

    fields: int
    wanted: tuple[int, ...]
    saturated: float = 0.0
    dead: bool = False
    rest: float | None = None
    verdict: str = "as stored"


@dataclasses.dataclass(kw_only=True)
class Facts:
    """What is known of one clip.

    Attributes:
        problem: Kind of finding that kept it from being examined, or "".
        reason: What is wrong with it.
        sha256: Of its file, if that was asked for.
        container: FFmpeg's names of the container, separated by commas.
        stated: Number of frames by the header; 0 if it has none.
        frames: Number of frames by decoding (of the header, if quick).
        fps: Frames per second as the file states them, or `None`.
        uneven: Share of the frames that are not evenly spaced in time.
        turned: Degrees by which a note in the file turns the frames,
            clockwise.
        height: In pixels, upright.
        width: In pixels, upright.
        missing: Numbers that are missing among the images.
        likeness: Of the clip, see `likeness.describe`; "" if unknown.
        flow: Of the stored flow, or `None`.
    """

    problem: str = ""
    reason: str = ""
    sha256: str = ""
    container: str = ""
    stated: int = 0
    frames: int = 0
    fps: float | None = None
    uneven: float = 0.0
    turned: int = 0
    height: int = 0
    width: int = 0
    missing: int = 0
    likeness: str = ""
    flow: FlowFacts | None = None

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as JSON can hold them."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """Returns the facts whose `to_dict()` gave `fields`."""
        flow = fields.get("flow")
        return cls(**{**fields, "flow": FlowFacts(**flow) if flow else None})
