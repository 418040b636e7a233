"""A network's architecture as a few blocks: what a picture of it shows."""

import itertools
from dataclasses import dataclass, field

FUSED = "fused"
# Lane of what unites towers that also go on by themselves.
JOINT = 0.5
# Rank of layers with kernels, and of those where branches meet.
KERNELS, MERGES = 2, 3
# Characters of a block's name in the text, usually and at most.
NAME, LONGEST = 25, 28


@dataclass(eq=False, kw_only=True)
class Block:
    """A piece of a picture: some layers with maps of one size.

    Attributes:
        kind: "input", "map", "vector", "fusion", "time", "pool" or "scores".
        names: Names of its layers, or the word for a fusion, a pooling or
            for what happens to time.
        shape: Shape of the result, without batch and time.
        steps: Time steps of the result, or `None` without a time axis.
        stream: Stream that it belongs to; "fused" from the first fusion on.
        lane: Number of the tower, or `JOINT`.
        column: Number of blocks on the longest way from an input to it.
        place: Location of a fusion or the like, else empty.
        sources: Blocks whose results it takes.
        outputs: Names of the network's outputs that it makes.
        loss: Whether one of these has a loss.
        rank: How well its layers name it: where branches meet best, then
            kernels, pools worst.
    """

    kind: str
    names: list[str]
    shape: tuple[int, ...]
    steps: int | None
    stream: str
    lane: float
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
    def joint(self):
        """Whether it unites towers that also go on by themselves."""
        return self.lane == JOINT

    @property
    def fuses(self):
        """Whether it takes maps of several towers."""
        return len({source.lane for source in self.sources}) > 1

    def takes(self, other):
        """Takes in the layers of the next block, if they go together.

        They do if their maps have one size; and pooling between convolutions
        is part of what follows.

        Args:
            other: `Block` that follows this one.

        Returns:
            Whether they are one block now.
        """
        same = (self.shape[:-1], self.steps) == (other.shape[:-1], other.steps)
        are_maps = self.kind == other.kind == "map"
        if not are_maps or (not same and self.rank > 0):
            return False
        if same and self.rank == other.rank == KERNELS:
            self.names += other.names
        elif not same or other.rank >= self.rank:
            self.names = other.names
        self.shape, self.steps = other.shape, other.steps
        self.rank = max(self.rank, other.rank)
        return True


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
        def row(block):
            return block.joint, block.column

        rows = itertools.groupby(sorted(self.blocks, key=row), key=row)
        cells = [{int(b.lane): b for b in blocks} for _, blocks in rows]
        beside = [len(_cell(c[0])) for c in cells if {0, 1} <= {*c}]
        width = max(beside, default=0)
        return "\n".join(_line(c, width) for c in cells)


def _line(row, width):
    """Returns a line of text with the blocks of one column, by lane."""
    left, right = (_cell(row[n]) if n in row else "" for n in (0, 1))
    arrow = "<--" if 0 in row and row[0].fuses else "   "
    return f"{left:<{width}} {arrow} {right}".rstrip()


def _cell(block):
    """Returns a block as text."""
    words = {
        "fusion": f"[{block.label} at {block.place}]",
        "pool": f"({block.label} at {block.place})",
        "time": f"({block.label} over time, {block.place})",
    }
    name = words.get(block.kind, block.label)
    if len(name) > LONGEST:
        name = f"{name[:12]}...{name[-12:]}"
    text = f"{name:<{NAME}} {block.size}"
    return f"{text} = {block.output}" if block.outputs else text


def arrange(blocks):
    """Finds the places of blocks that the order of layers leaves open.

    What unites towers that also go on by themselves has a lane of its own.
    Blocks of other towers than the first move up to where they are fused.
    """
    readers: dict[int, list[Block]] = {}
    for block in blocks:
        for source in block.sources:
            readers.setdefault(id(source), []).append(block)
    for block in blocks:
        first = block.sources[0] if block.sources else block
        apart = block.fuses and len(readers.get(id(first), ())) > 1
        if apart and not first.lane or first.lane == JOINT:
            block.lane = JOINT
    for block in reversed(blocks):
        after = [
            reader.column
            for reader in readers.get(id(block), ())
            if id(reader) in readers or reader.fuses
        ]
        if block.lane == 1 and after:
            block.column = min(after) - 1
    for block in blocks:
        if block.sources and id(block) not in readers:
            block.column = 1 + max(b.column for b in block.sources)
