"""What was found in a set of clips, and how it is told."""

import dataclasses
from collections import Counter
from typing import Any

from rich.console import Console

from keras_twostream.doctor.findings import KINDS, Finding
from keras_twostream.doctor.kinds import ERROR, SEVERITIES

VERSION = 1
# Files that the text lists of each finding; JSON lists them all.
_LISTED = 5
_STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold cyan"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """What was found in a set of clips.

    Attributes:
        path: What was examined.
        kind: "folder", "list", "prepared", "images" or "file".
        clips: Number of clips examined.
        findings: Worst first.
        summary: Name -> what the set holds, in words.
    """

    path: str
    kind: str
    clips: int
    findings: tuple[Finding, ...] = ()
    summary: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def status(self) -> int:
        """Exit status: 1 if there is an error among the findings, else 0."""
        return int(any(each.severity == ERROR for each in self.findings))

    def to_dict(self) -> dict[str, Any]:
        """Returns what JSON can hold.

        Keys: `version`, `path`, `kind`, `clips`, `healthy`, `counts` (number
        of findings of each severity), `summary`, and `findings`, each with
        `id`, `severity`, `what`, `fix`, `files` and `notes`, of which there
        is one for each file.
        """
        counts = Counter(each.severity for each in self.findings)
        return {
            "version": VERSION,
            "path": self.path,
            "kind": self.kind,
            "clips": self.clips,
            "healthy": self.healthy,
            "counts": {name: counts[name] for name in SEVERITIES},
            "summary": self.summary,
            "findings": [dataclasses.asdict(each) for each in self.findings],
        }

    def headline(self) -> str:
        """Returns the report in one sentence."""
        clips = f"{self.clips} clip{'' if self.clips == 1 else 's'}"
        if self.healthy:
            return f"No findings in {clips}."
        counts = Counter(each.severity for each in self.findings)
        told = [
            f"{counts[name]} {name}{'' if counts[name] == 1 else 's'}"
            for name in SEVERITIES
            if counts[name]
        ]
        return f"{', '.join(told)} in {clips}."

    def print(self, console: Console | None = None) -> None:
        """Prints the report as text.

        Args:
            console: Where to; by default the standard output.
        """
        # Names may hold what rich would take for its markup.
        console = console or Console(
            soft_wrap=True, markup=False, highlight=False
        )
        for each in self.findings:
            _print(console, each)
        console.print(self.headline())


def ordered(findings) -> tuple[Finding, ...]:
    """Returns findings, worst first, then in the order of `KINDS`."""
    ranks = {name: rank for rank, name in enumerate(SEVERITIES)}
    places = {name: place for place, name in enumerate(KINDS)}
    return tuple(
        sorted(findings, key=lambda x: (ranks[x.severity], places[x.id]))
    )


def _print(console: Console, finding: Finding) -> None:
    style = _STYLES[finding.severity]
    console.print(f"{finding.severity} {finding.id}", style=style)
    console.print(f"  {finding.what}")
    pairs = list(zip(finding.files, finding.notes, strict=True))
    for file, note in pairs[:_LISTED]:
        console.print(f"    {file}" + (f": {note}" if note else ""))
    if len(pairs) > _LISTED:
        more = len(pairs) - _LISTED
        console.print(f"    ... and {more} more; --json lists them all")
    console.print(f"  Fix: {finding.fix}\n")
