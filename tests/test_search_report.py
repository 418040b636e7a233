"""What a search has found: what mattered, its figures, its page."""

import itertools
import re
from html import unescape

import numpy as np
import pytest
from matplotlib.text import Text

from keras_twostream.report.figures import png
from keras_twostream.report.page import amount, write_page
from keras_twostream.report.search_figures import (
    importance_bars,
    pareto,
    value_dots,
)
from keras_twostream.report.search_lines import parallel
from keras_twostream.report.search_page import draw_search, figures_of
from keras_twostream.report.search_rows import (
    cut,
    pareto_front,
    values_of,
    word,
)
from keras_twostream.search.importance import importance

COLUMNS = ("location", "fusion", "frames", "filters")
SPACE = (("relu3", "relu4", "relu5"), ("sum", "conv", "max"), (1, 4), (64, 128))


def row(accuracy=None, name="network", parameters=None, **more):
    known = accuracy is not None
    return {
        "rank": 1,
        "name": name,
        "values": {},
        "status": "complete" if known else "failed",
        "why": "" if known else "out of memory",
        "networks": 30,
        "accuracy": accuracy,
        "low": accuracy - 0.05 if known else None,
        "high": accuracy + 0.05 if known else None,
        "difference": None,
        "p": None,
        "parameters": parameters,
        "multiply_adds": None,
        "seconds": None,
    } | more


def searched(effects, noise=0.01, seed=0):
    """Returns a row for each combination; only convolution has filters."""
    rng, rows = np.random.default_rng(seed), []
    for values in itertools.product(*SPACE):
        values = dict(zip(COLUMNS, values, strict=True))
        if values["fusion"] != "conv":
            del values["filters"]
        if values not in [row["values"] for row in rows]:
            good = sum(effects.get(value, 0) for value in values.values())
            accuracy = 0.6 + good + noise * rng.normal()
            name = "_".join(map(str, values.values()))
            size = int(rng.integers(1e5, 1e7))
            rows.append(row(accuracy, name, size, values=values))
    return sorted(rows, key=lambda row: -row["accuracy"])


def board(rows, **more):
    return {
        "data": "clips",
        "clips": 60,
        "class_names": ["hug", "kick"],
        "folds": "10 groups",
        "seed": 0,
        "seconds": 1190.0,
        "columns": COLUMNS,
        "rows": rows,
        "unseen": {},
        "importance": [],
        "row": '"conv_relu3": Spec(\n    fuse={"relu3": "conv"},\n)',
        "command": "keras-twostream search CLIPS --budget 20m",
    } | more


UNSEEN = {
    "clips": 60,
    "protocol": "1 view, leaving out one of 10 groups",
    "winner": {
        "name": "conv_relu3",
        "accuracy": 55 / 60,
        "right": 55,
        "low": 0.85,
        "high": 0.96,
    },
    "others": [
        {
            "name": "default conv_relu5",
            "accuracy": 0.9,
            "right": 54,
            "difference": 1 / 60,
            "low": -0.02,
            "high": 0.05,
            "p": 0.9,
        },
        {
            "name": "flow alone",
            "accuracy": 0.5,
            "right": 30,
            "difference": 25 / 60,
            "low": 0.3,
            "high": 0.5,
            "p": 0.0001,
        },
    ],
}


@pytest.fixture(scope="module")
def rows():
    found = searched({"conv": 0.2, "relu3": 0.03})
    found[0]["winner"] = found[5]["default"] = True
    return found


@pytest.fixture(scope="module")
def mattered(rows):
    return importance(rows, COLUMNS)


def words_of(html):
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", html).split()))


@pytest.mark.parametrize(
    ("effects", "decides"),
    [
        ({"conv": 0.2}, "fusion"),
        ({"relu3": 0.1, "relu4": 0.05}, "location"),
        ({4: -0.1}, "frames"),
    ],
)
def test_the_choice_that_decides_is_found(effects, decides):
    first, *others = importance(searched(effects), COLUMNS)
    assert first["column"] == decides
    assert first["share"] > 0.9
    shares = [found["share"] for found in others]
    assert shares == sorted(shares, reverse=True)
    assert first["share"] + sum(shares) == pytest.approx(1)


