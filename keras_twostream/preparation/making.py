"""One run of preparing: what is missing, made and packed."""

import collections
import contextlib
import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2

from keras_twostream.clips.clips import Clips
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation import merging
from keras_twostream.preparation.executors import Executor
from keras_twostream.preparation.facts import (
    Facts,
    check_same_list,
    facts_in,
    name_of,
)
from keras_twostream.preparation.manifest import NAME, Manifest
from keras_twostream.preparation.plan import (
    SHARDS,
    Plan,
    write_json,
    write_whole,
)
from keras_twostream.preparation.staging import Staging, discard
from keras_twostream.preparation.summary import (
    nothing_usable,
    progress,
    say_stopped,
)
from keras_twostream.preparation.worker import Job
from keras_twostream.remote.address import as_path


@dataclasses.dataclass(frozen=True)
class Run:
    """One call of `prepare`, its arguments checked.

    Attributes:
        folder: The set to make.
        clips: The list.
        facts: What it says of each clip.
        flow: Which flow.
        clips_per_shard: Clips of a shard.
        root: Folder that the clips lie in, if known.
    """

    folder: Path
    clips: Clips
    facts: Sequence[Facts]
    flow: FlowSpec
    clips_per_shard: int
    root: str | os.PathLike | None

    def make(self, crew: Executor, retry: bool, verbose: bool | str) -> None:
        """Makes what is missing, first what an earlier run has begun.

        Args:
            crew: Who does the work.
            retry: Whether quarantined clips are tried again.
            verbose: Whether to show progress.

        Raises:
            ValueError: If the folder is another set, or no clip can be used.
            OSError: If the folder cannot be written.
        """
        stored = settled = merging.stored(self.folder, self.flow)
        self._check_list(facts_in(stored))
        again = {name for name, _ in stored.quarantined if retry}
        manifest = merging.without_broken(stored, self.folder)
        first = merging.next_shard(stored)
        while staging := self._next(manifest, again, first):
            self._fulfil(staging, crew, verbose)
            manifest = settled = self._merged(manifest, staging)
            if manifest.clips:
                self._settle(manifest)
            discard(self.folder)
            again -= {clip.name for clip in staging.plan.clips}
            first = merging.next_shard(manifest)
        manifest = self._merged(manifest)
        if not manifest.clips:
            self._report(manifest)
            bad = [(as_path(name), why) for name, why in manifest.quarantined]
            raise ValueError(nothing_usable([*bad, *self.clips.skipped]))
        if manifest != settled:
            self._settle(manifest)

    def _check_list(self, known: Sequence[Facts]) -> None:
        listed = {fact.name: fact for fact in self.facts}
        check_same_list(known, listed, self.folder)

    def _next(
        self, manifest: Manifest, again: set[str], first: int
    ) -> Staging | None:
        """Returns what is to be made next; `None` if nothing is."""
        size, opencv = self.clips_per_shard, cv2.__version__
        if begun := Staging.begun(self.folder):
            merging.check_plan(begun.plan, self.flow, size, self.folder)
            self._check_list(begun.plan.clips)
            return begun
        known = {clip.path for clip in manifest.clips}
        known |= {name for name, _ in manifest.quarantined} - again
        todo = tuple(fact for fact in self.facts if fact.name not in known)
        if not todo:
            return None
        merging.check_opencv(manifest.opencv, self.folder)
        plan = Plan(self.flow, opencv, size, first, todo)
        return Staging.begin(self.folder, plan)

    def _fulfil(
        self, staging: Staging, crew: Executor, verbose: bool | str
    ) -> None:
        """Makes the records that a plan lacks, and packs full shards."""
        plan, missing = staging.plan, staging.missing()
        waiting = collections.Counter(map(plan.shard_of, missing))
        for shard in plan.shards():
            if not waiting[shard] and not staging.is_packed(shard):
                staging.pack(shard)
        if not missing:
            return
        made = crew.run(self._jobs(staging, missing), plan.flow)
        total = len(plan.clips)
        done = total - len(missing)
        with contextlib.closing(made), say_stopped(verbose):
            for index, reason in progress(
                made, total, "Preparing clips", verbose, done
            ):
                if reason is not None:
                    staging.quarantine(missing[index], reason)
                shard = plan.shard_of(missing[index])
                waiting[shard] -= 1
                if not waiting[shard]:
                    staging.pack(shard)

    def _jobs(self, staging: Staging, places: Sequence[int]) -> list[Job]:
        """Returns what a worker, wherever it runs, needs to know."""
        pairs = zip(self.facts, self.clips.paths, strict=True)
        sources: Mapping[str, Path] = {fact.name: path for fact, path in pairs}
        return [
            Job(
                os.fspath(sources[fact.name].absolute()),
                os.fspath(staging.record(place).absolute()),
                fact.about(),
            )
            for place in places
            for fact in (staging.plan.clips[place],)
        ]

    def _merged(
        self, manifest: Manifest, staging: Staging | None = None
    ) -> Manifest:
        packed = staging.packed() if staging else ()
        return merging.merged(manifest, packed, self.clips, self.facts)

    def _report(self, manifest: Manifest) -> None:
        skipped = [
            (name_of(path, self.root), reason)
            for path, reason in self.clips.skipped
        ]
        report = merging.report(manifest, skipped)
        write_whole(self.folder / merging.REPORT, report)

    def _settle(self, manifest: Manifest) -> None:
        """Makes the set what a manifest says."""
        self._report(manifest)
        write_json(self.folder / NAME, manifest.to_dict())
        used = {self.folder / clip.shard for clip in manifest.clips}
        for path in (self.folder / SHARDS).glob("*.tfrecord"):
            if path not in used:
                path.unlink()
