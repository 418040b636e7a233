"""Protocols: how many looks at a clip make an answer."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from keras_twostream.data.options import PLACES

AVERAGES = ("probabilities", "logits")
# Moments of a clip that are looked at, if nobody says otherwise.
VIEWS = 5
# Numbers of moments whose worth a sweep measures.
COUNTS = (1, 2, 3, 5, 10, 25)
# The network with all its streams, beside those that it gets alone.
ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How the scores of a clip come about.

    Attributes:
        views: Moments of the clip, evenly spaced, that are looked at.
        places: Which crops of every moment, see `data.SampleSpec`.
        flips: Whether mirror images are looked at as well.
        average: What is averaged over the views, "probabilities", or "logits",
            the scores before softmax.
        whole_frame: Whether the network slides over the whole frame, of which
            its scores before softmax are averaged.
        folds: How clips were kept from the network that answers for them, if
            not by one split: "10 groups" for leaving one of ten groups out.

    Raises:
        ValueError: If an attribute holds what it cannot hold.
    """

    views: int = VIEWS
    places: str = "center"
    flips: bool = False
    average: str = "probabilities"
    whole_frame: bool = False
    folds: str | None = None

    def __post_init__(self) -> None:
        if self.views < 1:
            raise ValueError(
                f"`views` must be at least 1. Received: views={self.views}"
            )
        for name, allowed in (("places", PLACES), ("average", AVERAGES)):
            if (value := getattr(self, name)) not in allowed:
                raise ValueError(
                    f"`{name}` must be one of {allowed}. "
                    f"Received: {name}={value!r}"
                )
        if self.whole_frame and self.places != "center":
            raise ValueError(
                "There is one whole frame, and no other place. Received: "
                f"whole_frame=True, places={self.places!r}"
            )

    def __str__(self) -> str:
        words = [f"{self.views} views" if self.views > 1 else "1 view"]
        if self.whole_frame:
            words.append("of the whole frame")
        elif self.places != "center":
            words.append(f"of {_CROPS[self.places]} crops")
        if self.flips:
            several = self.views > 1 or self.places != "center"
            words.append(
                "and their mirror images" if several else "and its mirror image"
            )
        if self.views > 1 or self.flips or self.places != "center":
            words.append(f"whose {self.average} are averaged")
        if self.folds:
            words.append(f"leaving out one of {self.folds}")
        return ", ".join([" ".join(words[:3]), *words[3:]])

    def shown(self) -> dict[str, Any]:
        """Returns the arguments of a dataset that shows these views."""
        return {
            "views": self.views,
            "view_places": self.places,
            "view_flips": self.flips,
        }

    def to_dict(self) -> dict[str, Any]:
        """Returns the attributes as a dict that JSON can hold."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """Returns the protocol whose `to_dict()` gave `fields`.

        Raises:
            TypeError: If names are unknown.
            ValueError: If a value is wrong.
        """
        return cls(**fields)


_CROPS = {"three": 3, "corners": 5}

# Name -> protocol. Sources: Simonyan and Zisserman (2014), section 5; their
# ten crops are five places and mirror images. Feichtenhofer et al. (2016),
# section 4.3, and their code. Wang et al. (2016), section 5.1. Wang et al.
# (2018) and others: ten moments, three crops.
PROTOCOLS = {
    "quick": Protocol(views=1),
    "default": Protocol(),
    "simonyan2014": Protocol(views=25, places="corners", flips=True),
    "feichtenhofer2016": Protocol(
        views=20, flips=True, average="logits", whole_frame=True
    ),
    "feichtenhofer2016_streams": Protocol(
        views=25, flips=True, average="logits", whole_frame=True
    ),
    "tsn": Protocol(views=25, places="corners", flips=True, average="logits"),
    "ten_by_three": Protocol(views=10, places="three"),
}


def get_protocol(protocol: str | Protocol) -> Protocol:
    """Returns a protocol by its name.

    Args:
        protocol: Key of `PROTOCOLS`, or a `Protocol`.

    Raises:
        ValueError: If nothing is called so.
    """
    if isinstance(protocol, Protocol):
        return protocol
    if protocol not in PROTOCOLS:
        raise ValueError(
            f"There is no protocol {protocol!r}. There are: "
            f"{', '.join(PROTOCOLS)}"
        )
    return PROTOCOLS[protocol]
