"""What is known of a set of pretrained weights: one JSON file per entry.

A preset folder holds the same, as `config.json`, next to its weights: the zoo
is a folder of presets whose weights may lie elsewhere.
"""

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from keras_twostream.flow.spec import FlowSpec

# Model, a dot, and the tag that tells the weights of one model apart.
NAME = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
SHA256 = re.compile(r"[0-9a-f]{64}")
# How the numbers are stored: by this library, or as others published them.
OWN_FORMATS = ("weights.h5", "keras")
FOREIGN_FORMATS = ("matconvnet", "keras-i3d", "pytorch")


class _Fields:
    """A dataclass that JSON can hold and that refuses what it does not know."""

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as a dict that JSON can hold."""
        return json.loads(json.dumps(dataclasses.asdict(self)))  # type: ignore

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """Returns what `to_dict` gave.

        Raises:
            ValueError: If a field is missing, unknown or wrong.
        """
        known = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore
        if not isinstance(fields, Mapping):
            raise _wrong(cls, "must be an object of fields", fields)
        if unknown := [name for name in fields if name not in known]:
            raise _wrong(cls, f"has the fields {[*known]}", unknown)
        absent = dataclasses.MISSING
        needed = [
            name
            for name, f in known.items()
            if f.default is absent and f.default_factory is absent
        ]
        if missing := [name for name in needed if name not in fields]:
            raise _wrong(cls, f"needs the fields {needed}", f"no {missing}")
        return cls(**fields)


@dataclass(frozen=True, kw_only=True)
class WeightsFile(_Fields):
    """Where numbers are, and how to tell that they are these.

    Attributes:
        urls: Addresses of the same bytes, tried in order. One without a
            scheme is the name of a file beside the entry.
        sha256: Their hash in hexadecimal digits; `None` if nobody has
            recorded it, which the first download then does.
        bytes: Their number, if known.
        format: `"weights.h5"` or `"keras"`, or what others published:
            `"matconvnet"`, `"keras-i3d"`, `"pytorch"`.
    """

    urls: tuple[str, ...]
    sha256: str | None = None
    bytes: int | None = None
    format: str = "weights.h5"

    def __post_init__(self) -> None:
        object.__setattr__(self, "urls", tuple(self.urls))
        allowed = (*OWN_FORMATS, *FOREIGN_FORMATS)
        if self.format not in allowed:
            raise _wrong(
                self, f"`format` must be one of {allowed}", self.format
            )
        if not self.urls or not all(isinstance(x, str) for x in self.urls):
            raise _wrong(self, "`urls` must be a list of addresses", self.urls)
        if self.sha256 is not None and not SHA256.fullmatch(self.sha256):
            raise _wrong(self, "`sha256` must be 64 hex digits", self.sha256)
        if self.bytes is not None and not _is_count(self.bytes):
            raise _wrong(self, "`bytes` must be a number above 0", self.bytes)


@dataclass(frozen=True, kw_only=True)
class Metric(_Fields):
    """A figure, and how it was measured.

    Attributes:
        dataset: Of which clips.
        protocol: How: split, views, what was averaged, what chose the epoch.
        value: In percent.
        name: What of, `"top-1"` if not told.
        clips: Number of clips it is a share of, if known.
        streams: Stream -> the figure of the same network when it gets that
            stream alone.
        source: Who measured it; empty for ourselves.
    """

    dataset: str
    protocol: str
    value: float
    name: str = "top-1"
    clips: int | None = None
    streams: Mapping[str, float] = field(default_factory=dict)
    source: str = ""

    def __post_init__(self) -> None:
        for value in (self.value, *self.streams.values()):
            if not isinstance(value, int | float) or not 0 <= value <= 100:
                raise _wrong(self, "figures are percentages, 0 to 100", value)
        if not self.dataset or not self.protocol:
            raise _wrong(self, "needs a dataset and a protocol", self)


@dataclass(frozen=True, kw_only=True)
class Golden(_Fields):
    """What the network answers to the sample of `weights.golden`.

    Attributes:
        scores: Class scores of the sample, as the network gives them.
        tolerance: Largest difference that is not an error.
    """

    scores: tuple[float, ...]
    tolerance: float = 1e-3

    def __post_init__(self) -> None:
        object.__setattr__(self, "scores", tuple(map(float, self.scores)))


@dataclass(frozen=True, kw_only=True)
class Weights(_Fields):
    """A set of pretrained weights and all that is needed to use and judge it.

    Attributes:
        name: `model.tag`; the model is a name of `list_models`.
        description: One sentence.
        file: `WeightsFile`.
        network: Arguments of `build` other than those below.
        class_names: Names of the classes, in the order of the scores.
        flow: `FlowSpec` of the flow that it was trained on.
        sampling: Settings by which samples are cut from clips.
        training: What it was trained on and how, as text by heading.
        metrics: Figures with their protocols.
        parameters: Number of parameters, if counted.
        limits: What it is good for and what not.
        licence: Of the weights: an SPDX identifier or a sentence.
        citation: Whom to cite.
        golden: `Golden`, or `None` where nobody has run the numbers.
        unverified: What is not verified here, empty if all is.

    Raises:
        ValueError: If a field holds what it cannot hold.
    """

    name: str
    description: str
    file: WeightsFile
    network: Mapping[str, Any]
    class_names: tuple[str, ...] | None
    flow: FlowSpec
    licence: str
    sampling: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()
    parameters: int | None = None
    limits: str = ""
    citation: str = ""
    golden: Golden | None = None
    unverified: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name):
            raise _wrong(self, "`name` must be 'model.tag'", self.name)
        if self.class_names is not None:
            object.__setattr__(self, "class_names", tuple(self.class_names))
        for name, cls in _PARTS.items():
            value = getattr(self, name)
            if isinstance(value, Mapping):
                object.__setattr__(self, name, cls.from_dict(value))
        metrics = [
            Metric.from_dict(x) if isinstance(x, Mapping) else x
            for x in self.metrics
        ]
        object.__setattr__(self, "metrics", tuple(metrics))
        if not self.unverified and not (self.file.sha256 and self.golden):
            raise _wrong(
                self,
                "needs a sha256 and a golden sample, or says in `unverified` "
                "what is not verified",
                self.name,
            )

    @property
    def model(self) -> str:
        """Name of the network."""
        return self.name.partition(".")[0]


_PARTS: dict[str, Any] = {
    "file": WeightsFile,
    "flow": FlowSpec,
    "golden": Golden,
}


def parse_entry(content: str | bytes, origin: object) -> Weights:
    """Returns the entry that is written in JSON.

    Args:
        content: The JSON text.
        origin: Where it comes from, for errors.

    Raises:
        ValueError: If it is not an entry; the message names origin and field.
    """
    try:
        return Weights.from_dict(json.loads(content))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{origin} is no entry of a zoo: {error}") from error


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 1


def _wrong(what: Any, allowed: str, value: Any) -> ValueError:
    cls = what if isinstance(what, type) else type(what)
    return ValueError(f"{cls.__name__} {allowed}. Received: {value!r}")
