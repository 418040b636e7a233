"""How inputs are wanted, told by name or in numbers; pooling beside a map."""

import keras
import numpy as np
import pytest
from matconvnet_reference import BLOCKS

from keras_twostream import FlowSpec, layers
from keras_twostream.layers.padded_pooling import PaddedPooling

FIELDS = {"scale": 1.0, "offset": [-1.0, -2.0, -3.0], "amplitude": 127.5}


def again(layer):
    """Returns a layer after a round trip of its config through JSON."""
    text = keras.saving.serialize_keras_object(layer)
    return keras.saving.deserialize_keras_object(text)


def test_a_convention_can_be_told_in_numbers(rng):
    images = rng.uniform(0, 255, (2, 4, 4, 3)).astype("float32")
    layer = again(layers.RGBPreprocessing(FIELDS))
    np.testing.assert_allclose(layer(images), images - [1, 2, 3], rtol=1e-6)
    assert layer.get_config()["convention"] == FIELDS
    layer = again(layers.RGBPreprocessing(FIELDS | {"reverse": True}))
    expected = images[..., ::-1] - [1, 2, 3]
    np.testing.assert_allclose(layer(images), expected, rtol=1e-6)


@pytest.mark.parametrize("centre", [-0.5, (-0.5, 1.5)])
def test_the_authors_bytes_of_flow_less_their_mean(centre, rng):
    flow = rng.uniform(-20, 20, (2, 4, 4, 2)).astype("float32")
    fields = FIELDS | {"centre": centre}
    layer = again(layers.FlowPreprocessing(fields, FlowSpec(bound=20)))
    bytes_ = (flow + 20) * 255 / 40
    means = 127.5 - np.array(centre)
    np.testing.assert_allclose(layer(flow), bytes_ - means, atol=1e-3)


@pytest.mark.parametrize(
    ("convention", "message"),
    [
        ("bgr", "must be one of .*or a dict of .*'bgr|bgr"),
        (["unit"], "must be one of"),
        ({"scale": 1.0}, "all but .*centre.* are needed"),
        (FIELDS | {"mean": 1.0}, "has the fields.*mean"),
        (FIELDS | {"scale": "1"}, "`scale` .* a number or a list.*'1'"),
        (FIELDS | {"amplitude": [1.0, 2.0]}, "`amplitude` .* a number"),
        (FIELDS | {"reverse": 1}, "`reverse` .* a boolean"),
        (FIELDS | {"centre": True}, "`centre` .* a number or a list"),
    ],
)
def test_wrong_conventions_are_refused(convention, message):
    with pytest.raises(ValueError, match=message):
        layers.RGBPreprocessing(convention)


@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize(
    ("size", "window", "stride", "pad"),
    [
        ((7, 8), (3, 3), (2, 2), (1, 1, 1, 1)),
        ((5, 6), (2, 3), (1, 2), (0, 1, 2, 0)),
        ((3, 3), (3, 3), (1, 1), (2, 2, 2, 2)),
    ],
)
def test_padding_takes_no_part(mode, size, window, stride, pad, rng):
    x = rng.normal(-3, 1, (2, *size, 4)).astype("float32")
    block = {"poolSize": window, "stride": stride, "pad": pad, "method": mode}
    theirs = BLOCKS["Pooling"]([x.transpose(1, 2, 3, 0)], (), block)
    pairs = [pad[:2], pad[2:]]
    word = {"avg": "average"}.get(mode, mode)
    layer = again(PaddedPooling(window, stride, pairs, word))
    found = np.asarray(layer(x))
    np.testing.assert_allclose(found, theirs.transpose(3, 0, 1, 2), atol=1e-5)
    assert layer.compute_output_shape((2, *size, 4)) == found.shape


def test_clips_are_pooled_with_padding_too(rng):
    x = rng.normal(-3, 1, (2, 4, 5, 6, 3)).astype("float32")
    pads = (1, 0, 0, 1, 1, 1)
    block = {"poolSize": (3, 2, 2), "stride": (2, 2, 1), "pad": pads}
    folded = x.reshape(-1, 5, 6, 3).transpose(1, 2, 3, 0)
    theirs = BLOCKS["Pooling3D"]([folded], (), block | {"clips": 2})
    pairs = [(1, 1), (1, 0), (0, 1)]
    found = np.asarray(PaddedPooling((2, 3, 2), (1, 2, 2), pairs)(x))
    ours = found.reshape(-1, *found.shape[2:]).transpose(1, 2, 3, 0)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_windows_must_hold_something():
    x = np.zeros((1, 2, 2, 1), "float32")
    for window, pad in (((5, 5), (0, 0)), ((2, 2), (0, 3))):
        with pytest.raises(ValueError, match="must each hold cells"):
            PaddedPooling(window, (1, 1), [pad, pad])(x)
    with pytest.raises(ValueError, match="mode"):
        PaddedPooling((2, 2), (1, 1), [(0, 0)] * 2, "min")
