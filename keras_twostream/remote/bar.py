"""The progress bar of a download."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)


@contextmanager
def byte_bar(
    title: str, start: int, total: int | None
) -> Iterator[Callable[[int], None]]:
    """Yields what moves a bar on the standard error, if that is a terminal.

    Args:
        title: Words before the bar.
        start: Bytes that are there already.
        total: Bytes of all, if known.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    hidden = not console.is_terminal
    with Progress(*columns, console=console, disable=hidden) as bar:
        task = bar.add_task(title, completed=start, total=total)
        yield lambda count: bar.advance(task, count)
