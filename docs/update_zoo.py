"""Writes docs/zoo.md and the cards of the zoo from its entries.

Run it: python docs/update_zoo.py
"""

from pathlib import Path

from keras_twostream.weights.index import Zoo
from keras_twostream.zoo.card import model_card
from keras_twostream.zoo.describe import write_text

DOCS = Path(__file__).parent
PAGE = DOCS / "zoo.md"
ENTRIES = DOCS.parent / "zoo" / "entries"
CARDS = "../zoo/entries"
COLUMNS = ("weights", "figure", "of", "classes", "bytes")
TEXT = """\
# Pretrained weights

<!-- Written by docs/update_zoo.py. -->

```python
model = keras_twostream.load("{example}")  # predicts at once
model = keras_twostream.load("{example}", class_names=[...])  # other classes
model = keras_twostream.build("{model}", weights="{example}", ...)
```

```sh
keras-twostream list --pretrained
keras-twostream predict CLIP.mp4 --model {example}
keras-twostream verify --all
```

`load` also takes a `.keras` file, a run folder, a preset folder
(`zoo.save_to_preset`), `https://` addresses of `.keras` files (best with
`#sha256=...`), `hf://user/repository` and `kaggle://user/model/keras/variant`.
Every file is checked by its hash, no code of it is ever run, nothing is
unpacked. Downloads go to `$KERAS_TWOSTREAM_CACHE/weights`, or to Keras's home
folder; `KERAS_TWOSTREAM_OFFLINE=1` downloads nothing.

## Trained by this project

Small networks, shipped with the package. The clips are few: the figures are
those of the protocol on each card, no more.

{own}

## Published by others

Files that `load` downloads, checks and converts (`keras-twostream convert`
does it with a file that you have). The addresses are those of their authors;
nobody has verified them with this library yet, as every card says.

{others}

## Your own zoo

```sh
keras-twostream publish runs/mine --name conv_relu5.mine --to my_zoo
export KERAS_TWOSTREAM_ZOO=my_zoo
keras-twostream predict CLIP.mp4 --model conv_relu5.mine
```

A zoo is a folder of entries, weights and cards; put behind a web server, its
address is as good as the folder.
"""


def table(entries):
    """Returns entries as a Markdown table, each with its card."""
    lines = [f"| {' | '.join(COLUMNS)} |", "|---|--:|---|--:|--:|"]
    for entry in entries:
        metric = next(iter(entry.metrics), None)
        cells = (
            f"[`{entry.name}`]({CARDS}/{entry.name}.md)",
            f"{metric.value:.1f} %" if metric else "-",
            metric.dataset if metric else "-",
            str(len(entry.class_names or ()) or entry.network["num_classes"]),
            f"{entry.file.bytes:,}" if entry.file.bytes else "-",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def entries():
    """Returns the entries of the package's zoo."""
    zoo = Zoo(ENTRIES)
    return [zoo.entry(name) for name in zoo.names()]


def page(found):
    """Returns the text of docs/zoo.md."""
    own = [entry for entry in found if not entry.unverified]
    others = [entry for entry in found if entry.unverified]
    example = (own or others)[0]
    return TEXT.format(
        example=example.name,
        model=example.model,
        own=table(own),
        others=table(others),
    )


if __name__ == "__main__":
    all_entries = entries()
    for entry in all_entries:
        write_text(ENTRIES / f"{entry.name}.md", model_card(entry))
    write_text(PAGE, page(all_entries))
