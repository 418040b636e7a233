"""What preparing clips will cost, beside what it does cost."""

import dataclasses
import json

import clips
import numpy as np
import pytest

from keras_twostream.cli.estimating import duration, print_estimate, size
from keras_twostream.clips.clips import Clips
from keras_twostream.flow import FlowSpec, estimators
from keras_twostream.preparation import trial
from keras_twostream.preparation.estimate import (
    ENCODINGS,
    alternatives,
    estimate,
)
from keras_twostream.preparation.records import make_record
from keras_twostream.preparation.survey import excerpts, extent
from keras_twostream.video import write_video
from keras_twostream.video.header import stated_length
from keras_twostream.video.synthetic import clip_scene, render

SPEC = FlowSpec(short_side=48, bound=4)


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """Ten procedural clips of 12 to 21 frames at 25 per second."""
    folder = tmp_path_factory.mktemp("clips")
    paths = [folder / f"{number}.avi" for number in range(10)]
    for number, path in enumerate(paths):
        scene = clip_scene("red_left", number, frames=12 + number)
        write_video(path, render(scene)[0], codec="ffv1", fps=25)
    return Clips(paths)


@pytest.fixture(scope="module")
def found(listed):
    return estimate(listed, alternatives(SPEC, ["dis_fast"]), sample=10)


def test_headers_tell_how_much_video_there_is(listed, tmp_path):
    frames = sum(range(12, 22))
    whole = extent(listed.paths, seed=0)
    assert (whole.clips, whole.frames) == (10, frames)
    assert whole.seconds == pytest.approx(frames / 25)
    assert stated_length(listed.paths[3]) == (15, 25)
    for name, contents in (("empty.avi", b""), ("text.avi", b"text\n" * 99)):
        (tmp_path / name).write_bytes(contents)
        assert stated_length(tmp_path / name) is None
    assert stated_length(tmp_path / "missing.avi") is None
    # The others stand for those that say nothing.
    more = extent([*listed.paths, tmp_path / "empty.avi"], seed=0)
    assert more.frames == pytest.approx(frames * 11 / 10)
    with pytest.raises(ValueError, match="None of the headers of 1 files"):
        extent([tmp_path / "empty.avi"], seed=0)


def test_excerpts_are_runs_of_frames_at_places_drawn_by_chance(tmp_path):
    path = tmp_path / "clip.avi"
    write_video(path, clips.moving_frames(40, 32, 64), codec="ffv1")
    starts = set()
    for seed in range(12):
        (excerpt,) = excerpts([path], 5, 6, seed)
        numbers = clips.frame_numbers(np.stack(excerpt.frames))
        assert numbers == list(range(numbers[0], numbers[0] + 6))
        assert excerpt.length == 40
        starts.add(numbers[0])
    assert len(starts) > 6
    assert max(starts) > 20
    (excerpt,) = excerpts([path], 5, 60, 0)
    assert len(excerpt.frames) == 40


def test_bytes_are_estimated_to_within_their_spread(listed, found):
    records = [make_record(path, SPEC) for path in listed.paths]
    row = found.rows[0]
    assert row.spec == SPEC
    actual = sum(map(len, records))
    assert row.bytes == pytest.approx(actual, rel=0.05 + 2 * row.size_spread)
    hours = found.extent.seconds / 3600
    assert row.bytes_per_hour == pytest.approx(row.bytes / hours, rel=1e-6)


def test_coarser_storage_is_smaller_and_errs_more(found):
    rows = {(r.spec.encoding, r.spec.shrink): r for r in found.rows}
    order = [("png", 1), ("jpeg95", 1), ("jpeg85", 1)]
    sizes = [rows[key].bytes for key in order]
    errors = [rows[key].rmse for key in order]
    assert sizes == sorted(sizes, reverse=True)
    assert errors == sorted(errors)
    assert rows["jpeg95", 2].bytes < rows["jpeg95", 1].bytes
    assert rows["jpeg95", 2].rmse > rows["jpeg95", 1].rmse
    # PNG rounds, and no more: levels of 4 / 127 pixels.
    level = 4 / 127
    assert rows["png", 1].p999 <= level / 2 + 1 / 256
    assert 0 < rows["png", 1].rmse <= level / 2
    for row in found.rows:
        assert row.core_hours > 0
        assert row.rmse < row.p999
        assert row.sampled == 10


def test_what_the_bound_cuts_off_is_an_error(listed):
    """Squares move by 1 to 3 pixels a frame."""
    low = dataclasses.replace(SPEC, bound=0.5)
    loose, tight = estimate(listed, [SPEC, low], sample=4).rows
    assert tight.p999 > 0.5 > loose.p999


