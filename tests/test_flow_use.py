"""Clips prepared for a trained network by other flow than its own."""

import dataclasses
import warnings

import pytest
from networks import tiny

from keras_twostream import evaluate, predict
from keras_twostream.cli import main, parser
from keras_twostream.cli.flags import given_of
from keras_twostream.flow import FlowSpec
from keras_twostream.flow.contract import (
    FlowMismatchError,
    FlowMismatchWarning,
)
from keras_twostream.video.synthetic import CLASS_NAMES, write_dataset

SPEC = FlowSpec(short_side=64, bound=4.0)
LONGER = dataclasses.replace(SPEC, step=4)
OTHER = dataclasses.replace(SPEC, algorithm="farneback")


def places(caught):
    """Returns the files that flow was complained of in."""
    own = [x for x in caught if x.category is FlowMismatchWarning]
    return [x.filename for x in own]


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("clips"), 1)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    model = tiny("conv_relu5", flow=SPEC, class_names=CLASS_NAMES)
    model.save(path)
    return path


def test_evaluate_and_predict_compute_other_flow_when_told(
    clips, saved, tmp_path
):
    clip = clips / "red_left" / "clip_00000.mp4"
    own = predict(clip, saved, views=1)
    stored = dataclasses.replace(SPEC, quantization="offset")
    again = predict(clip, saved, views=1, flow=stored)
    assert again[0]["score"] == pytest.approx(own[0]["score"], abs=0.01)
    with pytest.warns(FlowMismatchWarning) as caught:
        predict(clip, saved, views=1, flow=OTHER)
    assert places(caught) == [__file__]
    with pytest.warns(FlowMismatchWarning) as caught:
        results = evaluate(
            *(clips, saved),
            streams=True,
            protocol="quick",
            flow=OTHER,
            cache_dir=tmp_path,
            verbose=False,
        )
    # Once a call, though `evaluate` asks a network for every stream.
    assert places(caught) == [__file__]
    assert [*results] == ["all", "rgb", "flow"]
    assert {len(result) for result in results.values()} == {6}


def test_nothing_is_computed_for_a_network_that_cannot_use_it(
    clips, saved, tmp_path
):
    cache = tmp_path / "cache"
    with pytest.raises(FlowMismatchError, match="step=1"):
        evaluate(clips, saved, flow=LONGER, cache_dir=cache)
    with pytest.raises(FlowMismatchError, match="step=1"):
        predict(clips, saved, flow=LONGER)
    assert not cache.exists()


def test_flags_are_fields_of_the_flow(clips, saved, capsys):
    clip = str(clips / "red_left" / "clip_00000.mp4")
    predict = ["predict", clip, "--model", str(saved), "--views", "1"]
    assert main([*predict, "--step", "4"]) == 2
    assert "error: Flow `step`" in capsys.readouterr().err
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main([*predict, "--algorithm", "farneback", "--json"]) == 0
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("keras-twostream: warning: Flow `algorithm`")
    with pytest.raises(SystemExit):
        main([*predict, "--resize", "between"])


def test_train_takes_every_field():
    flags = {
        "algorithm": "farneback",
        "bound": 8.0,
        "short_side": None,
        "step": 2,
        "resize": "after",
        "fps": 12.5,
        "quantization": "offset",
        "encoding": "png",
        "codec_range": "limited",
    }
    words = [
        word
        for name, value in flags.items()
        for word in (f"--{name.replace('_', '-')}", str(value).lower())
    ]
    settings = vars(parser().parse_args(["train", "clips", *words]))
    assert given_of(FlowSpec, settings) == flags
