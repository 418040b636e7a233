"""Findings of single clips, by what is known of each."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath
from typing import Any

from keras_twostream.clips.listing import VIDEO_SUFFIXES
from keras_twostream.doctor.cases import Cases, quote
from keras_twostream.doctor.facts import Facts
from keras_twostream.doctor.findings import Finding, find
from keras_twostream.doctor.spread_rules import usual

# Share of its frames below which a clip counts as cut off, not as miscounted.
WHOLE = 0.95
# Share of frames that may be out of step.
EVEN = 0.02
# Length in seconds from which on a clip is long.
LONG = 120.0
# Share of the vectors of a clip that may be at the bound.
AT_BOUND = 0.02

# Container, as FFmpeg names it -> suffixes of its files; the first is usual.
CONTAINERS = {
    "mp4": (".mp4", ".m4v", ".mov", ".3gp"),
    "matroska": (".mkv", ".webm"),
    "avi": (".avi",),
    "asf": (".wmv",),
    "flv": (".flv",),
    "mpeg": (".mpg", ".mpeg"),
    "mpegts": (".ts",),
    "ogg": (".ogv",),
}


def problems(cases: Cases, facts: Sequence[Facts]) -> Iterator[Finding]:
    """Yields a finding for each kind of file that cannot be examined."""
    for kind in ("missing", "empty", "no_video", "unreadable"):
        pairs = zip(cases.names, facts, strict=True)
        bad = {name: f.reason for name, f in pairs if f.problem == kind}
        if bad:
            yield find(kind, cases, [*bad], [*bad.values()])


def single(
    cases: Cases, facts: Sequence[Facts], least: int
) -> Iterator[Finding]:
    """Yields a finding for each row of `RULES` that some clips break.

    Args:
        cases: The clips.
        facts: What is known of each.
        least: Frames that a sample needs.
    """
    shortest = min((f.frames for f in facts if f.frames), default=2)
    words: dict[str, Any] = {
        "least": least,
        "fewer": max(1, (shortest - 1) // cases.step),
        "seconds": LONG,
        "share": AT_BOUND,
        "bound": 2 * (cases.flow.bound if cases.flow else 20),
        "rate": usual([f.fps for f in facts if f.fps]) or 25,
    }
    for kind, rule in RULES.items():
        broken = {}
        for name, each in zip(cases.names, facts, strict=True):
            if not each.problem and (note := rule(name, each, least)):
                broken[name] = note
        if broken:
            first = next(iter(broken))
            given = words | {"renamed": _renamed(cases, facts, first)}
            yield find(kind, cases, [*broken], [*broken.values()], **given)


def _truncated(name: str, facts: Facts, least: int) -> str:
    short = facts.stated and facts.frames < WHOLE * facts.stated
    return f"{facts.frames} of {facts.stated} frames" if short else ""


def _frame_count(name: str, facts: Facts, least: int) -> str:
    lies = facts.stated and facts.stated != facts.frames
    if not lies or _truncated(name, facts, least):
        return ""
    return f"{facts.stated} by the header, {facts.frames} by decoding"


def _wrong_extension(name: str, facts: Facts, least: int) -> str:
    suffix = PurePath(name).suffix.lower()
    fitting = _suffixes(facts)
    if not fitting or suffix in fitting:
        return ""
    return f"{facts.container.partition(',')[0]}, not {suffix or 'no suffix'}"


def _flow_length(name: str, facts: Facts, least: int) -> str:
    flow = facts.flow
    if not flow or flow.fields in flow.wanted:
        return ""
    return f"{flow.fields} fields, {facts.frames} frames"


_SIGNS = ("u negated", "v negated", "u and v negated")

# Kind of finding -> what is said of a clip that has it, or "".
RULES: dict[str, Callable[[str, Facts, int], str]] = {
    "truncated": _truncated,
    "numbering": lambda name, f, least: (
        f"{f.missing} missing" if f.missing else ""
    ),
    "flow_length": _flow_length,
    "flow_dead": lambda name, f, least: (
        "one level throughout" if f.flow and f.flow.dead else ""
    ),
    "flow_swapped": lambda name, f, least: (
        f.flow.verdict if f.flow and "swapped" in f.flow.verdict else ""
    ),
    "flow_sign": lambda name, f, least: (
        f.flow.verdict if f.flow and f.flow.verdict in _SIGNS else ""
    ),
    "flow_saturated": lambda name, f, least: (
        f"{f.flow.saturated:.1%} at the bound"
        if f.flow and f.flow.saturated > AT_BOUND
        else ""
    ),
    "frame_count": _frame_count,
    "wrong_extension": _wrong_extension,
    "variable_rate": lambda name, f, least: (
        f"{f.uneven:.0%} of the frames out of step" if f.uneven > EVEN else ""
    ),
    "rotated": lambda name, f, least: (
        f"by {f.turned} degrees clockwise" if f.turned else ""
    ),
    "too_short": lambda name, f, least: (
        f"{f.frames} frames" if 0 < f.frames < least else ""
    ),
    "too_long": lambda name, f, least: (
        f"{f.frames / f.fps:.0f} s" if f.fps and f.frames / f.fps > LONG else ""
    ),
}


def _suffixes(facts: Facts) -> tuple[str, ...]:
    names = facts.container.split(",")
    kinds = [kind for kind in CONTAINERS if kind in names]
    return CONTAINERS[kinds[0]] if kinds else ()


def _renamed(cases: Cases, facts: Sequence[Facts], name: str) -> str:
    """Returns how a file would be called by its container."""
    each = facts[cases.names.index(name)]
    suffix = (_suffixes(each) or VIDEO_SUFFIXES)[0]
    path = PurePath(os.path.join(cases.root, name))  # noqa: PTH118
    return quote(path.with_suffix(suffix))
