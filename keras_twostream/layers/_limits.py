"""What the arguments of augmentation layers may be."""


def check_limits(name, value, lowest, highest):
    """Returns a pair of limits from a number or a pair.

    Args:
        name: What the argument is called.
        value: A number for minus to plus that number (from `lowest` if that
            is more), or a pair.
        lowest: Smallest number allowed.
        highest: Largest number allowed.

    Raises:
        ValueError: If a limit is not allowed, or they are in the wrong order.
    """
    pair = value
    if isinstance(value, int | float):
        pair = (max(-value, lowest), value)
    if len(pair) != 2 or not lowest <= pair[0] <= pair[1] <= highest:
        raise ValueError(
            f"`{name}` must be a number or an ascending pair of numbers from "
            f"{lowest} to {highest}. Received: {name}={value}"
        )
    return tuple(pair)


def check_probability(name, value):
    """Returns a probability, or raises `ValueError` if it is none."""
    if not 0 <= value <= 1:
        raise ValueError(
            f"`{name}` is a probability from 0 to 1. Received: {name}={value}"
        )
    return value


def check_choice(name, value, allowed):
    """Returns one of `allowed`, or raises `ValueError` if it is none."""
    if value not in allowed:
        raise ValueError(
            f"`{name}` must be one of {[*allowed]}. Received: {name}={value!r}"
        )
    return value


def check_positive(**values):
    """Raises `ValueError` unless every number is greater than 0."""
    for name, value in values.items():
        if not value > 0:
            raise ValueError(
                f"`{name}` must be greater than 0. Received: {name}={value}"
            )
