"""Freezing and splitting: what learns, and what can be computed once."""

import numpy as np
import pytest

import keras_twostream
from keras_twostream.training import freeze, split

STAGE = "conv_pw_6_relu"


def small(name="conv_relu5", frames=None, **options):
    return keras_twostream.build(
        name,
        backbone="mobilenet:alpha=0.25",
        num_classes=3,
        input_shape=(32, 32),
        flow_frames=2,
        frames=frames,
        **options,
    )


def clips(rng, *shape):
    return {
        "rgb": rng.uniform(0, 255, (*shape, 32, 32, 3)).astype("float32"),
        "flow": rng.normal(size=(*shape, 32, 32, 4)).astype("float32"),
    }


@pytest.mark.parametrize("shape", [(2,), (2, 3)], ids=["images", "clips"])
def test_parts_are_the_whole(rng, shape):
    model = small(frames=shape[1] if shape[1:] else None)
    below, above = split(model, STAGE)
    inputs = clips(rng, *shape)
    maps = below.predict(inputs, verbose=0)
    assert {s: x.shape for s, x in maps.items()} == {
        "rgb": (*shape, 2, 2, 128),
        "flow": (*shape, 2, 2, 128),
    }
    whole = model.predict(inputs, verbose=0)
    np.testing.assert_allclose(above.predict(maps, verbose=0), whole, atol=1e-6)


@pytest.mark.slow
def test_training_the_second_part_trains_the_network(rng):
    model = small(frames=2)
    below, above = split(model, STAGE)
    inputs = clips(rng, 4, 2)
    before = model.predict(inputs, verbose=0)
    maps = below.predict(inputs, verbose=0)
    above.compile("sgd", "sparse_categorical_crossentropy")
    above.fit(maps, np.array([0, 1, 2, 0]), verbose=0)
    after = model.predict(inputs, verbose=0)
    assert np.abs(after - before).max() > 1e-4
    np.testing.assert_allclose(above.predict(maps, verbose=0), after, atol=1e-6)
    np.testing.assert_array_equal(
        below.predict(inputs, verbose=0)["flow"], maps["flow"]
    )


def test_several_cuts_make_a_chain(rng):
    model = small(frames=2)
    parts = split(model, STAGE, "avg_pool")
    inputs = clips(rng, 1, 2)
    maps = parts[0].predict(inputs, verbose=0)
    pooled = parts[1].predict(maps, verbose=0)
    # The flow tower ends where it is fused.
    assert {s: x.shape for s, x in pooled.items()} == {"rgb": (1, 2, 256)}
    scores = parts[2].predict(pooled, verbose=0)
    whole = model.predict(inputs, verbose=0)
    np.testing.assert_allclose(scores, whole, atol=1e-6)


def test_unknown_stage_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match="no stage 'relu9'.*conv_pw_6_relu"):
        split(small("spatial"), "relu9")


@pytest.mark.slow
def test_frozen_stages_stay(rng):
    model = small()
    frozen = freeze(model, STAGE)
    assert {"rgb_conv1", "flow_conv1", "rgb_conv_pw_6"} <= {*frozen}
    assert "rgb_conv_pw_7" not in frozen
    inputs, labels = clips(rng, 4), np.array([0, 1, 2, 0])
    before = {layer.name: layer.get_weights() for layer in model.layers}
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(inputs, labels, verbose=0)
    after = {layer.name: layer.get_weights() for layer in model.layers}
    for name in frozen:
        for old, new in zip(before[name], after[name], strict=True):
            np.testing.assert_array_equal(old, new)
    assert np.any(before["rgb_fc8"][0] != after["rgb_fc8"][0])
