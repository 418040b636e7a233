"""From clips and a few words to the setting of a search."""

import dataclasses
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_twostream.data.choosing import chosen_clips, prepared_in
from keras_twostream.remote.address import as_path
from keras_twostream.search.board import replace
from keras_twostream.search.columns import Column, Value
from keras_twostream.search.jobs import Amounts
from keras_twostream.search.limits import Limits
from keras_twostream.search.setting import SETTINGS, Setting
from keras_twostream.search.space import Space
from keras_twostream.training.choosing import (
    CROSSED,
    ClipFacts,
    choose,
    has_accelerator,
)
from keras_twostream.training.clips import check_classes
from keras_twostream.training.options import Options
from keras_twostream.training.starts import start_of
from keras_twostream.training.trials import surveyed

# Settings with which a search may go on when they are other ones.
MAY_CHANGE = ("amounts", "options")
# Of the best, how many are trained from end to end where clips are many.
END_TO_END = 3


def prepared(
    directory: Any,
    run: Any,
    model: str | None = None,
    *,
    columns: Mapping[str, Any] | None = None,
    also: Any = (),
    limits: Limits | None = None,
    overwrite: bool = False,
    **settings: Any,
) -> Setting:
    """Makes the setting of a search, or finds it where it was begun.

    Args:
        directory: Folder of the clips, one sub-folder per class, or a
            prepared set.
        run: Folder of the search; made if need be.
        model: As for `finetune`, what to start from.
        columns: Changes of the default space, as for `Space.changed`.
        also: Prepared sets of the same clips with other flow, which becomes
            a column.
        limits: `Limits` of what is tried.
        overwrite: Whether to begin anew where there is a search already.
        **settings: Settings of `Amounts` and `Options`, and of `Recipe` those
            that are the same for all combinations.

    Returns:
        `Setting`.

    Raises:
        ValueError: If clips or settings cannot be used, or the folder holds
            another search.
    """
    run = Path(run)
    if overwrite and (run / SETTINGS).is_file():
        shutil.rmtree(run)
    amounts, options, fixed = (
        _of(Amounts, settings),
        _of(Options, settings),
        _others(settings, Amounts, Options),
    )
    clips = chosen_clips(directory)
    names = check_classes(clips, directory)
    start = start_of(model, names, has_accelerator(), fixed)
    dataset = surveyed(clips, fixed | start, options)
    start["flow"] = dataset.flow_spec
    facts = ClipFacts.of(dataset)
    base, _ = choose(facts, start, **fixed)
    if facts.clips > CROSSED and "end_to_end" not in settings:
        amounts = dataclasses.replace(amounts, end_to_end=END_TO_END)
    space = Space.of(base)
    changes = _flows(directory, also) | _fixed(space, fixed)
    space = space.changed(**(changes | dict(columns or {})))
    told = {
        "data": str(as_path(directory).resolve()),
        "also": [str(Path(x).resolve()) for x in also],
        "class_names": list(names),
        "seed": base.seed,
        "space": space.to_dict(),
        "limits": (limits or Limits()).to_dict(),
        "amounts": dataclasses.asdict(amounts),
        "options": dataclasses.asdict(options) | {"callbacks": ()},
    }
    _write(run, told)
    return Setting.open(run, options)


def _fixed(space, settings):
    """Returns the columns that settings decide."""
    return {
        # What is no value of the column is that of the default network.
        name: value if value in [*space.columns[name].values] else None
        for name, value in settings.items()
        if name in space.columns
    }


def _flows(directory, also):
    """Returns the column of flow, if clips are there with several."""
    if not also:
        return {}
    values: dict[Value, Any] = {}
    for place in (directory, *also):
        found = prepared_in(place)
        if found is None:
            raise ValueError(
                "Other flow is that of prepared sets of the same clips, made "
                f"by `keras-twostream prepare`. Received: {place}"
            )
        values[Path(place).name] = {"flow": dataclasses.asdict(found.flow)}
    first = next(iter(values))
    return {"flow": Column(values=values, default=first)}


def _write(run, told):
    """Writes the settings, unless the folder holds other ones."""
    text = json.dumps(told, indent=1, default=str)
    wanted, path = json.loads(text), run / SETTINGS
    if path.is_file():
        known = json.loads(path.read_text(encoding="utf-8"))
        unlike = [
            key
            for key, value in wanted.items()
            if key not in MAY_CHANGE and known.get(key) != value
        ]
        if unlike:
            raise ValueError(
                f"{run} holds a search with other {', '.join(unlike)}. Choose "
                "another folder, or overwrite it"
            )
    run.mkdir(parents=True, exist_ok=True)
    replace(path, text + "\n")


def _names(cls):
    return {field.name for field in dataclasses.fields(cls)}


def _of(cls, settings):
    return cls(**{k: v for k, v in settings.items() if k in _names(cls)})


def _others(settings, *classes):
    taken = set().union(*map(_names, classes))
    return {k: v for k, v in settings.items() if k not in taken}
