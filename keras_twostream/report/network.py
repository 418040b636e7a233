"""A picture of a network's towers, fusions and layers over time."""

import io
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from keras_twostream.report import _blocks
from keras_twostream.report._blocks import COLOURS, INK, PAPER, PILLS, QUIET

DPI = 100
# In pixels: distances of columns, of towers, of the first from the edges;
# where arrows between towers run, below one; of lines of text; of the blocks
# that lie behind one another.
PITCH, LANE, TOP, SIDE = 74, 166, 120, 54
CHANNEL, LINE, SHIFT = 98, 12.5, 4
ROUND = "round,pad=0,rounding_size=9"
# Text stays text, in letters that any viewer has.
STYLE = {
    "svg.fonttype": "none",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"],
}


def draw_network(diagram, path=None):
    """Draws a network: a row per tower, from the frames to the scores.

    A block is as high as its map is large and as wide as it has channels,
    both on logarithmic scales; blocks behind it are the other time steps. The
    picture brings its own background.

    Args:
        diagram: `models.diagram.Diagram` of the network, as
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
    with matplotlib.rc_context(STYLE | {"svg.hashsalt": diagram.name}):
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
        lanes = sorted({block.lane for block in diagram.blocks})
        self.rows = {lane: TOP + _offset(lanes, lane) for lane in lanes}
        height = max(self.rows.values()) + _blocks.REACH + 4 * LINE
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

    def _place(self, block):
        """Returns the middle of a block."""
        return SIDE + PITCH * block.column, self.rows[block.lane]

    def _way(self, source, block):
        """Returns the corners of the way from a block to the next."""
        (x, y), (end_x, end_y) = self._place(source), self._place(block)
        width, height = _blocks.size_of(block)
        end = (end_x - width / 2, end_y)
        if source.lane == block.lane:
            return [(x, y), end]
        if block.joint:
            bend = end_x - PITCH * 0.6
            return [(x, y), (bend, y), (bend, end_y), end]
        bend = end_y + CHANNEL
        end = (end_x, end_y + height / 2)
        return [(x, y), (x, bend), (end_x, bend), end]

    def _arrow(self, source, block):
        """Draws the way from a block to the next, or to another tower."""
        points = self._way(source, block)
        color = _blocks.colours_of(source)[0]
        xs, ys = zip(*points[:-1], strict=True)
        self.axes.plot(xs, ys, color=color, lw=1.2, zorder=1, clip_on=False)
        arrow = FancyArrowPatch(
            *points[-2:],
            arrowstyle="-|>",
            mutation_scale=9,
            shrinkA=0,
            shrinkB=0,
            color=color,
            lw=1.2,
            zorder=2,
            clip_on=False,
        )
        self.axes.add_patch(arrow)

    def _draw(self, block):
        """Draws a block and writes what it is."""
        (x, y), (width, height) = self._place(block), _blocks.size_of(block)
        edge, inside = _blocks.colours_of(block)
        is_pill = block.kind in PILLS
        style = {"ec": edge, "fc": inside, "zorder": 3, "clip_on": False}
        for copy in range(_blocks.copies_of(block), -1, -1):
            corner = x - width / 2 + SHIFT * copy, y - height / 2 - SHIFT * copy
            patch = (
                FancyBboxPatch(corner, width, height, ROUND, **style)
                if is_pill
                else Rectangle(corner, width, height, **style)
            )
            self.axes.add_patch(patch)
        if is_pill:
            self._text(x, y, _blocks.short(block.label), weight="bold")
        top = y - height / 2 - SHIFT * _blocks.copies_of(block) - 3
        bottom = y + (height / 2 + 3 if is_pill else _blocks.REACH)
        sizes = _blocks.lines_of(block)
        if block.kind == "fusion":
            # Its own arrow comes from below.
            top = self._lines(x, top - LINE * len(sizes), sizes)
        else:
            self._lines(x, bottom, sizes)
        outputs = _blocks.outputs_of(block)
        self._lines(x, top - LINE * len(outputs), outputs, weight="bold")

    def _lines(self, x, y, lines, **options):
        """Writes lines of text from `y` on down and returns `y`."""
        for number, (text, color, size) in enumerate(lines):
            place = y + LINE * (number + 0.5)
            self._text(x, place, text, size, color, **options)
        return y


def _offset(lanes, lane):
    """Returns how far below the first tower a lane is drawn."""
    step = LANE if len(lanes) < 3 else LANE * 0.75
    return step * lanes.index(lane)
