"""How soon a search finds what was planted, beside random choice.

The search looks at combinations on maps of frozen towers that are computed
once, by five networks or more; random choice is KerasTuner's `RandomSearch`
over the same space, which trains every combination from end to end, on one
split of the clips or judged by five networks too. They take turns, seed by
seed. Of random choice only some combinations are trained, for the seconds of
one; how many it draws until it hits what was planted is drawn many times
without training. Clips and flow are prepared for both beforehand.

Run it: python benchmarks/search_planted.py [--folder DIR] [--output FILE]
"""

import argparse
import dataclasses
import json
import logging
import tempfile
import time
from pathlib import Path

import keras_tuner
import numpy as np
from planted_set import (
    CLIPS,
    draws_until_planted,
    is_planted,
    setting_of,
    written,
)

from keras_twostream.cli.output import print_table
from keras_twostream.search import FusionHyperModel
from keras_twostream.training.clips import parts_of
from keras_twostream.training.fitting import Stage

JUDGED = "clips that nothing has seen"
# How random choice judges a combination.
RIVALS = {
    "ratio": "trained on one split of the clips",
    "ratio_by_five": "judged by five networks, as in a first look",
}


def searched(setting):
    """Runs a search until its winner is chosen.

    Args:
        setting: `search.Setting`.

    Returns:
        Dict: number of the first planted combination in the order of
        proposal, seconds until one led for good, seconds in all, and whether
        one won.
    """
    began = time.perf_counter()
    schedule = setting.schedule()
    led = None
    for jobs in schedule.batches():
        if schedule.step == JUDGED:
            break
        for job in jobs:
            recipe, plan = job.recipe(setting.space), setting.judge.plan
            setting.judge.ask(recipe, job.nets(plan), job.seed)
        alive = schedule.standing.alive(schedule.candidates)
        leads = bool(alive) and is_planted(alive[0].values)
        led = (led or time.perf_counter() - began) if leads else None
    every = [*schedule.candidates.values()]
    planted = [i for i, x in enumerate(every, 1) if is_planted(x.values)]
    winner = schedule.candidates[schedule.winner].values
    return {
        "proposed": len(every),
        "found_at": planted[0] if planted else None,
        "led_after": led,
        "seconds": time.perf_counter() - began,
        "winner": winner,
        "won": is_planted(winner),
    }


class Timed(FusionHyperModel):
    """Notes how long training takes, without building the network."""

    seconds = 0.0

    def fit(self, hp, model, *args, **kwargs):
        began = time.perf_counter()
        found = super().fit(hp, model, *args, **kwargs)
        self.seconds += time.perf_counter() - began
        return found


def seconds_at_random(setting, data, folder, trials):
    """Returns the seconds of a combination that is trained from end to end.

    On one split of the clips, and by as many networks as a first look has.

    Args:
        setting: `search.Setting`, whose space is drawn from.
        data: Folder of the clips.
        folder: Folder for KerasTuner.
        trials: Combinations to train.
    """
    space, names = setting.space, setting.judge.class_names
    recipe = dataclasses.replace(space.base, draws=None, validation_split=0.2)
    parts = parts_of(data, recipe)
    sets = Stage(parts, recipe, folder, names, {}, setting.options, quiet=True)
    steps = sets.training.feed.steps.per_epoch
    hypermodel = Timed(space, names, steps_per_epoch=steps)
    tuner = keras_tuner.RandomSearch(
        hypermodel,
        objective=keras_tuner.Objective("val_accuracy", "max"),
        max_trials=trials,
        # What cannot be built is no combination, and costs nothing.
        max_consecutive_failed_trials=100,
        seed=recipe.seed,
        directory=str(folder),
        project_name=f"random{recipe.seed}",
        overwrite=True,
    )
    began = time.perf_counter()
    tuner.search(
        sets.training,
        validation_data=sets.validation,
        epochs=recipe.epochs,
        shuffle=False,
        verbose=0,
    )
    ended = [
        trial
        for trial in tuner.oracle.trials.values()
        if trial.status == "COMPLETED"
    ]
    seconds, count = time.perf_counter() - began, max(len(ended), 1)
    more = len(setting.judge.plan.rungs[0]) - 1
    return seconds / count, (seconds + more * hypermodel.seconds) / count


def by_turns(folder, clips, trials, trained, seeds):
    """Yields a dict of figures for each seed.

    Args:
        folder: Folder for everything.
        clips: Clips of each class.
        trials: Most combinations of the search.
        trained: Combinations of random choice that are trained.
        seeds: Seeds of the searches.
    """
    data, towers = written(folder, clips)
    for seed in seeds:
        setting = setting_of(folder, data, towers, seed, trials=trials, seeds=2)
        told = searched(setting)
        once, five = seconds_at_random(setting, data, folder, trained)
        draws = draws_until_planted(setting.space, seed)
        found = told | {
            "seed": seed,
            "random_seconds": once,
            "random_seconds_by_five": five,
            "random_found_at": float(draws.mean()),
            "random_within_trials": float((draws <= trials).mean()),
        }
        led, draws = found["led_after"], found["random_found_at"]
        ratios = [x * draws / led if led else None for x in (once, five)]
        yield found | {"ratio": ratios[0], "ratio_by_five": ratios[1]}


def report(found):
    """Prints the table of all seeds, and what it says."""
    rows = [
        (
            row["seed"],
            row["found_at"] or "-",
            f"{row['led_after']:.0f} s" if row["led_after"] else "-",
            f"{row['seconds']:.0f} s",
            "planted" if row["won"] else "other",
            f"{row['random_found_at']:.1f}",
            f"{row['random_seconds']:.1f} s",
            f"{row['random_seconds_by_five']:.1f} s",
            f"{row['ratio']:.1f}" if row["ratio"] else "-",
            f"{row['ratio_by_five']:.1f}" if row["ratio"] else "-",
        )
        for row in found
    ]
    titles = ("seed", "found at", "led after", "whole search", "winner")
    titles += ("random: found at", "one takes", "by five")
    titles += ("times faster", "than by five")
    print_table(titles, rows)
    at = [row["found_at"] or row["proposed"] + 1 for row in found]
    print(
        f"The search proposed what was planted as number {np.mean(at):.1f} on "
        f"average ({min(at)} to {max(at)})."
    )
    for key, how in RIVALS.items():
        ratios = [row[key] for row in found if row[key]] or [np.nan]
        print(
            f"It led {np.median(ratios):.1f} ({min(ratios):.1f} to "
            f"{max(ratios):.1f}) times sooner than random choice does, {how}."
        )
    print(
        "The seconds of random choice are those of one combination times the "
        "number that it draws on average, not measured as a whole."
    )


def main(folder, output, **amounts):
    """Measures, prints a table and writes the JSON file."""
    logging.getLogger("keras_twostream").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as temporary:
        found = []
        for row in by_turns(Path(folder or temporary), **amounts):
            found.append(row)
            print(json.dumps(row), flush=True)
    report(found)
    if output:
        text = json.dumps(amounts | {"found": found}, indent=2)
        Path(output).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", help="for clips and towers; temporary")
    parser.add_argument("--seeds", type=int, nargs="+", default=[*range(5)])
    parser.add_argument("--clips", type=int, default=CLIPS)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--trained", type=int, default=2)
    parser.add_argument("--output", help="JSON file for the figures")
    main(**vars(parser.parse_args()))
