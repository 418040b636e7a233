"""What a combination is: a network, its name, and its row in the table."""

from collections.abc import Mapping
from typing import Any

from keras_twostream.backbones.base import LOGITS, STRIDES
from keras_twostream.backbones.graph import LAST_MAP
from keras_twostream.models.request import name_of
from keras_twostream.models.spec import Spec
from keras_twostream.models.table import MODELS
from keras_twostream.search.columns import BELOW, LATE, ROW, Value
from keras_twostream.training.choosing import DEEPEST

# Row of late fusion, and of the network whose fusions are replaced.
LATE_FUSION, FUSED = "sum_softmax", "conv_relu5"


def title(values: Mapping[str, Value]) -> str:
    """Returns what to call a combination in a table.

    Args:
        values: Dict of column -> value.

    Example:

    >>> title({"location": "relu5", "fusion": "sum", "frames": 4,
    ...        "time": "parts", "keep": True})
    'sum_relu5_parts_plus'
    """
    if ROW in values:
        return str(values[ROW])
    fusion = values.get("fusion", "sum")
    location = str(values.get("location", "relu5")).replace("+", "_")
    words = [fusion, location, values.get("time")]
    words += ["plus"] if values.get("keep") else []
    return "_".join(str(word) for word in words if word)


def row_of(spec: Spec) -> str:
    """Returns a network as the row of the table that it would be.

    Args:
        spec: The `models.spec.Spec`.
    """
    plain = Spec()
    told = {
        name: getattr(spec, name)
        for name in ("fuse", "time", "keep", "frames", "flow_frames", "align")
        if getattr(spec, name) != getattr(plain, name)
    }
    name = name_of(spec.fuse) + ("_plus" if spec.keep else "")
    fields = "".join(f"    {key}={value!r},\n" for key, value in told.items())
    return f'"{name}": Spec(\n{fields}),'


def settings_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Returns settings with those of fusion in the words of a recipe.

    Args:
        settings: What the columns say: settings of `training.Recipe`, and
            "location", "fusion" and "start".
    """
    told = dict(settings)
    locations = told.pop("location", None)
    fusion, start = told.pop("fusion", "conv"), told.pop("start", {})
    if locations is None:
        if told.get("freeze") == BELOW:
            del told["freeze"]
        return told
    if told.get("freeze", BELOW) == BELOW:
        first = locations[0]
        told["freeze"] = first if first in STRIDES | {LAST_MAP: 0} else DEEPEST
    if tuple(locations) == (LATE,):
        return told | {"model": LATE_FUSION, "fuse": None, "keep": None}
    how = fusion
    if start:
        options = {"kind": fusion} if isinstance(fusion, str) else dict(fusion)
        how = options | {"kernel_initializer": start}
    fuse = {at: "sum" if at == LOGITS else how for at in locations}
    keep = told.get("keep") or None
    return told | _named(fuse) | {"keep": keep}


def _named(fuse):
    """Returns the row that fuses so, or the settings of one that would."""
    for name, spec in MODELS.items():
        if (spec.fuse, spec.frames, spec.keep) == (fuse, None, False):
            return {"model": name, "fuse": None}
    return {"model": FUSED, "fuse": fuse}
