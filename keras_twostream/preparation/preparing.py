"""A list of clips -> a prepared set: frames and flow, made once, in shards."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from keras_twostream.clips.clips import Clips
from keras_twostream.clips.image_folders import is_extracted
from keras_twostream.flow import estimators
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation import merging
from keras_twostream.preparation.executors import Executor, Local
from keras_twostream.preparation.facts import facts_of
from keras_twostream.preparation.locking import only_run
from keras_twostream.preparation.making import Run
from keras_twostream.preparation.manifest import NAME
from keras_twostream.preparation.plan import CLIPS_PER_SHARD, TIME_LIMIT
from keras_twostream.preparation.prepared import PreparedSet, open_prepared
from keras_twostream.preparation.summary import announce_prepared
from keras_twostream.remote.address import as_path, is_remote
from keras_twostream.remote.mirror import mirrored


def prepare(
    clips: Clips,
    folder: str | os.PathLike,
    flow: FlowSpec | None = None,
    *,
    root: str | os.PathLike | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    clips_per_shard: int = CLIPS_PER_SHARD,
    time_limit: float | None = TIME_LIMIT,
    retry: bool = False,
    verbose: bool | str = "auto",
) -> PreparedSet:
    """Decodes clips, computes their flow, and keeps both in shards.

    The same call goes on after any interruption, and its result is the same,
    byte for byte, however often it was interrupted and whoever does the work.
    Once all is done it only looks whether all shards are there. Clips that
    the list has gained since are added in further shards. A clip that cannot
    be read to its end, or that ends or outlasts its decoder, is quarantined:
    it is not in the set, and `manifest.json` and `report.txt` say why.

    Args:
        clips: The list: video files, or folders of frames and flow that were
            extracted earlier, see `clips.layouts`.
        folder: The set to make; new, empty, or made of this list before. At
            an address it appears file by file, `manifest.json` last.
        flow: Which flow, by default `FlowSpec()`.
        root: Folder that the clips lie in: the set names them by their path
            below it, else by the path that `clips` has.
        workers: Number of processes of this machine; by default one a core.
        executor: Who does the work, in place of these: `data.Local`, or a
            cluster's `data.Dask` or `data.Ray`.
        clips_per_shard: Clips of a shard.
        time_limit: Seconds after which a clip is given up; `None` for ever.
            Not for an `executor`, which has its own.
        retry: Whether quarantined clips are tried again.
        verbose: Whether to show progress and what was made; "auto" shows
            progress only on a terminal.

    Returns:
        `PreparedSet`.

    Raises:
        ValueError: If an argument is wrong, no clip can be used, or the
            folder is another set: of other flow, or of another list.
        BlockingIOError: If another process is preparing this folder.
        OSError: If the folder cannot be written.
    """
    crew = executor or Local(workers, time_limit)
    if clips_per_shard < 1:
        raise ValueError(
            f"`clips_per_shard` must be at least 1. Received: {clips_per_shard}"
        )
    flow = flow or FlowSpec()
    # What others extracted may be of an algorithm that is not here.
    if not all(map(is_extracted, clips.paths)):
        estimators.get(flow.algorithm)  # raises what is wrong, early
    target = as_path(folder).expanduser()
    if root is not None and target.resolve().is_relative_to(
        as_path(root).resolve()
    ):
        raise ValueError(
            f"The set cannot be made inside of its source. Received: {target} "
            f"in {root}."
        )
    facts = facts_of(clips, root)
    with _folder_for(target) as here, only_run(here):
        run = Run(here, clips, facts, flow, clips_per_shard, root)
        run.make(crew, retry, verbose)
    prepared = open_prepared(target)
    if verbose:
        report = target / merging.REPORT
        announce_prepared(prepared, report, len(clips.skipped))
    return prepared


@contextlib.contextmanager
def _folder_for(target: Path) -> Iterator[Path]:
    """Yields the folder of this machine in which a set is made."""
    if is_remote(target):
        with mirrored(str(target), (merging.REPORT, NAME)) as folder:
            yield folder
    else:
        target.mkdir(parents=True, exist_ok=True)
        yield target
