"""What a two-stream network is, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Published:
    """An accuracy that was published for a network.

    Attributes:
        table: Number of the table of Feichtenhofer, Pinz, Zisserman, CVPR
            2016.
        row: What the row is called there.
        ucf101: Top-1 accuracy on UCF101 in percent, if given.
        hmdb51: Top-1 accuracy on HMDB51 in percent, if given.
        towers: What image networks it was measured with.
        splits: What it was measured on, "split 1" or "mean of 3 splits".
    """

    table: int
    row: str
    ucf101: float | None = None
    hmdb51: float | None = None
    towers: str = "VGG-M-2048"
    splits: str = "split 1"


@dataclass(frozen=True, kw_only=True)
class Spec:
    """Which streams there are, and what happens after which stage.

    A stream lives until the last location at which it is fused: fused at
    `relu5` alone, the flow tower ends there; fused at `relu5` and `fc8`, both
    towers are whole. Fused maps go on in the first stream. With `keep` every
    stream lives to its end, with class scores and a loss of its own.

    Attributes:
        streams: Names of the inputs, the one that receives the others first.
        fuse: Location -> fusion, in the order of the network; a fusion is
            anything that `layers.get` understands.
        time: Location -> what every tower does with the time axis there, or a
            list of that; anything that `layers.get_time` understands. For
            networks that take several frames of a clip.
        keep: Whether streams that were fused into the first one also go on
            by themselves (the paper's "+").
        per_step: Whether every time step has a loss, where time goes on up to
            the scores.
        frames: Frames per clip (the paper's T) if not told; `None` for one.
        flow_frames: Flow fields per stack (the paper's L) if not told.
        backbone: Image network of the source, the default.
        clips: Whether it has to be a network of clips (3D convolutions).
        image_size: Height and width of the source's input, the default.
        align: How maps of unequal resolution are fused, see
            `layers.AlignResolution`; `None` to refuse them.
        source: Where the network comes from, if not from the paper.
        published: Accuracies that were published for it.
    """

    streams: tuple[str, ...] = ("rgb", "flow")
    fuse: Mapping[str, Any] = field(default_factory=dict)
    time: Mapping[str, Any] = field(default_factory=dict)
    keep: bool = False
    per_step: bool = False
    frames: int | None = None
    flow_frames: int = 10
    backbone: Any = "vgg_m_2048"
    clips: bool = False
    image_size: tuple[int, int] = (224, 224)
    align: str | None = None
    source: str = ""
    published: tuple[Published, ...] = ()


def in_table(table, row, ucf101, hmdb51=None, towers="VGG-M-2048"):
    """Returns what a table of the paper says, see `Published`."""
    splits = "mean of 3 splits" if table == 5 else "split 1"
    return Published(
        table=table,
        row=row,
        ucf101=ucf101,
        hmdb51=hmdb51,
        towers=towers,
        splits=splits,
    )
