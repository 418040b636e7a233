"""One HTML file that needs nothing else: no other file, no network."""

import html
import os
import re
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
{script}
</body>
</html>
"""

_STYLE = """
:root { --ink: #1f2933; --quiet: #5b6775; --paper: #f4f6f8; --card: #fff;
  --line: #d9dfe5; --code: #eef1f4; --link: #1f6fb5;
  --error: #b3261e; --warning: #96600a; --note: #1f6fb5; --good: #1d7d5f; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaee; --quiet: #9aa7b4; --paper: #14191e; --card: #1d242b;
    --line: #36404a; --code: #2a333c; --link: #7db8ea;
    --error: #ff8a80; --warning: #f0b450; --note: #7db8ea; --good: #66cfae; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 20px 16px 48px; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 4px 0 8px;
  overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; line-height: 1.35; margin: 0; font-weight: 600; }
p { margin: 6px 0; }
a { color: var(--link); }
.quiet { color: var(--quiet); font-size: .9rem; }
code { background: var(--code); border-radius: 4px; padding: 1px 5px;
  font: .85rem/1.5 ui-monospace, Menlo, Consolas, monospace;
  overflow-wrap: anywhere; }
.card { background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; padding: 14px 16px; margin: 14px 0; }
.facts { display: grid; gap: 8px 16px; margin: 12px 0;
  grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); }
.facts div { border-left: 3px solid var(--line); padding-left: 10px; }
.facts span { display: block; color: var(--quiet); font-size: .82rem; }
img, .view { max-width: 100%; display: block; border-radius: 4px;
  border: 1px solid var(--line); }
"""

_UNITS = (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3))

# Of pages with tables, figures and one number above all.
RESULT_STYLE = """
.figure img { border: 0; background: #fff; max-width: min(100%, 900px); }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
.wide { overflow-x: auto; }
td, th { text-align: left; padding: 5px 12px 5px 0; vertical-align: top;
  border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap; }
.big { font-size: 2rem; font-weight: 650; line-height: 1.1; }
pre { background: var(--code); padding: 10px 12px; border-radius: 6px;
  overflow-x: auto; font-size: .85rem; }
"""


def write_page(
    path: str | os.PathLike, title: str, body: str, more: str = "", script=""
) -> Path:
    """Writes a page, which appears only when it is whole.

    Args:
        path: The file; its folder must exist.
        title: As text.
        body: As HTML.
        more: Further CSS.
        script: JavaScript.

    Returns:
        The path.

    Raises:
        OSError: If it cannot be written.
    """
    target = Path(path)
    page = _PAGE.format(
        title=text(title),
        style=_tight(_STYLE + more),
        body=body,
        script=f"<script>{script}</script>" if script else "",
    )
    partial = target.with_name(f".{uuid.uuid4().hex}.partial")
    try:
        partial.write_text(page, encoding="utf-8", errors="replace")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def text(value: Any) -> str:
    """Returns a value as text that HTML takes for nothing else."""
    return html.escape(str(value))


def sentence(words: str) -> str:
    """Returns a sentence as HTML, with what is between backquotes as code."""
    parts = re.split("`([^`]+)`", words)
    return "".join(
        f"<code>{text(part)}</code>" if place % 2 else text(part)
        for place, part in enumerate(parts)
    )


def facts_list(facts: dict[str, str]) -> str:
    """Returns names and values side by side, as HTML."""
    cells = [
        f"<div><span>{text(name)}</span>{text(value)}</div>"
        for name, value in facts.items()
    ]
    return f'<div class="facts">{"".join(cells)}</div>'


def percent(share: float) -> str:
    """Returns a share as text."""
    return f"{100 * share:.1f} %"


def chance(p: float) -> str:
    """Returns a probability as text."""
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def amount(count: float) -> str:
    """Returns a large number as text of three digits: 1.2 M."""
    for unit, size in _UNITS:
        # From here on three digits of the smaller unit would be four.
        if count >= 0.9995 * size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.3g}"


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Returns a table as HTML; columns of numbers stand to the right.

    Args:
        head: Titles of the columns.
        rows: The cells of each row, one or more rows.
    """
    styles = [
        ' class="number"' if all(map(_is_number, column)) else ""
        for column in zip(*rows, strict=True)
    ]

    def cells(row, tag):
        return "".join(
            f"<{tag}{style}>{text(value)}</{tag}>"
            for value, style in zip(row, styles, strict=True)
        )

    lines = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return (
        f'<div class="wide"><table><tr>{cells(head, "th")}</tr>{lines}'
        "</table></div>"
    )


def picture(title: str, address: str, words: str) -> str:
    """Returns a card of a title, a sentence and a picture, as HTML.

    Args:
        title: As text.
        address: Of the picture, as of `images.png_address`.
        words: What it says.
    """
    return (
        f'<section class="card figure"><h2>{text(title)}</h2>'
        f'<p class="quiet">{text(words)}</p>'
        f'<div class="wide"><img src="{address}" alt="{text(title)}"></div>'
        "</section>"
    )


def _is_number(value: Any) -> bool:
    plain = r"(< )?[+-]?[\d.]+(e[+-]?\d+)?( [%kMGT])?|-"
    return re.fullmatch(plain, str(value)) is not None


def _tight(style: str) -> str:
    return re.sub(r"\s+", " ", style).strip()
