"""The verbs, called as a user calls them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from keras_twostream.cli import GROUPS, main, parser
from keras_twostream.data.crop import CropSpec
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.models.table import MODELS
from keras_twostream.training.recipe import Recipe
from keras_twostream.video.synthetic import write_dataset

VERBS = {name for group in GROUPS for name in group.VERBS}


def test_help_needs_neither_keras_nor_opencv():
    code = (
        "import sys; from keras_twostream.cli import main\n"
        "try: main(['train', '--help'])\n"
        "except SystemExit: pass\n"
        "print({'keras', 'tensorflow', 'cv2', 'av'} & {*sys.modules})"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "set()"
    assert result.stderr == ""


def test_flags_have_the_defaults_of_the_recipe():
    options = vars(parser().parse_args(["train", "clips"]))
    for cls in (Recipe, FlowSpec, CropSpec):
        defaults = vars(cls())
        for name in options.keys() & defaults.keys():
            assert options[name] == defaults[name], name


def test_every_flag_is_explained(capsys):
    for verb in VERBS:
        with pytest.raises(SystemExit):
            main([verb, "--help"])
        assert verb in capsys.readouterr().out


def test_list_prints_every_match_as_table_and_json(capsys):
    assert main(["list", "conv*"]) == 0
    table = capsys.readouterr().out
    names = [name for name in MODELS if name.startswith("conv")]
    assert all(name in table for name in names)
    assert "spatial" not in table
    assert main(["list", "conv*", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == names


def test_info_of_weights_is_their_card(capsys):
    assert main(["info", "i3d.rgb_kinetics_only"]) == 0
    card = Path("zoo/entries/i3d.rgb_kinetics_only.md")
    root = Path(__file__).parents[1]
    assert capsys.readouterr().out.strip() == (root / card).read_text().strip()


def test_info_as_json_counts_parameters(capsys):
    arguments = ["info", "conv_relu5", "--backbone", "vgg_tiny", "--json"]
    assert main(arguments) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["fuse"] == {"relu5": "conv"}
    assert facts["parameters"] > 0
    assert facts["published"][0]["ucf101"] == 85.96


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list", "convv*"], "No network matches 'convv*'"),
        (["info", "conv_relu9"], "Did you mean conv_relu5"),
        (["predict", "x.mp4", "--model", "nowhere"], "no trained model"),
        (["predict", "x.mp4", "--model", "no/where"], "no trained model"),
        (["verify"], "Say which"),
        (["publish", "nowhere", "--name", "a.b"], "not a run folder"),
        (["convert", "nowhere.mat", "x.keras"], "no file nowhere.mat"),
        (["convert", "nowhere.mat", "x.onnx"], ".keras file or a preset"),
        (["evaluate", "nowhere", "--model", "nowhere"], "no trained model"),
        (["train", "nowhere"], "nowhere"),
        (["train", ".", "--bound", "-1"], "bound"),
    ],
)
def test_wrong_arguments_end_with_one_line_and_status_2(
    arguments, message, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("keras-twostream: error: ")
    assert message in error


def test_train_evaluate_predict(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    clips = write_dataset(tmp_path / "clips", 2)
    sizes = ["--image-size", "64", "64", "--short-side", "64"]
    cache = ["--cache-dir", "cache", "--workers", "1"]
    train = ["train", "clips", "--backbone", "vgg_tiny", "--epochs", "1"]
    split = ["--validation-split", "0.5", "--no-flip"]
    assert main([*train, *sizes, *split, *cache]) == 0
    assert "runs/conv_relu5" in capsys.readouterr().out
    model = ["--model", "runs/conv_relu5", "--views", "1"]
    clip = next((clips / "red_left").glob("*.mp4"))
    assert main(["predict", str(clip), *model, "--top", "2", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert len(answer) == 2
    assert {*answer[0]} == {"label", "score"}
    assert main(["evaluate", "clips", *model, *cache]) == 0
    assert "red_left_blue_right" in capsys.readouterr().out
    assert main(["evaluate", "clips", *model, *cache, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["clips"] == 12

    name = "conv_relu5.mine"
    publish = ["publish", "runs/conv_relu5", "--name", name, "--to", "zoo"]
    assert main([*publish, "--licence", "CC0-1.0"]) == 0
    assert "6 classes of clips" in Path("zoo", f"{name}.md").read_text()
    monkeypatch.setenv("KERAS_TWOSTREAM_ZOO", "zoo")
    assert main(["verify", "--all"]) == 0
    assert "passed" in capsys.readouterr().out
    assert main(["list", "--pretrained", "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert entry["licence"] == "CC0-1.0"
    assert "held back" in entry["metrics"][0]["protocol"]
    assert main(["predict", str(clip), "--model", name, "--json"]) == 0
    assert (
        json.loads(capsys.readouterr().out)[0]["label"] in entry["class_names"]
    )
