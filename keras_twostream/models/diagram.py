"""A network's architecture as a few blocks: what a picture of it shows."""

import itertools
from dataclasses import dataclass, field

FUSED = "fused"
WIDTH = 46


@dataclass(eq=False, kw_only=True)
class Block:
    """A piece of a picture: some layers with maps of one size.

    Attributes:
        kind: "input", "map", "vector", "fusion", "time" or "scores".
        names: Names of its layers, or the word for a fusion or for what
            happens to time.
        shape: Shape of the result, without batch and time.
        steps: Time steps of the result, or `None` without a time axis.
        stream: Stream that it belongs to; "fused" from the first fusion on.
        lane: Number of the tower.
        column: Number of blocks on the longest way from an input to it.
        place: Location of a fusion or of what happens to time, else empty.
        sources: Blocks whose results it takes.
        outputs: Names of the network's outputs that it makes.
        loss: Whether one of these has a loss.
        rank: How well its layers name it: kernels best, pools worst.
    """

    kind: str
    names: list[str]
    shape: tuple[int, ...]
    steps: int | None
    stream: str
    lane: int
    column: int = 0
    place: str = ""
    sources: tuple["Block", ...] = ()
    outputs: list[str] = field(default_factory=list)
    loss: bool = False
    rank: int = 0

    @property
    def label(self):
        """Its layers in a word, such as `conv3-5`."""
        first, last = self.names[0], self.names[-1]
        stem = first.rstrip("0123456789")
        number = last.removeprefix(stem)
        if first == last or not stem or not number.isdigit():
            return last
        return f"{first}-{number}"

    @property
    def size(self):
        """Size of the result as text, such as `5 x 14x14x512`."""
        size = "x".join(map(str, self.shape))
        return f"{self.steps} x {size}" if self.steps else size

    @property
    def output(self):
        """Outputs of the network that it makes, as text."""
        names = ", ".join(self.outputs)
        return f"{names} (loss)" if self.loss else names

    @property
    def fuses(self):
        """Whether it takes maps of several towers."""
        return len({source.lane for source in self.sources}) > 1


@dataclass(frozen=True)
class Diagram:
    """Blocks of a network, in the order of the computation.

    As text it has one column per tower and one line per step.

    Attributes:
        name: Name of the network.
        streams: Name of each tower's input.
        blocks: The blocks.
    """

    name: str
    streams: tuple[str, ...]
    blocks: tuple[Block, ...]

    def __str__(self):
        def column(block):
            return block.column

        rows = itertools.groupby(sorted(self.blocks, key=column), key=column)
        return "\n".join(_line({b.lane: b for b in row}) for _, row in rows)


def _line(row):
    """Returns a line of text with the blocks of one column, by lane."""
    left, right = (_cell(row[n]) if n in row else "" for n in (0, 1))
    arrow = "<--" if 0 in row and row[0].fuses else "   "
    return f"{left:<{WIDTH}} {arrow} {right}".rstrip()


def _cell(block):
    """Returns a block as text."""
    words = {
        "fusion": f"[{block.label} at {block.place}]",
        "time": f"({block.label} over time, {block.place})",
    }
    text = f"{words.get(block.kind, block.label):<23} {block.size}"
    return f"{text} = {block.output}" if block.outputs else text
