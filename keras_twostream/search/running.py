"""Runs a search in this process: all of it, its chief, or a worker."""

import json
import os
import time
from pathlib import Path

from keras_twostream.search.answers import key_of
from keras_twostream.search.board import live, replace
from keras_twostream.search.schedule import Schedule
from keras_twostream.search.setting import Setting
from keras_twostream.search.tuning import ScheduleOracle, ScheduleTuner

LIVE, WORKING = "live.json", "working"
# Who a process is, as KerasTuner is told.
TUNER_ID, CHIEF, ALONE = "KERASTUNER_TUNER_ID", "chief", "alone"


def run(setting: Setting) -> Schedule:
    """Does the jobs of a search that are left.

    Where KerasTuner's environment variables say that this process is a chief
    or a worker, it is one.

    Args:
        setting: `Setting`.

    Returns:
        The `Schedule`; of a worker one that was never begun.

    Raises:
        RuntimeError: If a dozen trials failed one after another.
    """
    board = _Board(setting)
    oracle = ScheduleOracle(board.schedule, board.write)
    tuner = ScheduleTuner(
        oracle, setting.space, setting.judge, setting.folder, board.begins
    )
    board.write()
    try:
        tuner.search()
    finally:
        board.forget()
    return board.schedule


def finished(setting: Setting) -> Schedule:
    """Returns the schedule of a search whose jobs are all done.

    Args:
        setting: `Setting`.
    """
    told = _read(setting.folder / LIVE)
    schedule = setting.schedule(
        lambda: told.get("seconds", 0.0), told.get("combinations", 0)
    )
    for _ in schedule.batches():
        pass
    return schedule


class _Board:
    """Tells who looks at a folder what goes on.

    Args:
        setting: `Setting`.
    """

    def __init__(self, setting):
        self.folder = Path(setting.folder)
        told = _read(self.folder / LIVE)
        self._before = told.get("seconds", 0.0)
        self._started = time.monotonic()
        self._name = os.environ.get(TUNER_ID, ALONE)
        # What goes on is known to the chief.
        self._tells = self._name in (ALONE, CHIEF)
        self._space = setting.space
        self.schedule = setting.schedule(
            self.seconds, told.get("combinations", 0)
        )

    def seconds(self):
        """Returns how long the search has taken, all calls together."""
        return self._before + time.monotonic() - self._started

    def write(self):
        if not self._tells:
            return
        found = live(self.schedule, self.seconds())
        replace(self.folder / LIVE, json.dumps(found))

    def begins(self, job):
        """Notes what this process is about to do."""
        recipe = job.recipe(self._space)
        told = {"key": key_of(recipe), "seed": job.seed, "asks": job.asks}
        folder = self.folder / WORKING
        folder.mkdir(exist_ok=True)
        replace(folder / f"{self._name}.json", json.dumps(told))

    def forget(self):
        path = self.folder / WORKING / f"{self._name}.json"
        path.unlink(missing_ok=True)


def _read(path):
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
