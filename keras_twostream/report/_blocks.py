"""What the blocks of a network's picture look like; sizes are in pixels."""

import math

# Half the height of a tower; the blocks that hold a word.
REACH = 44
PILL = (58, 26)
PILLS = ("fusion", "pool", "scores", "time")
INK, QUIET, PAPER, LOSS = "#1f2933", "#52606d", "#ffffff", "#b3261e"
# What a block belongs to -> colours of its edge and of its inside.
COLOURS = {
    "rgb": ("#1f6fb5", "#d6e6f5"),
    "flow": ("#c8641b", "#fbe3d0"),
    "fused": ("#6b4aa5", "#e4dcf3"),
    "time": ("#1d7d5f", "#d3efe4"),
}
OTHER = ("#52606d", "#e5e9ee")
# How many more blocks lie behind that of a clip.
COPIES = 2
# Most letters that fit into a column.
LONGEST = 11


def lines_of(block):
    """Returns what is written at a block: text, colour and size of letters."""
    name = block.place or ("" if block.kind == "scores" else block.label)
    size = "×".join(map(str, block.shape))
    steps = f"× {block.steps}" if block.steps else ""
    lines = [(short(name), INK, 10), (size, QUIET, 9), (steps, QUIET, 9)]
    return [line for line in lines if line[0]]


def outputs_of(block):
    """Returns what is written at a block that makes an output."""
    outputs = [(word, INK, 10) for word in block.outputs]
    return outputs + [("loss", LOSS, 10)] * block.loss


def copies_of(block):
    """Returns how many more blocks lie behind one."""
    return COPIES if block.steps and block.steps > 1 else 0


def colours_of(block):
    """Returns the colours of a block's edge and of its inside."""
    word = "time" if block.kind == "time" else block.stream
    return COLOURS.get(word, OTHER)


def size_of(block):
    """Returns width and height of a block."""
    if block.kind in PILLS:
        return PILL
    if len(block.shape) == 1:
        return 10, REACH
    side, channels = max(block.shape[:-1]), block.shape[-1]
    height = 18 + 8.6 * math.log2(side)
    return 4 + 2.5 * math.log2(max(channels, 2)), min(height, 2 * REACH)


def short(text):
    """Returns a text that fits into a column."""
    return text if len(text) <= LONGEST else f"{text[:6]}…{text[-4:]}"
