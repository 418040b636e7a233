"""Shows how a search goes, by what its folder says."""

import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from keras_twostream.search.running import LIVE
from keras_twostream.search.schedule import LAST_STEPS

# Rows of the table, and seconds between two looks.
SHOWN, PAUSE = 15, 0.5


@contextlib.contextmanager
def watched(folder: Path, verbose: Any = "auto") -> Iterator[None]:
    """Shows a search while it goes on within.

    On a terminal a table of the best combinations that changes, elsewhere a
    line for each that is done.

    Args:
        folder: Folder of the search.
        verbose: Whether to show anything.
    """
    if not verbose:
        yield
        return
    console = Console(stderr=True, highlight=False)
    ended = threading.Event()
    show = _table if console.is_terminal else _lines
    thread = threading.Thread(
        target=show, args=(Path(folder), console, ended), daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _table(folder, console, ended):
    with Live(console=console, refresh_per_second=4, transient=True) as shown:
        while not ended.wait(PAUSE):
            if told := read(folder):
                shown.update(drawn(told))


def _lines(folder, console, ended):
    said: dict[int, str] = {}
    while True:
        last = ended.wait(PAUSE)
        told = read(folder)
        for number, row in enumerate(told.get("rows", ()), 1):
            now = f"{row['status']} {row['networks']}"
            if row["status"] == "waiting" or said.get(number) == now:
                continue
            said[number] = now
            console.print(f"{clock(told['seconds'])}  {number:3} {_words(row)}")
        if last:
            return


def read(folder: Path) -> dict[str, Any]:
    """Returns what a search says of itself, nothing if there is none."""
    try:
        return json.loads((folder / LIVE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def drawn(told: dict[str, Any]) -> Group:
    """Returns a picture of a search for a terminal.

    Args:
        told: Of `board.live`.
    """
    rows = [*enumerate(told["rows"], 1)]
    known = [x for x in rows if x[1]["accuracy"] is not None]
    known.sort(key=lambda x: -x[1]["accuracy"])
    table = Table(box=None, pad_edge=False)
    for name in ("", "combination", "right", "networks", ""):
        table.add_column(name, justify="right" if name == "right" else "left")
    for number, row in known[:SHOWN]:
        table.add_row(
            str(number),
            row["name"],
            f"{100 * row['accuracy']:.1f} %",
            str(row["networks"]),
            row["status"],
        )
    return Group(Text(summary(told)), table)


def summary(told: dict[str, Any]) -> str:
    """Returns a line about a search: how far, how long, how long yet.

    Args:
        told: Of `board.live`.
    """
    rows = told["rows"]
    left = [x for x in rows if x["status"] in ("passed over", "failed")]
    done = [x for x in rows if x["networks"] and x not in left]
    words = [f"{told['step']}; {len(done)} tried, {len(left)} passed over"]
    seconds, budget, trials = (told[x] for x in ("seconds", "budget", "trials"))
    if budget:
        words.append(f"{clock(seconds)} of {clock(budget)}")
    else:
        words.append(clock(seconds))
        if trials and done:
            pace = seconds / len(done)
            rest = max(trials - len(done), 0) * pace + LAST_STEPS
            words.append(f"about {clock(rest)} to go")
    return ", ".join(words)


def clock(seconds: float) -> str:
    """Returns a time as text, such as "3:05"."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return (
        f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
    )


def _words(row):
    if row["accuracy"] is None:
        return f"{row['name']}: {row['status']}"
    return (
        f"{row['name']}: {100 * row['accuracy']:.1f} % right, "
        f"{row['networks']} networks, {row['status']}"
    )
