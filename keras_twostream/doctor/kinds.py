"""Kinds of findings: what each means, and what is to be done."""

from typing import NamedTuple

# "error": clips are lost, or results would mean nothing. "warning": it costs
# accuracy, or surprises. "note": good to know.
ERROR, WARNING, NOTE = "error", "warning", "note"
SEVERITIES = (ERROR, WARNING, NOTE)


class Kind(NamedTuple):
    """One kind of finding.

    Attributes:
        severity: One of `SEVERITIES`.
        what: What was found. `{clips}` is their number; other words are those
            of the rule that finds it.
        fix: What to do. `{root}` is what was examined, `{source}` the
            videos that it was made of, `{file}` the first file, `{fixed}` a
            name for its repaired copy, all as a shell takes them.
    """

    severity: str
    what: str
    fix: str


# Commands in many of the fixes.
REENCODE = "ffmpeg -i {file} -c:v libx264 -crf 18 {fixed}"
PREPARE = "keras-twostream prepare {source} PREPARED"
