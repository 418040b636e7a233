"""The columns of the table of networks, and what each value of them means."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from keras_twostream.backbones.graph import LAST_MAP
from keras_twostream.models.table import get_spec
from keras_twostream.training.choosing import frozen_below
from keras_twostream.training.recipe import TOWERS, Recipe
from keras_twostream.training.recipes import read_recipe

# Values of columns as KerasTuner and JSON hold them.
Value = str | int | float | bool

# Column of named networks, if there is one.
ROW = "row"
# The columns that say which fusion and where.
ASKED = ("location", "fusion", ROW)

LATE = "softmax"
# Location -> where streams are fused. Of several the later ones are sums, as
# in Table 2 of the paper, where they are no maps any more.
LOCATIONS = {
    "relu2": ("relu2",),
    "relu3": ("relu3",),
    "relu4": ("relu4",),
    "relu5": ("relu5",),
    "pool5": ("pool5",),
    "relu3+relu5": ("relu3", "relu5"),
    "relu5+fc8": ("relu5", "fc8"),
    LATE: (LATE,),
}
FUSIONS = ("sum", "max", "concat", "conv", "conv3d", "bilinear")
CONVOLUTIONS = ("conv", "conv3d")
# How a fusion by convolution starts: as the sum of the streams, the flow three
# times as strong as in the paper or both alike, or by chance.
_SUM = "keras_twostream>IdentitySum"
STARTS: dict[str, dict[str, Any]] = {
    "paper": {},
    "equal": {"class_name": _SUM, "config": {"stream_weights": [0.5, 0.5]}},
    "chance": {"class_name": "GlorotUniform", "config": {}},
}
# How the time axis of a clip ends. The paper's 2D and 3D pooling, ordered
# parts, an LSTM (Ng et al. 2015), a convolution along time (the same).
TIMES: dict[str, dict[str, Any]] = {
    "average": {"fc8": "average"},
    "parts": {"relu7": {"segments": 3}},
    "pool3d": {"pool5": "max"},
    "lstm": {"relu7": [{"kind": "lstm", "units": 128}, "average"]},
    "conv": {
        "pool5": [
            {"kind": "conv", "filters": 128, "kernel_size": (3, 1, 1)},
            "max",
        ]
    },
}
# What a named recipe says of learning, without its network and its data.
LEARNING = (
    *("optimizer", "learning_rate", "momentum", "weight_decay", "schedule"),
    *("drops",),
    *("warmup", "clip_norm", "label_smoothing", "batch_size", "batch_norm"),
)
DROPOUTS = (0.2, 0.5, 0.8)
RATES = (1e-3, 2e-3, 5e-3, 1e-2)
# What stays as it was learnt before: all up to where streams meet first, or
# the whole of the image networks.
BELOW = "below"
FROZEN = (BELOW, TOWERS)
# Frames of a clip, where clips are long enough.
FEW, PARTS = 4, 3


@dataclass(frozen=True, kw_only=True)
class Column:
    """One question of the search, and its answers.

    Attributes:
        values: Dict of value -> settings of `training.Recipe` that it means.
        default: The value of the default network.
        given: Dict of another column -> values of it with which this column
            has a meaning; empty for always.

    Raises:
        ValueError: If there are no values, or the default is none of them.
    """

    values: Mapping[Value, Mapping[str, Any]]
    default: Value
    given: Mapping[str, Sequence[Value]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.default not in self.values:
            raise ValueError(
                f"A column's default is one of its values {[*self.values]}. "
                f"Received: {self.default!r}"
            )
        if len({type(value) for value in self.values}) > 1:
            raise ValueError(
                "The values of a column are all text, all integers, all "
                f"floats or all booleans. Received: {[*self.values]}"
            )

    @classmethod
    def of(cls, setting: str, values: Sequence[Any], **more: Any) -> "Column":
        """Returns the column of a setting that is itself what varies.

        Args:
            setting: Field of `training.Recipe`, such as "weight_decay".
            values: Its values, the first of which is the default.
            **more: `default` and `given`.
        """
        meant = {value: {setting: value} for value in values}
        return cls(**({"values": meant, "default": values[0]} | more))

    def narrowed(self, values: Sequence[Any]) -> "Column":
        """Returns the column with some of its values.

        Args:
            values: The values to keep; the default is the first of them if it
                is not kept.
        """
        default = self.default if self.default in values else values[0]
        kept = {value: self.values[value] for value in values}
        return dataclasses.replace(self, values=kept, default=default)


def rows_column(*names: str) -> Column:
    """Returns a column of named networks, the rows of the table.

    It takes the place of those columns that say what is fused where.

    Args:
        *names: Names of `list_models`, the first of which is the default.

    Raises:
        ValueError: If there is no such network.
    """
    values: dict[Value, dict[str, Any]] = {
        name: {"model": name, "freeze": frozen_below(get_spec(name))}
        for name in names
    }
    return Column(values=values, default=names[0])


def recipes_column(*names: str) -> Column:
    """Returns a column of recipes: how a network learns.

    Args:
        *names: Names or files of recipes, see `training.list_recipes`.
    """
    values: dict[Value, dict[str, Any]] = {"chosen": {}}
    for name in names:
        last = [*read_recipe(name).steps().values()][-1]
        values[name] = {key: getattr(last, key) for key in LEARNING}
    return Column(values=values, default="chosen")


def default_columns(base: Recipe, longest: int) -> dict[str, Column]:
    """Returns the columns of the default search.

    Args:
        base: `Recipe` of the default network.
        longest: Most frames that a sample can have.
    """
    several = base.frames or 1
    lengths = sorted({1, min(FEW, longest), min(several, longest)})
    moving = dataclasses.replace(base.crop, region="motion", keep_aspect=True)
    crops = {"whole frame": base.crop, "what moves": moving}
    fused = {"location": tuple(x for x in LOCATIONS if x != LATE)}
    deeper = tuple(x for x in fused["location"] if x != LAST_MAP)
    clips = {"frames": tuple(n for n in lengths if n >= PARTS)}
    columns = {
        "location": Column(
            values={x: {"location": at} for x, at in LOCATIONS.items()},
            default="relu5",
        ),
        "fusion": Column.of("fusion", FUSIONS, default="conv", given=fused),
        "start": Column(
            values={x: {"start": how} for x, how in STARTS.items()},
            default="paper",
            given={"fusion": CONVOLUTIONS},
        ),
        "keep": Column.of("keep", (False, True), given=fused),
        "frames": Column(
            values={n: _clip(n) for n in lengths},
            default=lengths[-1],
        ),
        "time": Column(
            values={x: {"time": how} for x, how in TIMES.items()},
            default="parts",
            given=clips,
        ),
        "freeze": Column.of("freeze", FROZEN, given={"location": deeper}),
        "seen": Column(
            values={
                name: {"crop": dataclasses.asdict(crop)}
                for name, crop in crops.items()
            },
            default="whole frame",
        ),
        "dropout": Column.of("dropout", DROPOUTS, default=0.5),
        "learning_rate": Column.of("learning_rate", RATES, default=2e-3),
    }
    if not clips["frames"]:
        del columns["time"]
    return columns


def _clip(frames):
    """Returns the settings of so many frames."""
    return {"frames": frames} if frames > 1 else {"frames": None, "time": None}
