"""`search`: which fusion, where, for these clips?"""

import logging
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from keras_twostream.evaluation.files import RESULTS
from keras_twostream.evaluation.result import Result
from keras_twostream.preparation.locking import only_run
from keras_twostream.report.figures import png
from keras_twostream.report.page import write_page
from keras_twostream.report.search_page import draw_search, figures_of
from keras_twostream.search import running
from keras_twostream.search.board import full, write_board
from keras_twostream.search.board import replace as write_text
from keras_twostream.search.jobs import formed
from keras_twostream.search.preparing import prepared
from keras_twostream.search.setting import Setting
from keras_twostream.search.unseen import results
from keras_twostream.search.watching import watched
from keras_twostream.search.workers import run_workers
from keras_twostream.training.recipe import Recipe
from keras_twostream.training.run import CONFIG, train

logger = logging.getLogger(__name__)

PAGE, ROW, RUN = "search.html", "row.py", "winner"


@dataclass(frozen=True, kw_only=True)
class Searched:
    """What a search found.

    Attributes:
        model: The winner, which has learnt from all clips.
        recipe: Its `Recipe`.
        run: Its run folder.
        board: The leaderboard and all figures, as in `leaderboard.json`.
        results: Dict of "winner", "default", "late", "rgb" and "flow" ->
            `Result` for clips that the search never saw.
    """

    model: Any
    recipe: Recipe
    run: Path
    board: Mapping[str, Any]
    results: Mapping[str, Result]


def search(
    directory: Any,
    run: Any,
    model: str | None = None,
    *,
    processes: int = 1,
    command: str = "",
    **settings: Any,
) -> Searched | None:
    """Searches for the network that suits clips best, and says how sure it is.

    Combinations of the columns of the table of networks are cross-validated
    by group on maps of frozen towers that are computed once. All have a first
    look at some of the networks; those that are among the best go on, and
    those that lead are trained from other seeds too. What was chosen without
    a part of the clips answers for that part, and is compared with the
    default network by a paired test.

    A search that was interrupted goes on when it is called again, and one
    that is to try more goes on from what it knows.

    Args:
        directory: Folder of the clips, one sub-folder per class, or a
            prepared set.
        run: Folder to write to, with `leaderboard.csv`, `leaderboard.json`,
            `search.html`, `row.py` and the winner's run folder `winner`.
        model: As for `finetune`, what to start from.
        processes: Processes that train networks on this machine.
        command: How it was called, for the page.
        **settings: As for `prepared`: `budget`, `trials`, `seeds`,
            `columns`, `limits`, settings of `Recipe` and `Options`.

    Returns:
        `Searched`; `None` of a process that KerasTuner's environment
        variables call a worker of another one's search.

    Raises:
        ValueError: If clips or settings cannot be used.
        BlockingIOError: If another process searches in this folder.
        RuntimeError: If nothing can be trained.
    """
    if processes < 1:
        raise ValueError(
            "processes, or --workers, must be at least 1. "
            f"Received: {processes}"
        )
    setting = prepared(directory, run, model, **settings)
    role = os.environ.get(running.TUNER_ID)
    verbose = setting.options.verbose
    if role and role != running.CHIEF:
        running.run(setting)
        return None
    with only_run(setting.folder), watched(setting.folder, verbose):
        if processes > 1 and not role:
            run_workers(setting, processes)
            schedule = running.finished(setting)
        else:
            schedule = running.run(setting)
    return _finished(setting, schedule, command)


def _finished(setting: Setting, schedule, command) -> Searched:
    """Writes what was found, and trains the winner on all clips."""
    folder, judge = setting.folder, setting.judge
    board = full(
        schedule,
        judge,
        data=Path(setting.told["data"]).name,
        seed=setting.told["seed"],
        seconds=schedule.clock(),
        command=command,
    )
    write_board(board, folder)
    found = results(schedule, judge)
    for name, result in found.items():
        result.save(folder / RESULTS / f"{name}.json")
    write_text(folder / ROW, board["row"] + "\n")
    write_page(folder / PAGE, *draw_search(board))
    for title, (figure, _) in figures_of(board).items():
        name = title.lower().replace(" ", "_")
        (folder / f"{name}.png").write_bytes(png(figure))
    winner = schedule.candidates[schedule.winner or schedule.default.key]
    recipe = formed(setting.space.recipe(winner.values), winner.form)
    model = _trained(setting, replace(recipe, validation_split=0.0))
    return Searched(
        model=model,
        recipe=recipe,
        run=folder / RUN,
        board=board,
        results=found,
    )


def _trained(setting, recipe):
    """Trains the winner, in place of another one of an earlier call."""
    # The epochs of one network more are nothing to look at.
    options = vars(replace(setting.options, verbose=0))
    run = setting.folder / RUN
    try:
        return train(setting.told["data"], run, recipe, **options)
    except ValueError:
        if not (run / CONFIG).is_file():
            raise
        logger.warning("There is another winner than before: %s", run)
        shutil.rmtree(run)
        return train(setting.told["data"], run, recipe, **options)
