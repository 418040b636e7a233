"""README's table, commands and examples do not drift from the code."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from keras_twostream.video.synthetic import write_dataset

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.slow
def test_table_of_networks_is_fresh():
    path = ROOT / "docs" / "update_readme.py"
    spec = importlib.util.spec_from_file_location("update_readme", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.updated(README) == README


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


@pytest.mark.parametrize("name", ["own_fusion.py", "fine_tune.py"])
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
