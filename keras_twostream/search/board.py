"""What a search has found so far, and in the end, as data."""

import csv
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from keras_twostream.evaluation.metrics import interval
from keras_twostream.search.importance import importance
from keras_twostream.search.jobs import name_of
from keras_twostream.search.judge import Judge
from keras_twostream.search.meaning import row_of
from keras_twostream.search.schedule import Schedule
from keras_twostream.search.unseen import unseen
from keras_twostream.training.networks import spec_of

COMPLETE, DROPPED = "complete", "dropped"
FAILED, PASSED_OVER = "failed", "passed over"
WAITING, LOOKED_AT = "waiting", "first look"
LEADERBOARD = ("leaderboard.json", "leaderboard.csv")


def live(schedule: Schedule, seconds: float) -> dict[str, Any]:
    """Returns what there is to see while a search goes on.

    Args:
        schedule: `Schedule`.
        seconds: How long it has taken.
    """
    rows = [_live_row(schedule, x) for x in schedule.candidates.values()]
    return {
        "step": schedule.step,
        "seconds": seconds,
        "combinations": sum(not x.form for x in schedule.candidates.values()),
        "budget": schedule.amounts.budget,
        "trials": schedule.amounts.trials,
        "rows": rows,
    }


def _live_row(schedule, candidate):
    answers = schedule.standing.known(candidate.key)
    score = schedule.scoring.overall(answers)
    return {
        "name": name_of(candidate),
        "status": _status(schedule, candidate),
        "networks": sum(map(len, answers)),
        "accuracy": score.accuracy if answers else None,
    }


def full(schedule: Schedule, judge: Judge, **told: Any) -> dict[str, Any]:
    """Returns the leaderboard of a search with all that follows from it.

    Args:
        schedule: `Schedule` whose batches are done.
        judge: `Judge`.
        **told: What else it says: "data", "seed", "seconds", "command".

    Returns:
        Dict as `report.search_page.draw_search` takes it.
    """
    rows = [_row(schedule, judge, x) for x in schedule.candidates.values()]
    rows.sort(key=lambda row: (-row["seeds"], -(row["accuracy"] or 0)))
    winner = [row for row in rows if row["winner"]]
    rows = winner + [row for row in rows if not row["winner"]]
    rows.sort(key=lambda row: row["accuracy"] is None)
    for number, row in enumerate(rows, 1):
        row["rank"] = number
    columns = [*schedule.space.columns]
    chosen = schedule.candidates[schedule.winner or schedule.default.key]
    recipe = schedule.space.recipe(chosen.values)
    return {
        "clips": len(judge.labels),
        "class_names": list(judge.class_names),
        "folds": schedule.plan.told,
        "columns": columns,
        "rows": rows,
        "unseen": unseen(schedule, judge),
        "importance": importance(rows, columns),
        "row": row_of(spec_of(recipe)),
        **told,
    }


def _row(schedule, judge, candidate):
    answers = schedule.standing.known(candidate.key)
    score = schedule.scoring.overall(answers)
    low, high = score.interval(judge.groups) if answers else (None, None)
    costs = candidate.costs
    seeds = range(schedule.amounts.seeds)
    return {
        "name": name_of(candidate),
        "key": candidate.key,
        "values": dict(candidate.values),
        "status": _status(schedule, candidate),
        "why": candidate.why or schedule.standing.failure(candidate.key),
        "networks": sum(map(len, answers)),
        "seeds": len(schedule.standing.complete(candidate.key)),
        "accuracy": score.accuracy if answers else None,
        "low": low,
        "high": high,
        **_beside_default(schedule, judge, score if answers else None),
        "parameters": costs and costs.parameters,
        "multiply_adds": costs and costs.multiply_adds,
        "seconds": round(
            sum(schedule.answers.seconds(candidate.key, s) for s in seeds), 2
        ),
        "default": candidate.key == schedule.default.key,
        "winner": candidate.key == schedule.winner,
    }


def _beside_default(schedule, judge, score):
    """Returns the difference to the default, clip by clip."""
    default = schedule.scoring.overall(
        schedule.standing.known(schedule.default.key)
    )
    gains = None if score is None else score.right - default.right
    if gains is None or not np.isfinite(gains).any():
        return {"difference": None, "gain_low": None, "gain_high": None}
    known = np.isfinite(gains)
    groups = judge.groups
    groups = groups and [g for g, x in zip(groups, known, strict=True) if x]
    low, high = interval(gains[known], groups)
    return {
        "difference": float(gains[known].mean()),
        "gain_low": low,
        "gain_high": high,
    }


def _status(schedule, candidate):
    if candidate.why:
        return PASSED_OVER
    if schedule.standing.failure(candidate.key):
        return FAILED
    if schedule.standing.complete(candidate.key):
        return COMPLETE
    if candidate.judged:
        return DROPPED if not candidate.parts else WAITING
    looked = schedule.standing.known(candidate.key, schedule.plan.rungs[0])
    return LOOKED_AT if looked else WAITING


def write_board(board: dict[str, Any], folder: Path) -> None:
    """Writes a leaderboard as JSON and as CSV, whole or not at all.

    Args:
        board: Of `full`.
        folder: Folder to write to.
    """
    text = json.dumps(board, indent=1, ensure_ascii=False, default=str)
    replace(folder / LEADERBOARD[0], text + "\n")
    partial = folder / f".{os.getpid()}.{LEADERBOARD[1]}"
    plain = [key for key in board["rows"][0] if key != "values"]
    with partial.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow([*plain, *board["columns"]])
        for row in board["rows"]:
            values = [row["values"].get(name, "") for name in board["columns"]]
            lines.writerow([row[key] for key in plain] + values)
    partial.replace(folder / LEADERBOARD[1])


def replace(path: Path, text: str) -> None:
    """Writes a text file, whole or not at all."""
    partial = path.with_name(f".{os.getpid()}.{path.name}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
