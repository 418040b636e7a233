"""How the layers for time are looked up, named and refused."""

import keras
import pytest

from keras_twostream import layers

CLIP, STEPS = (2, 6, 5, 7, 3), (2, 6, 3)


def test_who_needs_a_time_axis():
    needing = {
        word for word in layers.TIMES if layers.get_time(word).needs_time
    }
    assert needing == {*layers.TIMES} - {"bilinear"}


@pytest.mark.parametrize("word", layers.TIMES)
def test_words_name_layers_and_layers_words(word):
    layer = layers.get_time(word)
    assert layers.get_time(layer) is layer
    name = "average" if word == "pool" else word
    for identifier in (word, layer, {"kind": word}, serialised(layer)):
        assert type(layers.get_time(identifier)) is type(layer)
        assert layers.get_time(identifier) is not layers.get_time(word)
        assert layers.time_name(identifier) == name
    assert layers.get_time(word, name="mine").name == "mine"


def serialised(layer):
    return keras.layers.serialize(layer)


@pytest.mark.parametrize(
    ("identifier", "name", "own"),
    [
        ({"mode": "max"}, "max", {"mode": "max", "segments": 1}),
        ({"segments": 3}, "pool", {"mode": "average", "segments": 3}),
        ({"kind": "max", "segments": 2}, "pool", {"mode": "max"}),
        ({"mode": "max", "segments": None}, "concat", {}),
        ({"kind": "lstm", "units": 8, "num_layers": 5}, "lstm", {"units": 8}),
        ({"kind": "conv", "kernel_size": [2, 3, 3]}, "conv", {"filters": 256}),
        (keras.layers.GlobalMaxPooling1D(), "globalmaxpooling1d", {}),
    ],
)
def test_dicts_are_arguments(identifier, name, own):
    before = repr(identifier)
    layer = layers.get_time(identifier)
    assert layers.time_name(identifier) == name
    assert own.items() <= layer.get_config().items()
    assert repr(identifier) == before


@pytest.mark.parametrize("wrong", ["maxx", None, 3, ["max"], {"kind": "x"}])
def test_words_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ValueError, match=r"'concat', 'average'.*Received: "):
        layers.get_time(wrong)


@pytest.mark.parametrize(
    ("word", "shape", "message"),
    [
        ("conv", CLIP, "kernel_size spans 10 frames of a clip of 6"),
        (
            {"kind": "pool3d", "pool_size": (7, 1, 1)},
            CLIP,
            "pool_size spans 7 frames of a clip of 6",
        ),
        ({"segments": 7}, CLIP, "from 1 to the 6 frames.*segments=7"),
        ("lstm", CLIP, r"TemporalLSTM takes .* 3-D.*\(2, 6, 5, 7, 3\)"),
        ("conv", STEPS, r"TemporalConv takes .* 5-D.*\(2, 6, 3\)"),
        ("bilinear", STEPS, r"BilinearPooling takes .* 4-D or 5-D"),
        ("max", (2, 6), r"TemporalPool takes .* 3-D and more"),
        ("max", (2, None, 3), "with time known"),
    ],
)
def test_clips_that_do_not_fit_are_refused(word, shape, message):
    with pytest.raises(ValueError, match=message):
        layers.get_time(word)(keras.KerasTensor(shape))
