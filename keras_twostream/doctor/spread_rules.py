"""Findings of what differs between clips, or from what is said of them."""

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from keras_twostream.doctor.cases import Cases
from keras_twostream.doctor.facts import Facts
from keras_twostream.doctor.findings import Finding, find
from keras_twostream.flow import codec

# Factor up to which frame rates and shapes count as the same.
SAME = 1.05
# Levels by which the level of rest may be off.
REST = 1.0


def spread(cases: Cases, facts: Sequence[Facts]) -> Iterator[Finding]:
    """Yields what differs between clips: rates, shapes, sizes."""
    whole = [
        (name, f)
        for name, f in zip(cases.names, facts, strict=True)
        if not f.problem and f.height
    ]
    rates = {name: round(f.fps, 2) for name, f in whole if f.fps}
    if (most := usual(rates.values())) and (odd := _unlike(rates, most)):
        notes = [f"{rates[name]:g} frames per second" for name in odd]
        listed = _counted(f"{rate:g}" for rate in rates.values())
        # All can be taken at the rate of the slowest only.
        slowest = min(rates.values())
        yield find("mixed_fps", cases, odd, notes, rates=listed, rate=slowest)
    shapes = {name: f.width / f.height for name, f in whole}
    sizes = {name: f"{f.width}x{f.height}" for name, f in whole}
    if (most := usual(shapes.values())) and (odd := _unlike(shapes, most)):
        notes = [sizes[name] for name in odd]
        listed = _counted(f"{shape:.2f}" for shape in shapes.values())
        yield find("mixed_aspect", cases, odd, notes, shapes=listed)
    elif len({*sizes.values()}) > 1:
        yield find("mixed_sizes", cases, sizes=_counted(sizes.values()))


def flow_range(cases: Cases, facts: Sequence[Facts]) -> Iterator[Finding]:
    """Yields whether stored flow rests at another level than it should."""
    rests = {
        name: f.flow.rest
        for name, f in zip(cases.names, facts, strict=True)
        if f.flow and f.flow.rest is not None
    }
    if not rests or cases.flow is None:
        return
    zero = codec.affine(cases.flow)[1]
    found = statistics.median(rests.values())
    if abs(found - zero) <= REST:
        return
    limited = abs(found - (16 + 219 * zero / 255)) <= REST
    why, remedy = _RANGE[limited]
    notes = [f"level {rest:g}" for rest in rests.values()]
    words: dict[str, Any] = {
        "found": found,
        "zero": zero,
        "why": why,
        "remedy": remedy,
    }
    yield find("flow_range", cases, [*rests], notes, **words)


_RANGE = {
    True: (
        "it was written in the limited range of video, 16 to 235",
        "Say so (`FlowSpec(codec_range='limited')`), or write it again with "
        "all levels: `ffmpeg ... -color_range pc`",
    ),
    False: (
        "it was stored by another rule than is said",
        "Say by which (`quantization` and `codec_range` of `FlowSpec`), or "
        "compute the flow again.",
    ),
}


def usual(values) -> Any:
    """Returns the most frequent value, `None` if there is none."""
    return next((value for value, _ in Counter(values).most_common(1)), None)


def _unlike(values: dict[str, float], most: float) -> list[str]:
    return [
        name
        for name, value in values.items()
        if not 1 / SAME <= value / most <= SAME
    ]


def _counted(values) -> str:
    common = Counter(values).most_common()
    told = [f"{value} ({count})" for value, count in common[:6]]
    return ", ".join(told) + (", ..." if len(common) > 6 else "")