def test_a_choice_gets_no_credit_for_when_it_applies(mattered):
    """Whatever has filters is convolution, which is what is good."""
    shares = {found["column"]: found["share"] for found in mattered}
    assert shares["fusion"] > 0.8 > 0.2 > shares["location"] > 0.01
    assert shares["filters"] < 0.01


def test_what_explains_nothing_has_no_share():
    chance = importance(searched({}, noise=0.05), COLUMNS)
    equal = importance(searched({}, noise=0), COLUMNS)
    assert {found["share"] for found in chance + equal} == {0}


def test_importance_is_the_same_again(rows, mattered):
    assert importance(rows, COLUMNS) == mattered


def test_values_have_the_mean_of_their_rows(rows, mattered):
    found = next(x for x in mattered if x["column"] == "fusion")
    assert found["trials"] == len(rows) == 24
    assert [x["trials"] for x in found["values"]] == [12, 6, 6]
    assert found["values"][0]["value"] == "conv"
    for value in found["values"]:
        accuracies = [
            row["accuracy"]
            for row in rows
            if row["values"]["fusion"] == value["value"]
        ]
        assert value["mean"] == pytest.approx(np.mean(accuracies))
        assert value["low"] < value["mean"] < value["high"]
    means = [value["mean"] for value in found["values"]]
    assert means == sorted(means, reverse=True)
    filters = next(x for x in mattered if x["column"] == "filters")
    assert filters["trials"] == 12
    assert {x["value"] for x in filters["values"]} == {64, 128}


def test_of_few_rows_no_shares_are_claimed(rows):
    few = importance(rows[:4] + [row()], COLUMNS)
    assert all(found["share"] is None for found in few)
    names = [found["column"] for found in few]
    assert names == [name for name in COLUMNS if name in names]
    assert importance([row()], COLUMNS) == []


def test_columns_of_one_value_are_left_out(rows):
    same = [x | {"values": x["values"] | {"bound": 20}} for x in rows]
    found = importance(same, (*COLUMNS, "bound"))
    assert {x["column"] for x in found} == {*COLUMNS}


def test_the_front_is_what_nothing_beats():
    rows = [
        row(0.9, "best", 500),
        row(0.9, "as good but larger", 600),
        row(0.8, "smaller", 100),
        row(0.7, "as small but worse", 100),
        row(0.85, "between", 200),
        row(0.8, "beaten", 300),
        row(0.99, "of unknown size"),
        row(None, "failed", 1),
    ]
    front = pareto_front(rows, "parameters")
    assert [x["name"] for x in front] == ["smaller", "between", "best"]
    assert pareto_front(rows, "multiply_adds") == []


def test_every_row_is_on_the_front_or_beaten(rows):
    front = pareto_front(rows, "parameters")
    for other in rows:
        beaten = any(
            x["parameters"] <= other["parameters"]
            and x["accuracy"] >= other["accuracy"]
            for x in front
        )
        assert beaten or other in front


def test_values_and_sizes_in_words():
    rows = [{"values": {"x": x}} for x in ("b", 10, 2, "a", 2, [1], True)]
    assert values_of(rows, "x") == [True, 2, 10, [1], "a", "b"]
    said = [word(x) for x in (True, None, 1e-4, 0.5, 64, "conv", [1])]
    assert said == ["yes", "none", "0.0001", "0.5", "64", "conv", "[1]"]
    sizes = (0, 7, 999, 999_499, 999_600, 1.234e6, 3.1e8, 2e9, 4e12)
    said = ", ".join(amount(x) for x in sizes)
    assert said == "0, 7, 999, 999 k, 1 M, 1.23 M, 310 M, 2 G, 4 T"
    assert cut("abcdefghij", 10) == "abcdefghij"
    assert cut("abcdefghijk", 10) == "abcde…hijk"


