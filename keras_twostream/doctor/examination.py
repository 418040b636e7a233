"""The front door: a path -> a report."""

import contextlib
import os
import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from keras_twostream.doctor import clip_rules, set_rules, spread_rules
from keras_twostream.doctor.cases import Cases
from keras_twostream.doctor.crew import do_all
from keras_twostream.doctor.facts import Facts
from keras_twostream.doctor.opening import open_cases
from keras_twostream.doctor.report import Report, ordered
from keras_twostream.doctor.report_page import draw_report, shown_files
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation.summary import progress
from keras_twostream.report.page import write_page


def examine(
    path: str | os.PathLike,
    list_file: str | os.PathLike | None = None,
    format: str = "auto",
    split: int | str | None = None,
    *,
    flow: FlowSpec | None = None,
    flow_frames: int = 10,
    quick: bool = False,
    html: str | os.PathLike | None = None,
    workers: int | None = None,
    verbose: bool | str = "auto",
) -> Report:
    """Examines a set of clips and says what is wrong, and what to do.

    Every clip is decoded to its end. Stored flow is tested against the
    frames: flow that is right carries each frame onto the next.

    Args:
        path: A folder with one sub-folder of videos for each class, or with
            one for each split (`train`, `test`) of such; a prepared set;
            folders of extracted frames and flow, as Feichtenhofer et al.
            (2016) released theirs (`jpegs_256`, `tvl1_flow/u`, `/v`) or as
            TSN and denseflow write them (`img_00001.jpg`,
            `flow_x_00001.jpg`); or one video file.
        list_file: A list of the clips, whose paths start at `path`.
        format: Of the list, as for `clips.lists.read_clips`.
        split: Which of the official splits, as there.
        flow: How extracted flow is stored; by default `quantization=
            "offset"` with the bound 20. A prepared set says it itself.
        flow_frames: Flow fields in a sample, L: clips with fewer are short.
        quick: Whether to trust headers: one frame of each video and a few
            fields of stored flow are decoded, clips are not counted and not
            compared with one another.
        html: File to write the report to, as one page with pictures.
        workers: Number of processes, by default one for each core; with 1
            all is done in this one.
        verbose: Whether to show a progress bar on the standard error;
            "auto" shows it on a terminal.

    Returns:
        `Report`.

    Raises:
        ValueError: If there is nothing to examine, or an argument is wrong.
        OSError: If the list cannot be read or the page not be written.
    """
    for name, value in (("workers", workers), ("flow_frames", flow_frames)):
        if value is not None and value < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {value}.")
    cases = open_cases(path, list_file, format, split, flow)
    facts = _facts(cases, quick, workers, verbose)
    findings = [
        *set_rules.left_out(cases),
        *clip_rules.problems(cases, facts),
        *clip_rules.single(cases, facts, flow_frames * cases.step + 1),
        *spread_rules.spread(cases, facts),
        *spread_rules.flow_range(cases, facts),
        *set_rules.labels(cases),
        *set_rules.classes(cases),
        *set_rules.groups(cases),
        *set_rules.copies(cases, facts),
    ]
    report = Report(
        path=cases.root,
        kind=cases.kind,
        clips=len(cases.clips),
        findings=ordered(findings),
        summary=_summary(cases, facts),
    )
    if html is not None:
        pictures = _pictures(cases, report, workers, verbose)
        write_page(html, *draw_report(report, pictures))
    return report


def _facts(
    cases: Cases, quick: bool, workers: int | None, verbose: bool | str
) -> list[Facts]:
    """Returns what is known of each clip."""
    jobs = [{"do": "examine", "quick": quick, **c.job} for c in cases.clips]
    # Only files of one size can be the same.
    sizes = [_size(each) for each in jobs]
    counts = Counter(sizes)
    for job, size in zip(jobs, sizes, strict=True):
        job["hash"] = size is not None and counts[size] > 1
    facts = [Facts()] * len(jobs)
    with contextlib.closing(do_all(jobs, workers)) as done:
        for index, answer in progress(
            done, len(jobs), "Examining clips", verbose
        ):
            facts[index] = Facts.from_dict(answer)
            facts[index].sha256 = jobs[index].get("sha256", "") or (
                facts[index].sha256
            )
    return facts


def _size(job: dict) -> int | None:
    try:
        return Path(job["path"]).stat().st_size if "path" in job else None
    except OSError:
        return None


def _pictures(
    cases: Cases, report: Report, workers: int | None, verbose: bool | str
) -> dict[str, dict[str, str]]:
    """Returns the pictures of the files that a page shows."""
    jobs = {each.name: each.job for each in cases.clips}
    names = [name for name in shown_files(report) if name in jobs]
    orders = [{"do": "draw", **jobs[name]} for name in names]
    with contextlib.closing(do_all(orders, workers)) as done:
        drawn = progress(done, len(orders), "Drawing clips", verbose)
        return {names[index]: pictures for index, pictures in drawn}


def _summary(cases: Cases, facts: Sequence[Facts]) -> dict[str, str]:
    whole = [each for each in facts if not each.problem]
    counts = [each.frames for each in whole if each.frames]
    rates = {f"{each.fps:g}" for each in whole if each.fps}
    sizes = {f"{each.width}x{each.height}" for each in whole if each.height}
    seconds = sum(each.frames / each.fps for each in whole if each.fps)
    flow = cases.flow
    told = {
        "classes": f"{len(cases.class_names)}" if cases.class_names else "",
        "frames of a clip": _range(counts),
        "length": f"{seconds / 60:.1f} minutes" if seconds else "",
        "frames per second": _few(rates),
        "width, height": _few(sizes),
        "groups": _number(each.group for each in cases.clips),
        "splits": _few({each.split for each in cases.clips if each.split}),
        "flow": flow.algorithm if flow and cases.kind == "prepared" else "",
    }
    return {name: words for name, words in told.items() if words}


def _range(counts: Sequence[int]) -> str:
    if not counts:
        return ""
    middle = statistics.median_low(counts)
    return f"{min(counts)} to {max(counts)}, median {middle}"


def _few(values) -> str:
    listed = sorted(values)
    return ", ".join(listed) if len(listed) <= 4 else f"{len(listed)} different"


def _number(groups) -> str:
    known = {group for group in groups if group is not None}
    return str(len(known)) if known else ""
