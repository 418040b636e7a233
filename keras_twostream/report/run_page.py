"""What is known of a run as one page."""

import dataclasses
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from keras_twostream.evaluation.comparing import compare
from keras_twostream.evaluation.files import BESIDE
from keras_twostream.evaluation.metrics import LEVEL, summarize
from keras_twostream.evaluation.probes import INTACT, PROBES
from keras_twostream.evaluation.protocols import ALL
from keras_twostream.evaluation.result import Result
from keras_twostream.report.figures import png
from keras_twostream.report.images import png_address
from keras_twostream.report.page import (
    RESULT_STYLE,
    chance,
    facts_list,
    percent,
    picture,
    table,
    text,
)
from keras_twostream.report.players import SCRIPT, STYLE, legend, player
from keras_twostream.report.sheets import Sample, scale_of

SURE = 1 - LEVEL
_MORE_STYLE = """
.samples .views { grid-auto-flow: row; grid-template-columns: 1fr 1fr; }
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunFacts:
    """All that a page about a run shows.

    Attributes:
        title: Of the page.
        results: Dict of "all", and of each stream alone -> `Result`.
        alone: What is beside "all", in words.
        probes: Dict of name -> `Result`, as of `evaluation.probes.probe`.
        figures: Dict of title -> (figure, what it says).
        errors: Wrong answers as `Sample`s, the surest first.
        told: Dict of names -> values: the protocol, the data and so on.
        command: By which all of it is made again.
    """

    title: str
    results: Mapping[str, Result]
    alone: str
    probes: Mapping[str, Result]
    figures: Mapping[str, tuple[Figure, str]]
    errors: Sequence[Sample]
    told: Mapping[str, str]
    command: str


def draw_run(facts: RunFacts) -> tuple[str, str, str, str]:
    """Returns title, HTML, further CSS and JavaScript of a run's page."""
    whole = facts.results[ALL]
    parts = [
        _headline(whole, facts.told),
        _streams(facts.results, facts.alone),
        *(
            picture(title, png_address(png(figure)), words)
            for title, (figure, words) in facts.figures.items()
        ),
        _probes(facts.probes),
        _errors(facts.errors, whole),
        f'<section class="card"><h2>Made by</h2><pre>{text(facts.command)}'
        "</pre></section>",
    ]
    style = STYLE + RESULT_STYLE + _MORE_STYLE
    return facts.title, "\n".join(parts), style, SCRIPT


def gain(difference: float, low: float, high: float) -> str:
    """Returns a difference of two shares, with its interval, as text."""
    ends = f"{100 * low:+.1f} to {100 * high:+.1f}"
    return f"{100 * difference:+.1f} points ({ends})"


def verdict(p: float) -> str:
    """Returns in words whether chance may have made a difference."""
    words = "more than chance" if p < SURE else "may be chance"
    return f"p = {chance(p)}, {words}".replace("= <", "<")


def _headline(result: Result, told: Mapping[str, str]) -> str:
    found = summarize(result)
    low, high = found["interval"]
    facts = {
        "mean of classes": percent(found["mean_class_accuracy"]),
        "calibration error": percent(found["ece"]),
        **({"top 5": percent(found["top5"])} if found["top5"] else {}),
        **told,
    }
    return (
        '<section class="card"><div class="big">'
        f"{percent(found['accuracy'])}</div><p>{int(result.right.sum())} of "
        f"{len(result)} clips right; 95 % interval {percent(low)} to "
        f"{percent(high)}.</p><p>{text(str(result.protocol))}.</p>"
        f"{facts_list(facts)}</section>"
    )


def _streams(results: Mapping[str, Result], words: str) -> str:
    """Says what one stream alone is worth, and whether the other helps."""
    alone = {name: x for name, x in results.items() if name != ALL}
    if not alone:
        return ""
    rows = []
    for name, result in alone.items():
        found = compare(result, results[ALL])
        rows.append(
            (
                BESIDE.get(name, name),
                percent(result.accuracy),
                gain(found["difference"], *found["interval"]),
                verdict(found["p"]),
            )
        )
    head = ("", "right", "both streams gain", "exact McNemar test")
    return (
        '<section class="card"><h2>Does the other stream help?</h2>'
        f'<p class="quiet">{text(words)}</p>{table(head, rows)}</section>'
    )


def _probes(results: Mapping[str, Result]) -> str:
    if len(results) < 2:
        return ""
    whole = results[INTACT]
    rows = []
    for name, result in results.items():
        lost = whole.accuracy - result.accuracy
        found = compare(whole, result)
        # 0 has no sign.
        change = "-" if name == INTACT else f"{0.0 - 100 * lost:+.1f}"
        p = "-" if name == INTACT else chance(found["p"])
        says = PROBES[name].meaning
        rows.append((name, percent(result.accuracy), change, p, says))
    head = ("clips are", "right", "points", "p", "where nothing is lost")
    return (
        '<section class="card"><h2>Motion or appearance?</h2>'
        '<p class="quiet">Accuracy that stays did not need what was taken '
        f"away.</p>{table(head, rows)}</section>"
    )


def _errors(samples: Sequence[Sample], result: Result) -> str:
    if not samples:
        wrong = len(result) - int(result.right.sum())
        words = "No clip is taken for another." if not wrong else ""
        return f"<p>{words}</p>" if words else ""
    scale = scale_of(list(samples))
    return (
        '<section><h2>The surest errors</h2><p class="quiet">Frames and flow '
        "as the network gets them; where there are bright places they speak "
        "for its answer (Grad-CAM in space and time).</p>"
        f'<div class="top">{legend(scale)}'
        '<button id="play" type="button">Pause</button></div>'
        f'<div class="samples">'
        f"{''.join(player(sample, scale) for sample in samples)}"
        "</div></section>"
    )