def test_the_same_seed_looks_at_the_same(listed):
    specs = [SPEC, dataclasses.replace(SPEC, encoding="png")]
    first, again, other = (
        estimate(listed, specs, sample=3, seed=seed).rows for seed in (1, 1, 2)
    )
    same = ("bytes", "rmse", "p999", "size_spread")
    for name in same:
        values = [[getattr(r, name) for r in rows] for rows in (first, again)]
        assert values[0] == values[1]
    assert [r.bytes for r in first] != [r.bytes for r in other]


def test_workers_share_the_work(listed):
    (row,) = estimate(listed, [SPEC], sample=2, workers=4).rows
    assert row.wall_hours == pytest.approx(row.core_hours / 4)


def test_a_lower_rate_stores_fewer_frames(listed):
    half = dataclasses.replace(SPEC, fps=12.5)
    whole, fewer = estimate(listed, [SPEC, half], sample=10).rows
    assert fewer.bytes == pytest.approx(whole.bytes / 2, rel=0.2)


def test_flow_is_computed_once_for_all_encodings(listed, monkeypatch):
    calls = []
    flow_of = estimators.get("dis_fast")

    def counting(previous, following):
        calls.append(1)
        return flow_of(previous, following)

    monkeypatch.setitem(estimators.ESTIMATORS, "dis_fast", lambda: counting)
    estimate(listed, alternatives(SPEC, ["dis_fast"]), sample=3)
    assert len(calls) == 3 * 4


def test_a_slow_algorithm_is_tried_on_few_clips(listed, monkeypatch):
    monkeypatch.setattr(trial, "BUDGET", 0)
    found = estimate(listed, [SPEC], sample=10)
    assert found.rows[0].sampled == 3


def test_what_cannot_be_used_is_told(listed, tmp_path, capsys):
    bad = tmp_path / "bad.avi"
    bad.write_bytes(b"")
    found = estimate(Clips([bad, *listed.paths]), [SPEC], sample=11)
    assert found.unreadable == ((bad, "it is empty (zero bytes)"),)
    print_estimate(found)
    assert f"{bad}: it is empty" in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"None of the 1 .*bad\.avi"):
        estimate(Clips([bad]), [SPEC])
    with pytest.raises(ValueError, match="There is no clip"):
        estimate(Clips([]), [SPEC])
    with pytest.raises(ValueError, match="25 frames per second"):
        estimate(listed, [dataclasses.replace(SPEC, fps=60)])
    with pytest.raises(ValueError, match="Unknown flow algorithm"):
        estimate(listed, [FlowSpec(algorithm="raft")])


def test_clips_too_short_for_flow_are_passed_over(listed, tmp_path):
    still = tmp_path / "still.avi"
    write_video(still, clips.moving_frames(1, 48, 64), codec="ffv1")
    found = estimate(Clips([still, *listed.paths]), [SPEC], sample=11)
    assert found.rows[0].sampled == 10
    with pytest.raises(ValueError, match="none with motion"):
        estimate(Clips([still]), [SPEC])


def test_alternatives_are_all_that_is_installed():
    specs = alternatives(SPEC)
    assert specs[0] == SPEC
    assert len({*specs}) == len(specs)
    names = {spec.algorithm for spec in specs}
    assert names == {*estimators.installed()}
    assert len(specs) == len(names) * len(ENCODINGS)
    for spec in specs:
        estimators.get(spec.algorithm)
        assert (spec.bound, spec.short_side) == (4, 48)
    own = dataclasses.replace(SPEC, algorithm="mine:flow", encoding="jpeg70")
    assert alternatives(own)[0] == own
    assert len(alternatives(own)) == 1 + (1 + len(names)) * len(ENCODINGS)


def test_an_estimate_is_printed_as_table_or_json(found, capsys):
    print_estimate(found)
    table = capsys.readouterr().out
    for words in (
        "10 clips",
        "165 frames",
        "dis_fast",
        "jpeg95, 1/2",
        "within",
    ):
        assert words in table
    print_estimate(found, as_json=True)
    read = json.loads(capsys.readouterr().out)
    assert len(read["rows"]) == len(found.rows)
    assert read["rows"][0]["bytes"] == found.rows[0].bytes
    spec = FlowSpec.from_dict(read["rows"][0]["spec"])
    assert spec == found.rows[0].spec


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (5.12e9, "5.12 GB")],
)
def test_sizes_are_short(count, text):
    assert size(count) == text


def test_times_are_short():
    assert duration(3.14159) == "3.1 s"
    assert duration(600) == "10.0 min"
    assert duration(3600 * 1234.5) == "1,234.5 h"
