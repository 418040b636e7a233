"""A report as a page, with pictures of the clips that it is about."""

from keras_twostream.doctor.findings import Finding
from keras_twostream.doctor.report import Report
from keras_twostream.report.page import facts_list, sentence, text

# Clips of each finding that are shown, and files that are named.
_SHOWN, _NAMED = 6, 500
_CAPTIONS = {
    "frame": "frame",
    "flow": "flow, computed now",
    "stored": "flow, as stored",
}

STYLE = """
.badge { display: inline-block; color: var(--card); border-radius: 99px;
  padding: 0 10px; font-size: .8rem; font-weight: 600; margin-right: 8px; }
.badge.error { background: var(--error); }
.badge.warning { background: var(--warning); }
.badge.note { background: var(--note); }
.card.error { border-left: 5px solid var(--error); }
.card.warning { border-left: 5px solid var(--warning); }
.card.note { border-left: 5px solid var(--note); }
.good { color: var(--good); font-size: 1.15rem; font-weight: 600; }
.kind { margin-bottom: 4px; }
.id { color: var(--quiet); font-size: .85rem; }
.clips { display: grid; gap: 12px; margin: 12px 0 4px;
  grid-template-columns: repeat(auto-fill, minmax(min(320px, 100%), 1fr)); }
.clip { min-width: 0; }
.clip p { margin: 4px 0 0; font-size: .85rem; overflow-wrap: anywhere; }
.pictures { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr;
  gap: 6px; }
.pictures figcaption { color: var(--quiet); font-size: .72rem;
  line-height: 1.3; }
.pictures img { width: 100%; }
figure { margin: 0; }
summary { cursor: pointer; color: var(--link); padding: 4px 0;
  font-size: .9rem; }
.files { margin: 4px 0; padding-left: 20px; font-size: .85rem;
  overflow-wrap: anywhere; }
"""


def shown_files(report: Report) -> list[str]:
    """Returns the files of which the page shows pictures, if it can."""
    names = [name for f in report.findings for name in f.files[:_SHOWN]]
    return [*dict.fromkeys(names)]


def draw_report(
    report: Report, pictures: dict[str, dict[str, str]]
) -> tuple[str, str, str]:
    """Returns title, HTML and further CSS of a report's page.

    Args:
        report: The report.
        pictures: Name of a file -> its pictures, as of `pictures.draw`.
    """
    style = "good" if report.healthy else ""
    body = [
        f'<p class="{style}">{text(report.headline())}</p>',
        facts_list({"clips": str(report.clips), **report.summary}),
        *(_card(each, pictures) for each in report.findings),
    ]
    if any(pictures.values()):
        body.append(
            '<p class="quiet">Colours of flow: rightward motion is red, '
            "downward yellow, leftward blue, upward violet, none white.</p>"
        )
    return f"Examination of {report.path}", "\n".join(body), STYLE


def _card(finding: Finding, pictures: dict[str, dict[str, str]]) -> str:
    pairs = list(zip(finding.files, finding.notes, strict=True))
    clips = [
        _clip(file, note, pictures[file])
        for file, note in pairs[:_SHOWN]
        if pictures.get(file)
    ]
    shown = f'<div class="clips">{"".join(clips)}</div>' if clips else ""
    return (
        f'<section class="card {finding.severity}">'
        f'<div class="kind"><span class="badge {finding.severity}">'
        f'{finding.severity}</span><span class="id">{finding.id}</span></div>'
        f"<h2>{text(finding.what)}</h2>"
        f"<p><b>Fix.</b> {sentence(finding.fix)}</p>{shown}"
        f"{_files(pairs, len(clips))}</section>"
    )


def _clip(file: str, note: str, pictures: dict[str, str]) -> str:
    figures = [
        f'<figure><img src="{pictures[key]}" alt="{caption} of {text(file)}">'
        f"<figcaption>{caption}</figcaption></figure>"
        for key, caption in _CAPTIONS.items()
        if key in pictures
    ]
    said = f'<br><span class="quiet">{text(note)}</span>' if note else ""
    return (
        f'<div class="clip"><div class="pictures">{"".join(figures)}</div>'
        f"<p>{text(file)}{said}</p></div>"
    )


def _files(pairs: list[tuple[str, str]], drawn: int) -> str:
    """Returns the list of files, unless pictures show them all."""
    if drawn == len(pairs):
        return ""
    items = [
        f"<li>{text(file)}" + (f": {text(note)}" if note else "") + "</li>"
        for file, note in pairs[:_NAMED]
    ]
    if len(pairs) > _NAMED:
        items.append(f"<li>... and {len(pairs) - _NAMED} more</li>")
    if len(pairs) <= _SHOWN:
        return f'<ul class="files">{"".join(items)}</ul>'
    return (
        f"<details><summary>All {len(pairs)}</summary>"
        f'<ul class="files">{"".join(items)}</ul></details>'
    )
