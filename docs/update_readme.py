"""Writes what the docs say of networks, from the networks themselves.

That is the table in README.md, docs/models.md and the pictures in
docs/models/. Run it: python docs/update_readme.py
"""

import functools
from pathlib import Path

import keras_twostream
from keras_twostream.models.table import MODELS
from keras_twostream.models.words import best_fit, phrase
from keras_twostream.report.network import draw_network

DOCS = Path(__file__).parent
README, PAGE, PICTURES = DOCS.parent / "README.md", DOCS / "models.md", "models"
START, END = "<!-- models -->", "<!-- /models -->"
PAPER = [name for name, spec in MODELS.items() if not spec.source]
SHORT = ("name", "fused", "time", "parameters", "multiply-adds", "published")
LONG = ("name", "backbone", "input", *SHORT[1:-1], "sees")
FIGURES = ("name", "table: row", "towers", "measured on", "UCF101", "HMDB51")
NUMBERS = ("parameters", "multiply-adds", "UCF101", "HMDB51")
# Beginning of a source -> where to read it.
LINKS = {
    "Carreira": "https://arxiv.org/abs/1705.07750",
    "Donahue": "https://arxiv.org/abs/1411.4389",
    "Karpathy": "https://cs.stanford.edu/people/karpathy/deepvideo/",
    "Lin": "https://arxiv.org/abs/1504.07889",
    "Ng": "https://arxiv.org/abs/1503.08909",
    "Tran": "https://arxiv.org/abs/1412.0767",
    "Wang": "https://arxiv.org/abs/1608.00859",
}
# File -> name and arguments of `build`, and what there is to see.
DRAWN = {
    "conv_relu5": ({}, "Both streams meet in the middle; one tower goes on."),
    "conv_relu5_fc8": ({}, "Both towers are whole, and meet again."),
    "conv3d_relu5_pool3d_plus": (
        {},
        "Five frames; both towers have scores and a loss, and answer together.",
    ),
    "lstm": ({"streams": ("rgb", "flow")}, "Every time step has a loss."),
    "c3d": ({}, "3D convolutions all the way."),
}
TEXT = """\
# Networks

<!-- Written by docs/update_readme.py. -->

`build(name)` builds each of them, `keras-twostream info NAME` describes one
and `keras-twostream info NAME --picture FILE.svg` draws it. The backbone, the
number of frames and everything else in a row are defaults: `build(name,
backbone="resnet50", frames=8)`. Networks of one stream become networks of two
by `build(name, streams=("rgb", "flow"))`, fused late, or as `fusion` and
`location` say.

## How to read a name

- The paper's networks are `<fusion>_<location>`: `conv_relu5` stacks the maps
  of both streams after the ReLU of the fifth block and convolves them. Several
  locations are fused one after the other; the flow tower ends after the last.
- `_pool2d` averages the logits of all frames of a clip, `_pool3d` takes the
  maximum over time after the last map, `conv3d` fuses over time too.
- `_plus` keeps the flow tower: it goes on to its own scores and its own loss,
  and the answer is the softmax of both towers' mean logits.
- The others have the names of their sources, which are listed below.

## The paper's networks

{paper}

## Temporal models

{temporal}

Parameters are those of the backbone in the row, at 101 classes. Multiply-adds
are of one forward pass of one sample (a clip, where there are several frames),
in convolutions, dense and recurrent layers and bilinear products.

*sees* is what one answer depends on: RGB frames, flow fields, and how many
consecutive frames of the video they span at least. T frames whose centres are
tau apart span (T - 1) * tau + 1 of them; with a stack of L flow fields around
each, (T - 1) * tau + L + 1. The table has tau = 1; `model_info(name,
frame_step=10)` has 10.

## Published accuracies

As printed in Feichtenhofer, Pinz, Zisserman, "Convolutional Two-Stream Network
Fusion for Video Action Recognition", CVPR 2016
([arXiv](https://arxiv.org/abs/1604.06573)), in percent. They were measured by
the sources, with the towers named here; none of them is a result of this
package.

{figures}

## Sources

{sources}

## Pictures

A block is as high as its map is large and as wide as it has channels, both on
logarithmic scales.

{pictures}
"""


