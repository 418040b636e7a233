"""How the verbs print."""

import contextlib
import json
import os
import re
import sys
import warnings

from rich import box
from rich.console import Console
from rich.table import Table


def print_json(value):
    """Prints a value as JSON."""
    print(json.dumps(value, indent=2, default=str))


def print_table(columns, rows, title=None, width=120):
    """Prints rows of text under column titles; numbers to the right.

    Args:
        columns: Titles.
        rows: Sequences with one value per column.
        title: Title of the table.
        width: Characters in a line where there is no terminal.
    """
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for column, example in zip(columns, rows[0], strict=True):
        number = re.fullmatch(r"[\d.,]+( %| G)?", str(example))
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*map(str, row))
    if sys.stdout.isatty():
        width = None
    Console(width=width, highlight=False).print(table)


def percent(share):
    """Returns a share as text, `-` if there is none."""
    return "-" if share is None else f"{100 * share:.1f} %"


def points(share):
    """Returns the difference of two shares as text."""
    return f"{100 * share:+.1f} points"


@contextlib.contextmanager
def quiet_start():
    """Hides what TensorFlow's libraries print while they are loaded.

    They write to the file descriptor before any of their settings is read.
    Python's own errors are not affected: they are printed later.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def import_keras():
    """Imports Keras with its backend, quietly."""
    with quiet_start():
        import keras

        # The first tensor makes TensorFlow look for devices, aloud.
        keras.ops.zeros(())


@contextlib.contextmanager
def plain_warnings():
    """Prints warnings about the flow as lines of our own."""
    # What it says of flow is not needed by the verbs that only print.
    from keras_twostream.flow.contract import FlowMismatchWarning

    usual = warnings.showwarning

    def show(message, category, *place):
        if issubclass(category, FlowMismatchWarning):
            print(f"keras-twostream: warning: {message}", file=sys.stderr)
        else:
            usual(message, category, *place)

    with warnings.catch_warnings():
        warnings.simplefilter("always", FlowMismatchWarning)
        warnings.showwarning = show
        yield
