"""KerasTuner runs the networks of a schedule, here or on many machines."""

import contextlib
import io
import os
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras_tuner

from keras_twostream.search.answers import key_of
from keras_twostream.search.jobs import ALL_INNER, Job
from keras_twostream.search.judge import Judge
from keras_twostream.search.schedule import Schedule
from keras_twostream.search.space import Space

OBJECTIVE = keras_tuner.Objective("accuracy", "max")
PROJECT = "tuner"
# What a trial is told beside the columns, named as KerasTuner names such.
ASKS, SEED, FORM = "tuner/asks", "tuner/seed", "tuner/form"
# Trials that fail one after another before the search gives up: something is
# wrong with all of them.
FAILURES = 12
# Seconds for which a worker waits where there is nothing to do yet.
IDLE = 0.3
# Beginnings of the names of errors for want of memory, and words of others.
_MEMORY = ("MemoryError", "ResourceExhausted", "OutOfMemory")
_MEMORY_WORDS = ("RESOURCE_EXHAUSTED", "out of memory", "Unable to allocate")
OUT_OF_MEMORY = "out of memory"


class ScheduleOracle(keras_tuner.Oracle):
    """Hands out the jobs of a schedule as trials.

    It keeps nothing: after a kill the schedule begins anew, and jobs whose
    answers are known are done at once.

    Args:
        schedule: `Schedule`.
        changed: Function that is called after every trial.
    """

    def __init__(self, schedule: Schedule, changed: Callable[[], None]):
        super().__init__(
            objective=OBJECTIVE,
            # There is no number of trials, only of combinations.
            max_trials=None,
            max_consecutive_failed_trials=FAILURES,
            seed=1,
        )
        self.verbose = 0
        self.schedule, self._changed = schedule, changed
        self._batches = schedule.batches()
        self._waiting: list[Job] = []

    def populate_space(self, trial_id):
        while not self._waiting:
            if self.ongoing_trials:
                return {"status": "IDLE"}
            try:
                self._waiting = [*next(self._batches)]
            except StopIteration:
                self._changed()
                return {"status": "STOPPED"}
            self._waiting = [x for x in self._waiting if not self._failed(x)]
        job = self._waiting.pop(0)
        told = {ASKS: job.asks, SEED: job.seed, FORM: job.form}
        return {"status": "RUNNING", "values": job.values | told}

    def _failed(self, job) -> bool:
        key = key_of(job.recipe(self.schedule.space))
        return bool(self.schedule.standing.failure(key))

    @keras_tuner.synchronized
    def update_trial(self, trial_id, metrics, step=0):
        # A chief that was begun anew hears of trials that it has not made;
        # their answers are on disk, and it will come to them.
        if trial_id in self.trials:
            return super().update_trial(trial_id, metrics, step)
        return keras_tuner.engine.trial.Trial(self.get_space(), trial_id)

    def get_trial(self, trial_id):
        if trial_id in self.trials:
            return super().get_trial(trial_id)
        return keras_tuner.engine.trial.Trial(self.get_space(), trial_id)

    @keras_tuner.synchronized
    def end_trial(self, trial):
        if trial.trial_id not in self.trials:
            return
        super().end_trial(trial)
        self._changed()


class ScheduleTuner(keras_tuner.Tuner):
    """Does the jobs that an oracle hands out.

    Args:
        oracle: `ScheduleOracle`.
        space: `Space`.
        judge: `Judge`.
        folder: Folder of the search.
        said: Function that is called with a `Job` when it begins.
    """

    def __init__(
        self,
        oracle: ScheduleOracle,
        space: Space,
        judge: Judge,
        folder: str | os.PathLike,
        said: Callable[[Job], None] = lambda job: None,
    ):
        self.space, self.judge, self._said = space, judge, said
        self._asked = False
        # KerasTuner says on the way where it keeps its files.
        with contextlib.redirect_stdout(io.StringIO()):
            super().__init__(
                oracle=oracle,
                directory=str(Path(folder)),
                project_name=PROJECT,
                overwrite=False,
            )

    def reload(self):
        """Begins anew: what was done is known from the answers."""

    def pre_create_trial(self):
        if self._asked:
            time.sleep(IDLE)
        self._asked = True

    def on_trial_begin(self, trial):
        self._asked = False
        super().on_trial_begin(trial)

    def run_trial(self, trial, *args: Any, **kwargs: Any) -> dict[str, float]:
        job = job_of(trial.hyperparameters.values)
        self._said(job)
        recipe = job.recipe(self.space)
        if why := self.judge.answers.failure(key_of(recipe), job.seed):
            raise keras_tuner.errors.FailedTrialError(why)
        try:
            self.judge.ask(recipe, job.nets(self.judge.plan), job.seed)
        except Exception as error:
            why = reason(error)
            self.judge.answers.fail(key_of(recipe), job.seed, why)
            raise keras_tuner.errors.FailedTrialError(why) from error
        return {OBJECTIVE.name: self.judge.accuracy(recipe, job.seed)}


def job_of(values: dict[str, Any]) -> Job:
    """Returns the job that the values of a trial mean."""
    told = dict(values)
    return Job(
        asks=told.pop(ASKS, ALL_INNER),
        seed=told.pop(SEED, 0),
        form=told.pop(FORM, ""),
        values=told,
    )


def reason(error: BaseException) -> str:
    """Returns why a network could not be trained, in one line."""
    names = [cls.__name__ for cls in type(error).__mro__]
    text = " ".join(str(error).split())
    if any(name.startswith(_MEMORY) for name in names) or any(
        word in text for word in _MEMORY_WORDS
    ):
        return OUT_OF_MEMORY
    if isinstance(error, ValueError):
        return text[:300]
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    return f"{type(error).__name__} at {where}: {text[:300]}"
