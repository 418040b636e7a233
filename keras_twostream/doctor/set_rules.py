"""Findings of a set as a whole: labels, groups, splits, copies."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

from keras_twostream.doctor.cases import Cases, quote
from keras_twostream.doctor.facts import Facts
from keras_twostream.doctor.findings import Finding, find
from keras_twostream.doctor.likeness import alike

# Fewer clips than these cannot be divided for training and testing.
LEAST = 5
# How many times as large as the smallest class the largest may be.
TIMES = 10
# Names that a sentence holds.
_NAMED = 8


def labels(cases: Cases) -> Iterator[Finding]:
    """Yields what is wrong with the integers of a list."""
    seen = sorted({*cases.integers})
    if not seen:
        return
    about = (
        cases,
        [cases.list_name],
        [f"labels {seen[0]} to {seen[-1]}"],
        "list",
    )
    if seen[0] != 0:
        words = _list_words(cases.list_name)
        yield find("label_base", *about, base=seen[0], **words)
    gaps = sorted({*range(seen[0], seen[-1])} - {*seen})
    if gaps:
        yield find("label_gaps", *about, gaps=_named(map(str, gaps)))


def classes(cases: Cases) -> Iterator[Finding]:
    """Yields what is wrong with the sizes of classes."""
    sizes = Counter(
        cases.class_names[each.label]
        for each in cases.clips
        if each.label is not None
    )
    if not sizes:
        return
    if empty := [name for name in cases.class_names if not sizes[name]]:
        yield find("empty_class", cases, empty, names=_named(empty))
    sizes = +sizes
    tiny = {name: n for name, n in sizes.items() if n < LEAST}
    if tiny:
        names = _named(f"{name} ({n})" for name, n in tiny.items())
        notes = [f"{n} clip{'' if n == 1 else 's'}" for n in tiny.values()]
        words: dict[str, Any] = {"least": LEAST, "names": names}
        yield find("tiny_class", cases, [*tiny], notes, **words)
    (largest, most), (smallest, fewest) = (
        sizes.most_common()[place] for place in (0, -1)
    )
    if most > TIMES * fewest:
        words = {
            "times": most / fewest,
            "largest": f"{most} of {largest!r}",
            "smallest": f"{fewest} of {smallest!r}",
        }
        yield find("imbalance", cases, [largest, smallest], **words)


def groups(cases: Cases) -> Iterator[Finding]:
    """Yields the groups that lie in more than one split."""
    splits = defaultdict(set)
    for each in cases.clips:
        if each.group is not None and each.split is not None:
            splits[each.group].add(each.split)
    torn = {group: s for group, s in splits.items() if len(s) > 1}
    if torn:
        clips = [each for each in cases.clips if each.group in torn]
        notes = [f"group {each.group}, {each.split}" for each in clips]
        names = [each.name for each in clips]
        listed = _named(sorted(torn))
        yield find("group_leakage", cases, names, notes, groups=listed)


def copies(cases: Cases, facts: Sequence[Facts]) -> Iterator[Finding]:
    """Yields clips that are there twice, to the byte or to the eye."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for one, two, why in _pairs(facts):
        first, second = cases.clips[one], cases.clips[two]
        kinds = []
        if first.split != second.split and first.split and second.split:
            kinds.append("duplicate_splits")
        if first.label != second.label:
            kinds.append("duplicate_classes")
        if not kinds and why == _BYTES:
            kinds.append("duplicate")
        for kind in kinds:
            # The first of the two is the one to keep.
            found[kind].setdefault(second.name, f"{why} {first.name}")
            if kind != "duplicate":
                found[kind].setdefault(first.name, f"{why} {second.name}")
    for kind, notes in found.items():
        yield find(kind, cases, [*notes], [*notes.values()])


def _list_words(list_name: str) -> dict[str, Any]:
    """Returns a list, and a name for its repaired copy, as a shell does."""
    path = PurePath(list_name)
    copy = path.with_name(f"{path.stem}_fixed{path.suffix}")
    return {"file": quote(path), "fixed": quote(copy)}


_BYTES = "the bytes of"


def _pairs(facts: Sequence[Facts]) -> Iterator[tuple[int, int, str]]:
    """Yields pairs of copies, each with the first of its kind."""
    first: dict[str, int] = {}
    same = set()
    for index, each in enumerate(facts):
        if each.sha256 and first.setdefault(each.sha256, index) != index:
            same.add((first[each.sha256], index))
            yield first[each.sha256], index, _BYTES
    for one, two, score in alike([each.likeness for each in facts]):
        if (one, two) not in same:
            yield one, two, f"looks and moves like ({score:.2f})"


def _named(names) -> str:
    listed = list(names)
    more = len(listed) - _NAMED
    return ", ".join(listed[:_NAMED]) + (f" and {more} more" * (more > 0))


def left_out(cases: Cases) -> Iterator[Finding]:
    """Yields what is no clip, or was none when the set was prepared."""
    # Empty folders of classes are told by `classes`.
    skipped = {
        name: why
        for name, why in cases.skipped
        if PurePath(name).name not in cases.class_names
    }
    if skipped:
        is_set = cases.kind == "prepared"
        kind, unit = _LEFT_OUT[is_set]
        names, reasons = [*skipped], [*skipped.values()]
        yield find(kind, cases, names, reasons, unit=unit)


_LEFT_OUT = {True: ("quarantined", "clip"), False: ("passed_over", "file")}
