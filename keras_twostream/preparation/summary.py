"""What is said: progress, what a dataset holds, what it had to leave out."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from keras_twostream.clips.clips import Clips
from keras_twostream.preparation.prepared import PreparedSet

Skipped = Sequence[tuple[Path, str]]

# More lines than these would hide what they say.
_LINES = 10

# Where a dataset has the rest of them.
_OF_DATASET = "the dataset's attribute `skipped` lists them all"


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


def announce_prepared(
    prepared: PreparedSet, report: Path, passed_over: int = 0
) -> None:
    """Prints what a prepared set holds and what it lacks.

    Args:
        prepared: The set.
        report: The file that lists all that it lacks.
        passed_over: Number of files that are no clips of the list, or clips
            that the list has and the source has not.
    """
    console = Console(soft_wrap=True, markup=False, highlight=False)
    classes = len(prepared.manifest.class_names)
    of_classes = f" of {classes} classes" if classes else ""
    console.print(f"{prepared.folder} holds {len(prepared)} clips{of_classes}.")
    if bad := prepared.clips.skipped:
        listed = _listed(bad, f"{report} lists them all")
        console.print(f"Quarantined {len(bad)}:\n{listed}")
    if passed_over:
        console.print(f"Passed over {passed_over}, see {report}.")


def progress(
    steps: Iterable,
    total: int,
    description: str,
    verbose: bool | str,
    done: int = 0,
) -> Iterator:
    """Yields from `steps` with a progress bar on the standard error.

    Args:
        steps: What to yield.
        total: How many there will be, those done before included; without any
            there is no bar.
        description: Words before the bar.
        verbose: Whether to show it; "auto" shows it on a terminal.
        done: How many were done before.
    """
    console = Console(stderr=True)
    shown = console.is_terminal if verbose == "auto" else bool(verbose)
    columns = TextColumn("{task.description}"), BarColumn()
    times = MofNCompleteColumn(), _Rate(), TimeRemainingColumn()
    disable = not (shown and total)
    with Progress(*columns, *times, console=console, disable=disable) as bar:
        task = bar.add_task(description, total=total, completed=done)
        for step in steps:
            yield step
            bar.advance(task)


class _Rate(ProgressColumn):
    """How many are done in a second, or in a minute if that is below 1."""

    def render(self, task: Task) -> Text:
        if not task.speed:
            return Text("")
        if task.speed < 1:
            return Text(f"{60 * task.speed:.1f}/min")
        return Text(f"{task.speed:.1f}/s")


@contextlib.contextmanager
def say_stopped(verbose: bool | str) -> Iterator[None]:
    """Says on the standard error how to go on after Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        if verbose:
            Console(stderr=True).print(
                "Stopped. What is done is kept: the same call goes on from "
                "there."
            )
        raise


def _listed(skipped: Skipped, elsewhere: str = _OF_DATASET) -> str:
    lines = [f"  {path}: {reason}" for path, reason in skipped[:_LINES]]
    if len(skipped) > _LINES:
        lines.append(f"  ... and {len(skipped) - _LINES} more; {elsewhere}")
    return "\n".join(lines)