NOTE = """\
Parameters at 101 classes, multiply-adds per sample, VGG-M-2048 towers; for
clips of five frames VGG-16. Published by the paper for UCF101: Tables 1 to 3
on split 1 with VGG-M-2048, Table 4 on split 1 with VGG-16 for RGB and
VGG-M-2048 for flow, Table 5 on three splits with VGG-16. The temporal models,
from `single_frame` to `lstm` and `c3d`, pictures and all published accuracies:
[networks](docs/models.md)."""


@functools.cache
def info(name, **options):
    """Returns the facts of a network."""
    return keras_twostream.model_info(name, **options)


def table(columns, rows):
    """Returns a Markdown table; columns of numbers are set to the right."""
    rule = ["--:" if title in NUMBERS else "---" for title in columns]
    lines = [columns, rule, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def short_row(name):
    """Returns a network's row of README's table."""
    facts, figure = info(name), best_fit(MODELS[name])
    return (
        f"`{name}`",
        phrase(facts.fuse) or f"{facts.streams[0]} alone",
        time_of(name),
        f"{facts.parameters:,}",
        f"{facts.multiply_adds / 1e9:.2f} G",
        f"Table {figure.table}: {figure.ucf101:.2f} %" if figure else "-",
    )


def long_row(name):
    """Returns a network's row of the page."""
    facts = info(name)
    size = "x".join(map(str, [*facts.input_shapes.values()][0][-3:-1]))
    steps = MODELS[name].frames
    seen = [
        f"{facts.rgb_frames} RGB" if facts.rgb_frames else "",
        f"{facts.flow_fields} flow" if facts.flow_fields else "",
        f"{facts.video_frames} of video",
    ]
    return (
        f"`{name}`",
        f"`{facts.backbone}`",
        f"{steps} x {size}" if steps else size,
        *short_row(name)[1:-1],
        ", ".join(filter(None, seen)),
    )


def time_of(name):
    """Returns what happens to time in a network, as text."""
    three = "3D convolutions" if MODELS[name].clips else "-"
    return phrase(info(name).time) or three


def figures():
    """Yields a row for every published accuracy."""
    for name, spec in MODELS.items():
        for figure in spec.published:
            yield (
                f"`{name}`",
                f"{figure.table}: {figure.row}",
                figure.towers,
                figure.splits,
                f"{figure.ucf101:.2f}" if figure.ucf101 else "-",
                f"{figure.hmdb51:.2f}" if figure.hmdb51 else "-",
            )


def sources():
    """Returns the sources, each with its networks, as a list."""
    by_source: dict[str, list[str]] = {}
    for name, spec in MODELS.items():
        if spec.source:
            by_source.setdefault(spec.source, []).append(f"`{name}`")
    return "\n".join(
        f"- [{key}]({LINKS[key.split()[0].strip(',')]}): {', '.join(names)}."
        for key, names in by_source.items()
    )


def pictures():
    """Returns the pictures with what there is to see in them."""
    return "\n\n".join(
        f"{text}\n\n![Layers of {name}]({PICTURES}/{name}.svg)"
        for name, (_, text) in DRAWN.items()
    )


def page():
    """Returns the text of docs/models.md."""
    others = [name for name in MODELS if name not in PAPER]
    return TEXT.format(
        paper=table(LONG, map(long_row, PAPER)),
        temporal=table(LONG, map(long_row, others)),
        figures=table(FIGURES, figures()),
        sources=sources(),
        pictures=pictures(),
    )


def updated(text):
    """Returns README's text with a fresh table between its marks."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    rows = table(SHORT, map(short_row, PAPER))
    return f"{before}{START}\n{rows}\n\n{NOTE}\n{END}{after}"


def diagrams():
    """Returns file -> diagram of the pictures."""
    return {
        DOCS / PICTURES / f"{name}.svg": info(name, **options).diagram
        for name, (options, _) in DRAWN.items()
    }


if __name__ == "__main__":
    README.write_text(updated(README.read_text("utf-8")), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")
    for path, diagram in diagrams().items():
        path.parent.mkdir(exist_ok=True)
        draw_network(diagram, path)
