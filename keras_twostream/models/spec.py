"""What a two-stream network is, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A row of the paper's tables, with the accuracy published there.

    Attributes:
        table: Number of the table.
        row: What the row is called.
        accuracy: Top-1 accuracy in percent on UCF101, split 1.
    """

    table: int
    row: str
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class Spec:
    """Which streams there are, and what happens after which stage.

    A stream lives until the last location at which it is fused: fused at
    `relu5` alone, the flow tower ends there; fused at `relu5` and `fc8`, both
    towers are whole. Fused maps go on in the first stream.

    Attributes:
        streams: Names of the inputs, the one that receives the others first.
        fuse: Location -> fusion, in the order of the network; a fusion is
            anything that `layers.get` understands.
        time: Location -> arguments of the `TemporalPool` that ends the time
            axis there; for networks that take several frames of a clip.
        paper: The row of the paper's tables that this is, if any.
    """

    streams: tuple[str, ...] = ("rgb", "flow")
    fuse: Mapping[str, Any] = field(default_factory=dict)
    time: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    paper: Paper | None = None
