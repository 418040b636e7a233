"""What is known from clips that the search never saw."""

import dataclasses
from typing import Any

import numpy as np

from keras_twostream.evaluation.comparing import compare
from keras_twostream.evaluation.files import BESIDE
from keras_twostream.evaluation.fusing import fuse_results
from keras_twostream.evaluation.metrics import summarize
from keras_twostream.evaluation.result import Result
from keras_twostream.search.answers import key_of
from keras_twostream.search.jobs import FLOW, RGB, formed, name_of
from keras_twostream.search.judge import Judge
from keras_twostream.search.meaning import title
from keras_twostream.search.schedule import Schedule

DEFAULT, LATE, WINNER = "default", "late", "winner"


def results(schedule: Schedule, judge: Judge) -> dict[str, Result]:
    """Returns what was answered about clips that the search never saw.

    Args:
        schedule: `Schedule` whose batches are done.
        judge: `Judge`.

    Returns:
        Dict of "winner" (for each part what was chosen without it),
        "default", "rgb", "flow" and "late" -> `Result`; empty if networks are
        missing.
    """
    default = schedule.default.key
    keys = dict(schedule.chosen)
    plain = schedule.space.recipe(schedule.default.values)
    forms = {form: key_of(formed(plain, form)) for form in (RGB, FLOW)}
    asked = {
        WINNER: keys,
        DEFAULT: dict.fromkeys(keys, default),
        **{name: dict.fromkeys(keys, key) for name, key in forms.items()},
    }
    found = {
        name: result
        for name, of in asked.items()
        if (result := _result(schedule, judge, name, of)) is not None
    }
    if {RGB, FLOW} <= {*found}:
        both = found[RGB], found[FLOW]
        found[LATE] = fuse_results(*both, weights=(1, 1)).result
    return found


def _result(schedule, judge, name, keys):
    """Returns the answers of outer networks as a result."""
    clips, rows = [], []
    for part in schedule.plan.outer:
        found = schedule.answers.of(keys.get(part.name, ""), 0)
        if part.name not in found:
            return None
        clips.append(part.answers)
        rows.append(found[part.name])
    numbers = np.concatenate(clips)
    order = np.argsort(numbers)
    groups = judge.groups
    return Result(
        clips=tuple(judge.names[i] for i in numbers[order]),
        labels=judge.labels[numbers[order]],
        scores=np.concatenate(rows)[order],
        class_names=judge.class_names,
        protocol=dataclasses.replace(judge.protocol, folds=schedule.plan.told),
        groups=groups and tuple(groups[i] for i in numbers[order]),
        made={"model": name, "chosen": keys},
    )


def unseen(schedule: Schedule, judge: Judge) -> dict[str, Any]:
    """Returns figures of clips that the search never saw.

    Args:
        schedule: `Schedule` whose batches are done.
        judge: `Judge`.

    Returns:
        Dict as `report.search_page.draw_search` takes it; empty if there are
        none.
    """
    found = results(schedule, judge)
    if WINNER not in found:
        return {}
    whole = found[WINNER]
    figures = summarize(whole)
    low, high = figures["interval"]
    default = f"default {title(schedule.default.values)}"
    names = {DEFAULT: default} | BESIDE
    others = []
    for name in (DEFAULT, LATE, RGB, FLOW):
        if name in found:
            beside = compare(found[name], whole)
            others.append(
                {
                    "name": names[name],
                    "accuracy": found[name].accuracy,
                    "right": int(found[name].right.sum()),
                    "difference": beside["difference"],
                    "low": beside["interval"][0],
                    "high": beside["interval"][1],
                    "p": beside["p"],
                }
            )
    winner = schedule.candidates[schedule.winner or schedule.default.key]
    return {
        "clips": len(whole),
        "protocol": str(whole.protocol),
        "winner": {
            "name": name_of(winner),
            "accuracy": whole.accuracy,
            "low": low,
            "high": high,
            "right": int(whole.right.sum()),
        },
        "others": others,
    }
