"""Lists of clips and prepared sets -> where the record of each clip is."""

import dataclasses
import os
from collections.abc import Sequence

from keras_twostream.clips.clips import Clips
from keras_twostream.data.samples import SampleSpec
from keras_twostream.flow.contract import FlowMismatchError
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation.cache import cache_clips
from keras_twostream.preparation.prepared import PreparedSet
from keras_twostream.remote.graph import graph_files


@dataclasses.dataclass(frozen=True, kw_only=True)
class Located:
    """A list of clips and where the record of each is.

    Attributes:
        clips: The clips; `skipped` are those without a record.
        files: File of each record.
        offsets: Where in a shard each record begins, after its framing;
            `None` if each file is one record and nothing else.
        frame_counts: Number of frames of each clip.
        sizes: Height and width of its frames, in pixels.
        identities: For each clip a text that changes with what its record
            holds, whatever the record is called.
    """

    clips: Clips
    files: Sequence[str]
    offsets: Sequence[int] | None
    frame_counts: Sequence[int]
    sizes: Sequence[tuple[int, int]]
    identities: Sequence[str]

    def __len__(self) -> int:
        return len(self.clips)

    def take(self, indices: Sequence[int]) -> "Located":
        """Returns the clips at `indices`, in that order."""

        def pick(values):
            return values and [values[index] for index in indices]

        return Located(
            clips=self.clips.take(indices),
            files=pick(self.files),
            offsets=pick(self.offsets),
            frame_counts=pick(self.frame_counts),
            sizes=pick(self.sizes),
            identities=pick(self.identities),
        )


def locate_cached(
    clips: Clips,
    flow: FlowSpec,
    cache_dir: str | os.PathLike | None,
    workers: int | None,
    verbose: bool | str,
) -> Located:
    """Returns the clips that can be read; what is missing is prepared.

    Args:
        clips: The clips.
        flow: Which flow.
        cache_dir: As for `data.cache_clips`.
        workers: As for `data.cache_clips`.
        verbose: As for `data.cache_clips`.

    Raises:
        OSError: If the prepared clips cannot be written.
    """
    made = cache_clips(clips.paths, flow, cache_dir, workers, verbose)
    skipped = (*clips.skipped, *made.skipped)
    return Located(
        clips=dataclasses.replace(clips.take(made.kept), skipped=skipped),
        files=[os.fspath(path) for path in made.records],
        offsets=None,
        frame_counts=made.frame_counts,
        sizes=made.sizes,
        identities=[path.stem for path in made.records],
    )


def locate_prepared(prepared: PreparedSet) -> Located:
    """Returns the clips of a prepared set."""
    return Located(
        clips=prepared.clips,
        files=graph_files(prepared.files),
        offsets=prepared.offsets,
        frame_counts=prepared.frame_counts,
        sizes=[(x.height, x.width) for x in prepared.manifest.clips],
        identities=[
            f"{prepared.manifest.opencv} {clip.sha256}"
            for clip in prepared.manifest.clips
        ],
    )


def check_prepared_flow(flow: FlowSpec | None, prepared: PreparedSet) -> None:
    """Checks that a prepared set holds the flow that is asked for, if any.

    Raises:
        FlowMismatchError: If it holds other flow.
    """
    if flow is None or flow == prepared.flow:
        return
    lines = [
        f"Flow `{name}`: asked for is {asked!r}, the set holds {held!r}."
        for name, (asked, held) in flow.diff(prepared.flow).items()
    ]
    raise FlowMismatchError(
        f"{prepared.folder} was prepared with other flow. "
        + " ".join(lines)
        + " Leave out `flow`, or prepare the clips with that."
    )


def long_enough(located: Located, spec: SampleSpec) -> Located:
    """Does about short clips what `SampleSpec.short` says before reading.

    Raises:
        ValueError: If there are some and it says "raise".
    """
    needed = spec.frames_needed
    if spec.short not in ("drop", "raise"):
        return located
    short = {
        index: f"it has {count} frames, and a sample needs {needed}"
        for index, count in enumerate(located.frame_counts)
        if count < needed
    }
    paths = located.clips.paths
    if short and spec.short == "raise":
        index, reason = next(iter(short.items()))
        raise ValueError(
            f"{len(short)} clips are too short, such as {paths[index]}: "
            f'{reason}. Allowed are they with short="repeat", "loop" or '
            '"drop".'
        )
    kept = located.take([i for i in range(len(located)) if i not in short])
    found = tuple((paths[index], reason) for index, reason in short.items())
    skipped = (*located.clips.skipped, *found)
    clips = dataclasses.replace(kept.clips, skipped=skipped)
    return dataclasses.replace(kept, clips=clips)
