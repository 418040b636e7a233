"""What a search has found as one page."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from keras_twostream.report.figures import png
from keras_twostream.report.images import png_address
from keras_twostream.report.page import (
    RESULT_STYLE,
    facts_list,
    percent,
    picture,
    table,
    text,
)
from keras_twostream.report.run_page import gain, verdict
from keras_twostream.report.search_figures import (
    importance_bars,
    pareto,
    value_dots,
)
from keras_twostream.report.search_lines import parallel
from keras_twostream.report.search_rows import (
    MEASURES,
    MISSING,
    measured,
    values_of,
)
from keras_twostream.report.search_table import (
    leaderboard,
    or_missing,
    without_accuracy,
)

Board = Mapping[str, Any]
# Pictures and tables are as wide as what they say needs; they are scrolled.
_MORE_STYLE = """
.figure img { min-width: 860px; max-width: 100%; }
.wide td, .wide th { white-space: nowrap; }
ul { margin: 6px 0; padding-left: 20px; }
p, li { overflow-wrap: anywhere; }
"""


def draw_search(board: Board) -> tuple[str, str, str, str]:
    """Returns title, HTML, further CSS and JavaScript of a search's page.

    Args:
        board: Dict of `"data"` (name), `"clips"`, `"class_names"`, `"folds"`,
            `"seed"`, `"seconds"`, `"columns"` (of the search space), `"rows"`
            (one dict for each combination, the best first), `"unseen"` (what
            clips say that the search never saw: `"clips"`, `"protocol"`,
            `"winner"` and `"others"`; empty if there are none),
            `"importance"` (as of `search.importance.importance`), `"row"`
            (of the winner, as source) and `"command"`.
    """
    parts = [
        _headline(board),
        _comparisons(board.get("unseen")),
        leaderboard(board["rows"], board["columns"]),
        without_accuracy(board["rows"]),
        *(
            picture(title, png_address(png(figure)), words)
            for title, (figure, words) in figures_of(board).items()
        ),
        _verbatim("To paste into the table of networks", board.get("row")),
        _verbatim("Made by", board.get("command")),
    ]
    title = f"Search on {board['data']}"
    return title, "\n".join(parts), RESULT_STYLE + _MORE_STYLE, ""


def figures_of(board: Board) -> dict[str, tuple[Figure, str]]:
    """Returns title -> (figure, what it says), of all there is to draw.

    Args:
        board: As for `draw_search`.
    """
    rows, importance = board["rows"], board.get("importance") or []
    drawn = {
        f"Accuracy and {name}": (
            pareto(rows, measure),
            "On the line is what no other combination beats in both; bars are "
            "95 % intervals.",
        )
        for measure, name in MEASURES.items()
        if measured(rows, measure)
    }
    if any(found["share"] for found in importance):
        drawn["What mattered"] = (
            importance_bars(importance),
            "How much of the accuracy a random forest foretells by each "
            "choice. It is about these combinations and these clips.",
        )
    if importance:
        drawn["Choices"] = value_dots(importance), _choices(importance)
    known = measured(rows)
    if known[1:] and any(values_of(known, x)[1:] for x in board["columns"]):
        drawn["All combinations"] = (
            parallel(rows, board["columns"]),
            "Each is a line from its choices to its accuracy; the thick one "
            f"has won. {MISSING} is where a choice does not apply.",
        )
    return drawn


def _choices(importance):
    words = (
        "Mean of the combinations that have a value, with how many these are; "
        "other choices differ too between them."
    )
    if any(found["share"] != 0 for found in importance):
        return words
    return f"{words} None of them foretells the accuracy of what is untried."


def _headline(board):
    rows, unseen = board["rows"], board.get("unseen") or {}
    winner = next((row for row in rows if row.get("winner")), None)
    told = {
        "clips": board["clips"],
        "classes": len(board["class_names"]),
        "tuned on": board["folds"],
        "combinations": len(rows),
        "networks trained": sum(row.get("networks") or 0 for row in rows),
        "time": _time(board["seconds"]),
        "seed": board["seed"],
    }
    if unseen:
        big, words = percent(unseen["winner"]["accuracy"]), _unseen(unseen)
    elif winner is not None and winner["accuracy"] is not None:
        big, words = (
            percent(winner["accuracy"]),
            [_seen(winner, len(measured(rows)))],
        )
    else:
        big, words = "-", ["No combination has an accuracy."]
    if unseen and winner is not None and winner["accuracy"] is not None:
        told = {"in the search": percent(winner["accuracy"])} | told
    said = "".join(f"<p>{text(sentence)}</p>" for sentence in words)
    return (
        f'<section class="card"><div class="big">{text(big)}</div>{said}'
        f"{facts_list(told)}</section>"
    )


def _unseen(unseen):
    """Returns sentences on the clips that the search never saw."""
    winner = unseen["winner"]
    words = [
        f"{winner['name']}: {winner['right']} of {unseen['clips']} clips "
        "right, each answered by what was chosen and trained without it; 95 % "
        f"interval {percent(winner['low'])} to {percent(winner['high'])}.",
        f"{unseen['protocol']}.",
    ]
    for other in unseen.get("others", [])[:1]:
        if other.get("p") is not None:
            words.insert(
                1, f"Against {other['name']}: {_gain(other)}; {_sure(other)}."
            )
    return words


def _seen(winner, combinations):
    return (
        f"{winner['name']}, in the search itself; 95 % interval "
        f"{percent(winner['low'])} to {percent(winner['high'])}. It was chosen "
        f"for being best of {combinations} on these very clips, which "
        "flatters it: nothing here was measured on clips that the search "
        "never saw."
    )


def _comparisons(unseen):
    if not unseen or not unseen.get("others"):
        return ""
    head = ("", "right", "clips", "the winner gains", "paired test")
    rows = [
        (x["name"], percent(x["accuracy"]), x["right"], _gain(x), _sure(x))
        for x in unseen["others"]
    ]
    return (
        '<section class="card"><h2>Was the search worth it?</h2>'
        '<p class="quiet">On the same clips, none of which the search had '
        f"seen.</p>{table(head, rows)}</section>"
    )


def _verbatim(title, words):
    if not words:
        return ""
    return (
        f'<section class="card"><h2>{text(title)}</h2><pre>{text(words)}</pre>'
        "</section>"
    )


def _gain(other):
    ends = [other.get(name) for name in ("difference", "low", "high")]
    return MISSING if None in ends else gain(*ends)


def _sure(other):
    return or_missing(other.get("p"), verdict)


def _time(seconds: float) -> str:
    """Returns a duration as text."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
