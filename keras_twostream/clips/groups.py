"""Which clips belong together, by the names of their files."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from keras_twostream.clips.names import stem_of

# Names that are followed by whole data sets. `group` is the group's name; a
# group is per class where the pattern has `{per_class}`, and is shared by all
# classes elsewhere. `{class_name}` stands for the name of the clip's class.
PATTERNS = {
    "ucf101": ("v_.+_(?P<group>g\\d+)_c\\d+", True),
    "ut_interaction": ("\\d+_(?P<group>\\d+)_\\d+", False),
    "weizmann": ("(?P<group>.+)_{class_name}\\d*", False),
    # Clips cut from one video, as the makers of its splits have them.
    "hmdb51": (
        "(?P<group>.+)_{class_name}_[fhlu]_[cn]m_np\\d+_(ba|fr|le|ri)_"
        "(bad|med|goo)_\\d+",
        True,
    ),
    "kth": ("(?P<group>person\\d+)_{class_name}_d\\d+.*", False),
}


def group_clips(
    paths: Sequence[Path],
    labels: Sequence[int] | None,
    class_names: Sequence[str],
    group: str | Callable[[Path], str | None] | None = "auto",
) -> tuple[str, ...] | None:
    """Finds the group of each clip.

    Args:
        paths: The files.
        labels: Index of each file's class, or `None`.
        class_names: Names of the classes.
        group: "auto" tries `PATTERNS`: the first one that fits more than half
            of the names holds for all. Or a regular expression with one
            group, searched in the name of every file without its suffix; or
            a callable on the path that returns the group's name, or `None`
            for a clip on its own; or `None` for no groups.

    Returns:
        A name for each clip; `None` if there are no groups.

    Raises:
        ValueError: If `group` is no such thing, or a regular expression does
            not fit a file.
    """
    if group is None:
        return None
    if callable(group):
        found = [group(path) for path in paths]
    elif group == "auto":
        names = [class_names[label] for label in labels or ()]
        found = _by_patterns(paths, names or [""] * len(paths))
    else:
        found = [_search(_compile(group), path) for path in paths]
    if all(name is None for name in found):
        return None
    # A path can't be mistaken for a group's name: it is not in `found`.
    pairs = zip(found, paths, strict=True)
    return tuple(str(path if name is None else name) for name, path in pairs)


def _by_patterns(
    paths: Sequence[Path], class_names: Sequence[str]
) -> list[str | None]:
    for pattern, per_class in PATTERNS.values():
        found = [
            _match(pattern, per_class, stem_of(path.name), name)
            for path, name in zip(paths, class_names, strict=True)
        ]
        if sum(name is not None for name in found) > len(found) / 2:
            return found
    return [None] * len(paths)


def _match(
    pattern: str, per_class: bool, stem: str, class_name: str
) -> str | None:
    own = pattern.replace("{class_name}", re.escape(class_name))
    match = re.fullmatch(own, stem, re.IGNORECASE)
    if match is None:
        return None
    prefix = f"{class_name}/" if per_class else ""
    return prefix + match["group"]


def _compile(pattern) -> re.Pattern:
    try:
        compiled = re.compile(pattern)
    except (re.error, TypeError) as error:
        raise ValueError(_wrong(pattern)) from error
    if compiled.groups != 1:
        raise ValueError(_wrong(pattern))
    return compiled


def _wrong(group) -> str:
    return (
        '`group` must be "auto", `None`, a callable on the path, or a regular '
        "expression with exactly one group, such as r'_(g\\d+)_'. "
        f"Received: {group!r}"
    )


def _search(pattern: re.Pattern, path: Path) -> str:
    match = pattern.search(stem_of(path.name))
    if match is None or match[1] is None:
        raise ValueError(
            "`group` must fit the name of every clip. "
            f"Received: {pattern.pattern!r}, which does not fit {path.name!r}."
        )
    return match[1]
