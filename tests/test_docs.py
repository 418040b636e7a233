"""README's table, commands and examples do not drift from the code."""

import importlib.util
import os
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import pytest

from keras_twostream.models.table import MODELS
from keras_twostream.video.synthetic import write_dataset

ROOT = Path(__file__).parents[1]
DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"
README = (ROOT / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def writer():
    """The script that writes what the docs say of networks."""
    path = ROOT / "docs" / "update_readme.py"
    spec = importlib.util.spec_from_file_location("update_readme", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_the_docs_say_of_networks_is_fresh(writer):
    assert writer.updated(README) == README
    assert writer.page() == writer.PAGE.read_text("utf-8")


def test_pictures_of_networks_are_fresh(writer):
    diagrams = writer.diagrams()
    folder = writer.DOCS / writer.PICTURES
    assert {*diagrams} == {*folder.iterdir()}
    for path, diagram in diagrams.items():
        # Matplotlib's versions draw alike, but write it differently.
        root = xml.etree.ElementTree.parse(path)
        about = root.find(f".//{{{DUBLIN_CORE}}}description")
        assert about.text == str(diagram), path


def test_every_network_and_picture_is_on_the_page(writer):
    text = writer.page()
    for name in MODELS:
        assert f"| `{name}` |" in text
    for part in text.split("](")[1:]:
        target = part.partition(")")[0]
        if not target.startswith("http"):
            assert (writer.DOCS / target).exists(), target


def test_ci_finds_both_commands_in_the_readme():
    for name in ("demo", "tests"):
        mark = f"<!-- ci: {name} -->\n```sh\n"
        assert README.count(mark) == 1
        command = README.partition(mark)[2].partition("\n```")[0]
        assert command.startswith("pip install ")
        assert "\n" not in command


def test_links_lead_somewhere():
    for part in README.split("](")[1:]:
        target = part.partition(")")[0]
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["own_fusion.py", "fine_tune.py", "fuse_two_models.py"]
)
def test_examples_run(name, tmp_path):
    arguments = []
    if name == "fine_tune.py":
        arguments = [str(write_dataset(tmp_path / "clips", 2)), "1"]
    result = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name), *arguments],
        cwd=tmp_path,
        env=os.environ | {"KERAS_TWOSTREAM_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "scores" in result.stdout or ": 0." in result.stdout


@pytest.mark.slow
def test_the_tables_of_the_paper_are_searched(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KERAS_TWOSTREAM_CACHE", str(tmp_path / "cache"))
    path = ROOT / "examples" / "search_fusion.py"
    spec = importlib.util.spec_from_file_location("search_fusion", path)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    assert {*example.ROWS} <= {*MODELS}
    rows = ("conv_relu5", "sum_softmax", "conv_relu2")
    example.main(folder=tmp_path / "tables", clips_per_class=3, rows=rows)
    lines = capsys.readouterr().out.splitlines()
    told = {line.split()[0]: line for line in lines if "to" in line}
    for name, paper in zip(rows, ("85.96", "85.94", "82.25"), strict=True):
        assert paper in told[name]
