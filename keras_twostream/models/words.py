"""What a `Spec` says, in words; without Keras."""

from collections.abc import Mapping

# Image network -> what the paper calls it.
TOWERS = {"vgg16": "VGG-16", "vgg_m_2048": "VGG-M-2048"}


def time_span(frames, flow_fields=None, frame_step=1, flow_step=1):
    """Returns how many consecutive frames of a video one answer sees.

    `T` frames whose centres are `tau` apart see `(T - 1) * tau + 1` frames;
    with a stack of `L` flow fields around each, where a field lies between
    frames `s` apart, `(T - 1) * tau + L * s + 1`.

    Args:
        frames: Integer, the frames per clip, T; `None` counts as one.
        flow_fields: Integer, flow fields per stack, L, or `None` without flow.
        frame_step: Integer, frames from one centre to the next, tau.
        flow_step: Integer, frames from the first to the second image of a
            flow field, s.
    """
    stack = (flow_fields or 0) * flow_step
    return ((frames or 1) - 1) * frame_step + stack + 1


def word(step):
    """Returns the word for a fusion or for what happens to time."""
    if isinstance(step, Mapping):
        return step.get("kind", "pool")
    return step if isinstance(step, str) else type(step).__name__


def phrase(steps, link=" at "):
    """Returns location -> word, or a list of them, as text.

    Args:
        steps: Dict such as `Spec.fuse` or `Spec.time`.
        link: What stands between a word and its location.

    Example:

    >>> phrase({"relu3": "conv", "relu5": "conv", "fc8": "sum"})
    'conv at relu3, relu5, sum at fc8'
    """
    parts: list[str] = []
    last = None
    for place, step in steps.items():
        words = step if isinstance(step, list) else [step]
        what = " + ".join(map(word, words))
        parts.append(place if what == last else f"{what}{link}{place}")
        last = what
    return ", ".join(parts)


def best_fit(spec):
    """Returns the `Published` that fits a row best, or `None`.

    That is the first one measured with the row's own towers, or else the
    first of all.
    """
    towers = TOWERS.get(str(spec.backbone))
    own = [p for p in spec.published if p.towers == towers]
    return (own or [*spec.published, None])[0]
