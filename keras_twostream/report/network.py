"""A picture of a network's towers, fusions and layers over time."""

import io
import math
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

DPI = 100
# In pixels: distances of columns, of towers, of the first from the edges;
# half the height of a tower; where arrows between towers run, below one.
PITCH, LANE, TOP, SIDE = 74, 166, 100, 50
REACH, CHANNEL, LINE = 44, 98, 12.5
PILL = (58, 26)
INK, QUIET, PAPER, LOSS = "#1f2933", "#52606d", "#ffffff", "#b3261e"
# What a block belongs to -> colours of its edge and of its inside.
COLOURS = {
    "rgb": ("#1f6fb5", "#d6e6f5"),
    "flow": ("#c8641b", "#fbe3d0"),
    "fused": ("#6b4aa5", "#e4dcf3"),
    "time": ("#1d7d5f", "#d3efe4"),
}
OTHER = ("#52606d", "#e5e9ee")
# A clip's block has this many copies behind it, each so far up and right.
COPIES, SHIFT = 2, 4
LONGEST = 13


def draw_network(diagram, path=None):
    """Draws a network: a row per tower, from the frames to the scores.

    A block is as high as its map is large and as wide as it has channels,
    both on logarithmic scales; blocks behind it are the other time steps. The
    picture brings its own background.

    Args:
        diagram: `models.Diagram` of the network, as
            `model_info(name).diagram` has it.
        path: File to write, `.svg` or `.png`; `None` for none.

    Returns:
        The picture as SVG text, or `None` if it was written to a file.

    Raises:
        ValueError: If the file is of another kind.
    """
    kind = "svg" if path is None else Path(path).suffix.lower().lstrip(".")
    if kind not in ("png", "svg"):
        raise ValueError(
            f"A picture is a .svg or .png file. Received: {str(path)!r}"
        )
    about = {"Title": diagram.name, "Description": str(diagram)}
    if kind == "svg":
        # The same picture is the same file, on every day.
        about |= {"Date": None}
    file = io.StringIO() if path is None else path
    with matplotlib.rc_context({"svg.hashsalt": diagram.name}):
        figure = _Picture(diagram).figure
        dpi = 2 * DPI if kind == "png" else DPI
        figure.savefig(file, format=kind, dpi=dpi, metadata=about)
    return file.getvalue() if path is None else None


class _Picture:
    """The drawing; places are in pixels from the upper left corner.

    Attributes:
        figure: Matplotlib's figure.
    """

    def __init__(self, diagram):
        columns = 1 + max(block.column for block in diagram.blocks)
        width = max(2 * SIDE + PITCH * (columns - 1), 420)
        lanes = 1 + max(block.lane for block in diagram.blocks)
        height = TOP + LANE * (lanes - 1) + REACH + 4 * LINE
        size = (width / DPI, height / DPI)
        self.figure = Figure(figsize=size, facecolor=PAPER)
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(height, 0))
        self.axes.set_axis_off()
        self._text(16, 22, diagram.name, 15, weight="bold", ha="left")
        self._legend(diagram.blocks, width - 16)
        for block in diagram.blocks:
            for source in block.sources:
                self._arrow(source, block)
            self._draw(block)

    def _text(self, x, y, text, size=10, color=INK, ha="center", **options):
        points = size * 72 / DPI
        options |= {"fontsize": points, "color": color, "ha": ha}
        self.axes.text(x, y, text, va="center", zorder=5, **options)

    def _legend(self, blocks, x):
        """Writes what the colours mean, to the left of `x`."""
        seen = {b.stream for b in blocks} | {b.kind for b in blocks}
        for word in reversed([word for word in COLOURS if word in seen]):
            self._text(x, 22, word, 10.5, QUIET, ha="right")
            x -= 6.5 * len(word) + 18
            edge, inside = COLOURS[word]
            mark = Rectangle((x, 16.5), 11, 11, ec=edge, fc=inside)
            self.axes.add_patch(mark)
            x -= 14

    def _arrow(self, source, block):
        """Draws the way from a block to the next, or to another tower."""
        (x, y), (end_x, end_y) = _place(source), _place(block)
        if source.lane == block.lane:
            points = [(x, y), (end_x - _size(block)[0] / 2, end_y)]
        else:
            bend, end = end_y + CHANNEL, end_y + _size(block)[1] / 2
            points = [(x, y), (x, bend), (end_x, bend), (end_x, end)]
        color = _colours(source)[0]
        xs, ys = zip(*points[:-1], strict=True)
        self.axes.plot(xs, ys, color=color, lw=1.2, zorder=1)
        arrow = FancyArrowPatch(
            *points[-2:],
            arrowstyle="-|>",
            mutation_scale=9,
            shrinkA=0,
            shrinkB=0,
            color=color,
            lw=1.2,
            zorder=2,
        )
        self.axes.add_patch(arrow)

    def _draw(self, block):
        """Draws a block and writes what it is."""
        (x, y), (width, height) = _place(block), _size(block)
        edge, inside = _colours(block)
        is_pill = block.kind in ("fusion", "time", "scores")
        copies = COPIES if block.steps and block.steps > 1 else 0
        for copy in range(copies, -1, -1):
            corner = x - width / 2 + SHIFT * copy, y - height / 2 - SHIFT * copy
            style = f"round,pad=0,rounding_size={9 if is_pill else 2}"
            patch = FancyBboxPatch(
                corner, width, height, style, ec=edge, fc=inside, zorder=3
            )
            self.axes.add_patch(patch)
        if is_pill:
            self._text(x, y, _short(block.label), weight="bold")
        self._labels(block, x, y)

    def _labels(self, block, x, y):
        """Writes a block's name and sizes: below it, of fusions above it."""
        is_scores = block.kind == "scores"
        name = block.place or ("" if is_scores else block.label)
        lines = [_short(name), "×".join(map(str, block.shape))]
        lines += [f"× {block.steps}"] if block.steps else []
        lines = [line for line in lines if line]
        start = y + REACH + LINE / 2
        if block.kind == "fusion":
            start = y - PILL[1] / 2 - 14 - LINE * (len(lines) - 1)
        for number, line in enumerate(lines):
            is_name = name and not number
            color = INK if is_name else QUIET
            self._text(x, start + LINE * number, line, color=color)
        words = [*block.outputs, "loss"] if block.loss else block.outputs
        for number, word in enumerate(reversed(words)):
            color = LOSS if word == "loss" else INK
            above = y - PILL[1] / 2 - 16 - LINE * number
            self._text(x, above, word, color=color, weight="bold")


def _place(block):
    """Returns the middle of a block."""
    return SIDE + PITCH * block.column, TOP + LANE * block.lane


def _colours(block):
    word = "time" if block.kind == "time" else block.stream
    return COLOURS.get(word, OTHER)


def _size(block):
    """Returns width and height of a block."""
    if block.kind in ("fusion", "time", "scores"):
        return PILL
    if len(block.shape) == 1:
        return 10, 44
    side, channels = max(block.shape[:-1]), block.shape[-1]
    height = 18 + 8.6 * math.log2(side)
    return 4 + 2.5 * math.log2(max(channels, 2)), min(height, 2 * REACH)


def _short(text):
    """Returns a text that fits into a column."""
    return text if len(text) <= LONGEST else f"{text[:7]}…{text[-5:]}"