def test_names_on_the_front_are_all_apart(rows):
    crowd = [row(0.9 + 1e-3 * i, f"a name {i}", 100 + i) for i in range(30)]
    for few in (rows, crowd):
        figure = pareto(few, "parameters")
        figure.draw_without_rendering()
        axes = figure.axes[0]
        boxes = [Text.get_window_extent(text) for text in axes.texts]
        front = pareto_front(few, "parameters")
        assert len(boxes) == min(len(front), 8)
        for first, second in itertools.combinations(boxes, 2):
            assert not first.shrunk(1, 0.8).overlaps(second.shrunk(1, 0.8))
        for box in boxes:
            assert axes.bbox.x0 < box.x0
            assert box.y1 < axes.bbox.y1


@pytest.mark.parametrize("count", [0, 1, 2])
def test_figures_cope_with_few_rows(rows, count):
    few = rows[:count]
    found = importance(few, COLUMNS)
    for figure in (
        pareto(few, "parameters"),
        importance_bars(found),
        value_dots(found),
        parallel(few, COLUMNS),
    ):
        assert png(figure).startswith(b"\x89PNG")


def test_lines_end_at_their_accuracy(rows):
    axes = parallel(rows, COLUMNS).axes[0]
    ways = axes.collections[0].get_segments()
    ends = np.array([way[-1] for way in ways])
    low, high = rows[-1]["accuracy"], rows[0]["accuracy"]
    accuracies = [(x["accuracy"] - low) / (high - low) for x in rows[::-1]]
    np.testing.assert_allclose(ends[:, 0], len(COLUMNS))
    np.testing.assert_allclose(ends[:, 1], accuracies)
    assert "-" in [text.get_text() for text in axes.texts]


@pytest.fixture(scope="module")
def page(rows, mattered):
    lost = [row(None, "bilinear_relu2"), row(None, "bilinear_relu3")]
    found = board(rows + lost, unseen=UNSEEN, importance=mattered)
    return draw_search(found)


def test_the_page_says_what_was_found(page, rows):
    title, html, style, script = page
    assert (title, script) == ("Search on clips", "")
    assert "overflow-x" in style
    said = words_of(html)
    for part in (
        "91.7 %",
        "conv_relu3: 55 of 60 clips right",
        "85.0 % to 96.0 %",
        "Against default conv_relu5: +1.7 points (-2.0 to +5.0); p = 0.900, "
        "may be chance.",
        "p < 0.001, more than chance",
        "20 min",
        "bilinear_relu2, bilinear_relu3: failed, out of memory",
        'fuse={"relu3": "conv"}',
        "keras-twostream search CLIPS --budget 20m",
        f"{rows[0]['name']} (winner)",
        f"{rows[5]['name']} (default)",
    ):
        assert part in said, part
    assert all(x["name"] in said for x in rows)


def test_the_page_needs_no_other_file(page, tmp_path):
    html = write_page(tmp_path / "page.html", *page).read_text("utf-8")
    addresses = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert len(addresses) == 4
    assert all(x.startswith("data:") for x in addresses)


def test_long_leaderboards_are_cut():
    rows = [row(0.9, f"network {i:02}") for i in range(34)]
    said = words_of(draw_search(board(rows))[1])
    assert "network 29" in said
    assert "network 30" not in said
    assert "4 more are not shown" in said


def test_what_was_not_measured_is_not_claimed(rows):
    said = words_of(draw_search(board(rows))[1])
    assert "flatters" in said
    assert "Was the search worth it?" not in said
    said = words_of(draw_search(board([row(), row()]))[1])
    assert "No combination has an accuracy." in said
    assert "Leaderboard" not in said
    assert "No combination" in words_of(draw_search(board([]))[1])
    assert figures_of(board([row()])) == {}


def test_whatever_users_wrote_is_text():
    evil = "<script>alert($_$)</script>"
    values = {"location": evil, "fusion": [evil]}
    rows = [
        row(0.9, evil, 10, values=values, winner=True, status=evil),
        row(0.8, "plain", 20, values={}),
        row(None, evil, why=evil),
    ]
    other = UNSEEN["others"][0] | {"name": evil}
    unseen = UNSEEN | {"protocol": evil, "others": [other]}
    strings = ("data", "folds", "seed", "row", "command")
    found = board(rows, unseen=unseen, **dict.fromkeys(strings, evil))
    found["columns"] = (*COLUMNS, evil)
    assert "<script" not in draw_search(found)[1]
    assert "&lt;script&gt;" in draw_search(found)[1]
