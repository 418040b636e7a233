"""Everything that a search is made of, from one folder."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_twostream.data.choosing import (
    chosen_clips,
    prepared_in,
    splits_of,
)
from keras_twostream.search.answers import Answers
from keras_twostream.search.hypermodel import FusionHyperModel
from keras_twostream.search.judge import Judge
from keras_twostream.search.limits import Limits
from keras_twostream.search.plan import Plan
from keras_twostream.search.schedule import Amounts, Schedule
from keras_twostream.search.scoring import Scoring
from keras_twostream.search.space import Space
from keras_twostream.training.choosing import CROSSED
from keras_twostream.training.clips import listed
from keras_twostream.training.folds import folds_of
from keras_twostream.training.options import Options
from keras_twostream.training.trials import surveyed

SETTINGS, ANSWERS = "search.json", "answers"
_TRAIN, _VALIDATION, _TEST = "train", "validation", "test"


@dataclass(frozen=True, kw_only=True, eq=False)
class Setting:
    """All that a search needs, the same in every process.

    Attributes:
        folder: Folder of the search.
        told: What `search.json` says.
        space: `Space`.
        limits: `Limits`.
        amounts: `Amounts`.
        judge: `Judge`.
        scoring: `Scoring`.
        options: `Options`.
    """

    folder: Path
    told: Mapping[str, Any]
    space: Space
    limits: Limits
    amounts: Amounts
    judge: Judge
    scoring: Scoring
    options: Options

    @property
    def hypermodel(self) -> FusionHyperModel:
        """The space for any tuner of KerasTuner, judged on these clips."""
        names = self.judge.class_names
        return FusionHyperModel(self.space, names, self.judge, self.limits)

    def schedule(self, clock=lambda: 0.0, before: int = 0) -> Schedule:
        """Returns what is to be trained, from the beginning.

        Args:
            clock: As for `Schedule`.
            before: The same.
        """
        return Schedule(
            self.space,
            self.scoring,
            self.judge.answers,
            self.judge.class_names,
            self.limits,
            self.amounts,
            self.told["seed"],
            clock,
            before,
        )

    @classmethod
    def open(cls, folder: Path, options: Options | None = None) -> "Setting":
        """Returns the setting that a folder's `search.json` says.

        Args:
            folder: Folder of a search.
            options: `Options`, instead of those of the first call.

        Raises:
            FileNotFoundError: If it is not one.
        """
        path = Path(folder, SETTINGS)
        if not path.is_file():
            raise FileNotFoundError(f"{folder} is not a search: no {SETTINGS}")
        told = json.loads(path.read_text(encoding="utf-8"))
        options = options or Options(**told["options"])
        space = Space.from_dict(told["space"])
        clips = chosen_clips(told["data"])
        # What was found has been said when the search was prepared.
        quiet = dataclasses.replace(options, verbose=0)
        dataset = surveyed(clips, {"flow": space.base.flow}, quiet)
        plan = plan_for(told["data"], clips, dataset, told["seed"])
        every = {space.base.flow: clips}
        for other in told["also"]:
            found = prepared_in(other)
            every |= {found.flow: found} if found else {}
        judge = Judge(
            told["data"],
            every,
            dataset,
            plan,
            Answers(Path(folder, ANSWERS)),
            space.base,
            options,
        )
        return cls(
            folder=Path(folder),
            told=told,
            space=space,
            limits=Limits(**told["limits"]),
            amounts=Amounts(**told["amounts"]),
            judge=judge,
            scoring=Scoring(plan, judge.labels),
            options=options,
        )


def plan_for(directory: Any, clips: Any, dataset: Any, seed: int) -> Plan:
    """Returns the plan that suits clips.

    Args:
        directory: Folder of the clips, or a prepared set.
        clips: The clips of it, or the set.
        dataset: Dataset of those that can be used.
        seed: Of the draw of what is held back.
    """
    there = splits_of(directory)
    if not there and len(dataset.labels) <= CROSSED:
        return Plan.crossed(dataset.labels, dataset.groups, seed)
    splits = np.full(len(dataset.labels), _TRAIN, dtype=object)
    if there:
        told = {
            str(path): clip.split
            for path, clip in zip(
                listed(clips).paths, clips.manifest.clips, strict=True
            )
        }
        splits = np.array([told[x] or _TRAIN for x in dataset.file_paths])
    for wanted in (_TEST, _VALIDATION):
        if not (splits == wanted).any():
            pool = np.flatnonzero(splits == _TRAIN)
            groups = dataset.groups and [dataset.groups[i] for i in pool]
            labels = np.asarray(dataset.labels)[pool]
            splits = splits.astype(object)
            splits[pool[folds_of(labels, groups, 5, seed) == 0]] = wanted
    return Plan.held_back(splits)
