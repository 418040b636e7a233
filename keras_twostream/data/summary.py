"""What is said: progress, what a dataset holds, what it had to leave out."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from keras_twostream.data.clips import Clips

Skipped = Sequence[tuple[Path, str]]

# More lines than these would hide what they say.
_LINES = 10


def announce(
    clips: Clips,
    skipped: Skipped,
    frame_counts: Sequence[int],
    subset: str | None = None,
) -> None:
    """Prints what was found, what was skipped, and what is remarkable.

    Args:
        clips: The clips that are used.
        skipped: `(path, reason)` of those that are not.
        frame_counts: Number of frames of each clip that is used.
        subset: What they are used for.
    """
    console = Console(soft_wrap=True, markup=False, highlight=False)
    purpose = f" for {subset}" if subset else ""
    classes = ""
    if clips.labels is not None:
        classes = f" belonging to {len(clips.class_names)} classes"
    console.print(f"Found {len(clips)} clips{classes}{purpose}.")
    still = frame_counts.count(1)
    if still:
        console.print(
            f"{still} of them have a single frame: their flow is zero."
        )
    unused = {*range(len(clips.class_names))} - {*(clips.labels or ())}
    if clips.labels is not None and unused:
        names = [clips.class_names[label] for label in sorted(unused)]
        console.print(f"Classes without any clip{purpose}: {names}.")
    if skipped:
        console.print(f"Skipped {len(skipped)}:\n{_listed(skipped)}")


def nothing_usable(skipped: Skipped) -> str:
    """Returns the message for a list of which no clip is left."""
    if not skipped:
        return "There are no clips to make a dataset of: the list is empty."
    return f"None of the clips can be used:\n{_listed(skipped)}"


def progress(
    steps: Iterable, total: int, description: str, verbose: bool | str
) -> Iterator:
    """Yields from `steps` with a progress bar on the standard error.

    Args:
        steps: What to yield.
        total: How many there will be; without any there is no bar.
        description: Words before the bar.
        verbose: Whether to show it; "auto" shows it on a terminal.
    """
    console = Console(stderr=True)
    shown = console.is_terminal if verbose == "auto" else bool(verbose)
    columns = TextColumn("{task.description}"), BarColumn()
    times = MofNCompleteColumn(), TimeRemainingColumn()
    disable = not (shown and total)
    with Progress(*columns, *times, console=console, disable=disable) as bar:
        yield from bar.track(steps, total, description=description)


def _listed(skipped: Skipped) -> str:
    lines = [f"  {path}: {reason}" for path, reason in skipped[:_LINES]]
    if len(skipped) > _LINES:
        lines.append(
            f"  ... and {len(skipped) - _LINES} more; the dataset's attribute "
            "`skipped` lists them all"
        )
    return "\n".join(lines)
