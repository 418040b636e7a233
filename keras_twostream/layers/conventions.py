"""How families of networks want their input."""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import NamedTuple

IMAGENET_MEAN = (123.68, 116.779, 103.939)


class Convention(NamedTuple):
    """How a family of networks wants its input.

    Attributes:
        scale: RGB becomes `rgb * scale + offset`, per channel.
        offset: See `scale`.
        amplitude: Flow becomes `flow / bound * amplitude + centre`, as an
            8-bit image of the flow would be normalised.
        centre: See `amplitude`; for all channels or one for each.
        reverse: Whether the channels are BGR.
    """

    scale: float | tuple[float, ...]
    offset: float | tuple[float, ...]
    amplitude: float
    centre: float | tuple[float, ...] = 0.0
    reverse: bool = False


CONVENTIONS = {
    "unit": Convention(1 / 127.5, -1.0, 1.0),
    "mean": Convention(1.0, tuple(-mean for mean in IMAGENET_MEAN), 127.5),
    "caffe": Convention(
        1.0, tuple(-mean for mean in IMAGENET_MEAN[::-1]), 127.5, reverse=True
    ),
    "torch": Convention(
        tuple(1 / 255 / deviation for deviation in (0.229, 0.224, 0.225)),
        (-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225),
        0.5 / 0.226,
    ),
    # For networks that normalise images of 0 to 255 themselves.
    "image": Convention(1.0, 0.0, 127.5, centre=127.5),
}

# What the fields of a convention are.
NUMBER, NUMBERS, BOOLEAN = "a number", "a number or a list of them", "a boolean"
KINDS = {
    "scale": NUMBERS,
    "offset": NUMBERS,
    "amplitude": NUMBER,
    "centre": NUMBERS,
    "reverse": BOOLEAN,
}


def find_convention(convention):
    """Returns the `Convention` that a name or a dict of its fields means.

    Raises:
        ValueError: If there is no such name, or a field is missing, unknown or
            wrong.
    """
    if not isinstance(convention, Mapping):
        if not (isinstance(convention, str) and convention in CONVENTIONS):
            raise ValueError(
                f"convention must be one of {[*CONVENTIONS]}, or a dict of "
                f"{[*KINDS]}. Received: {convention}"
            )
        return CONVENTIONS[convention]
    needed = {*KINDS} - {*Convention._field_defaults}
    if not needed <= {*convention} <= {*KINDS}:
        raise ValueError(
            f"A convention has the fields {[*KINDS]}, all but "
            f"{[*Convention._field_defaults]} of which are needed. "
            f"Received: {dict(convention)}"
        )
    for name, value in convention.items():
        if not _is(value, KINDS[name]):
            raise ValueError(
                f"`{name}` of a convention must be {KINDS[name]}. "
                f"Received: {value!r}"
            )
    return Convention(**convention)


def _is(value, kind):
    """Returns whether a field of a convention holds what it can hold."""
    if kind == BOOLEAN:
        return isinstance(value, bool)
    several = kind == NUMBERS and isinstance(value, Sequence)
    return all(
        isinstance(x, Real) and not isinstance(x, bool)
        for x in (value if several else [value])
    )
