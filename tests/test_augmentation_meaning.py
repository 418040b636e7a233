"""Augmentation layers: what each does, and what all refuse."""

import numpy as np
import pytest
from motions import arrays, clip, close

from keras_twostream import layers, transforms


def sample(**sizes):
    return clip(
        **({"height": 12, "width": 14, "fields": 4, "batch": 8} | sizes)
    )


def labels_of(result):
    return arrays({"labels": result})["labels"]


def test_half_of_the_clips_are_mirrored():
    inputs = sample(batch=64, frames=1)
    layer = layers.TwoStreamRandomFlip(seed=0)
    result = arrays(layer(inputs))
    mirrored = arrays(transforms.flip(inputs))
    kinds = []
    for index in range(64):
        match = [
            all(np.array_equal(result[k][index], x[k][index]) for k in x)
            for x in (inputs, mirrored)
        ]
        kinds.append(match.index(True))
    assert 20 < sum(kinds) < 44


def test_layers_do_what_the_functions_do():
    inputs = sample()
    pairs = [
        (
            layers.TwoStreamRandomRotation((0.1, 0.1)),
            transforms.rotate(inputs, 0.2 * np.pi),
        ),
        (
            layers.TwoStreamRandomRotation((-0.25, -0.25), "constant", 9.0),
            transforms.rotate(inputs, -0.5 * np.pi, "constant", 9.0),
        ),
        (layers.TwoStreamTimeReverse(1.0), transforms.reverse_time(inputs)),
        (
            layers.TwoStreamTimeReverse(1.0, fields=3, iterations=0),
            transforms.reverse_time(inputs, 3, 0),
        ),
        (layers.TwoStreamSpeedChange([2]), transforms.speed_up(inputs, 2)),
        (
            layers.TwoStreamColorJitter((0.1, 0.1), (0.5, 0.5), (-1, -1)),
            transforms.jitter(inputs, 0.1, 1.5, 0.0),
        ),
        (
            layers.TwoStreamColorJitter(grayscale_factor=1.0),
            transforms.jitter(inputs, saturation=0.0),
        ),
    ]
    for layer, expected in pairs:
        close(arrays(layer(inputs)), arrays(expected), 1e-2)


def test_resized_crops_scale_u_with_the_width_and_v_with_the_height():
    inputs = sample(batch=16)
    inputs["flow"] = np.tile(np.float32([3, -2]), (16, 3, 12, 14, 4))
    layer = layers.TwoStreamRandomResizedCrop(24, 7, (0.2, 0.9), (0.5, 2.0))
    flow = arrays(layer(inputs))["flow"]
    high, wide = 24 * -2 / flow[..., 1], 7 * 3 / flow[..., 0]
    # Whole pixels, and the same all over a clip.
    np.testing.assert_allclose(high, np.rint(high), rtol=1e-4)
    np.testing.assert_allclose(wide, np.rint(wide), rtol=1e-4)
    assert len({*np.rint(high[:, 0, 0, 0])}) > 3
    share = high * wide / (12 * 14)
    assert 0.15 < share.min() < share.max() < 1.0


def test_random_crops_are_windows_of_the_clip():
    inputs = sample(batch=30, frames=1)
    result = arrays(layers.TwoStreamRandomCrop(11, 12, seed=1)(inputs))
    places = set()
    for index in range(30):
        places |= {
            (top, left)
            for top in range(2)
            for left in range(3)
            if all(
                np.array_equal(
                    result[k][index],
                    x[index, :, top : top + 11, left : left + 12],
                )
                for k, x in inputs.items()
            )
        }
    assert len(places) == 6


def test_erased_boxes_are_grey_and_still():
    inputs = sample(batch=32)
    layer = layers.TwoStreamRandomErasing(1.0, (0.1, 0.2), fill_value=7.0)
    result = arrays(layer(inputs))
    gone = (result["rgb"] == 7).all(-1)
    np.testing.assert_array_equal(gone, (result["flow"] == 0).all(-1))
    share = gone.mean((1, 2, 3))
    assert 0.05 < share.min() < share.max() < 0.3


@pytest.mark.parametrize("kind", ["TwoStreamMixUp", "TwoStreamCutMix"])
def test_labels_say_what_is_mixed(kind):
    """One-hot frames, so that a clip's mean colour is its label."""
    classes = np.arange(8) % 3
    marks = np.eye(3, dtype="float32")[classes]
    inputs = sample()
    inputs["rgb"] = np.zeros_like(inputs["rgb"]) + marks[:, None, None, None]
    wide = np.tile(marks, (1, 3))[:, :8]
    inputs["flow"] = np.zeros_like(inputs["flow"]) + wide[:, None, None, None]
    layer = getattr(layers, kind)(alpha=1.0, num_classes=3, seed=2)
    mixed, told = layer(inputs, classes)
    told = labels_of(told)
    np.testing.assert_allclose(
        arrays(mixed)["rgb"].mean((1, 2, 3)), told, atol=1e-5
    )
    np.testing.assert_allclose(
        arrays(mixed)["flow"].mean((1, 2, 3))[:, :3], told, atol=1e-5
    )
    assert (told.max(1) < 0.99).any()
    within = layer(inputs | {"labels": marks})
    assert arrays(within)["labels"].shape == (8, 3)
    told = layer.compute_output_shape({"rgb": (8, 4, 4, 3), "labels": (8,)})
    assert told["labels"] == (8, 3)
    same, still = layer(inputs, classes, training=False)
    close(arrays(same), inputs, 0)
    np.testing.assert_array_equal(labels_of(still), marks)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("RandomFlip", {"mode": "sideways"}, "`mode` must be one of"),
        ("RandomCrop", {"height": 0, "width": 3}, "`height` must be greater"),
        (
            "RandomResizedCrop",
            {"height": 3, "width": 3, "scale": (0.5, 1.5)},
            "`scale` must be",
        ),
        ("RandomRotation", {"factor": 2}, "`factor` must be a number"),
        (
            "RandomRotation",
            {"factor": 0.1, "fill_mode": "wrap"},
            "`fill_mode` must be one of",
        ),
        ("TimeReverse", {"factor": 1.5}, "a probability"),
        ("TimeReverse", {"fields": 0}, "`fields` must be greater"),
        ("SpeedChange", {"factors": (0.5,)}, "whole numbers"),
        ("ColorJitter", {"hue_factor": 0.7}, "`hue_factor` must be"),
        ("ColorJitter", {"hue_factor": (0.3, 0.1)}, "ascending"),
        ("RandomErasing", {"factor": -1}, "a probability"),
        ("MixUp", {"alpha": 0}, "`alpha` must be greater"),
    ],
)
def test_wrong_arguments_are_refused(kind, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(layers, f"TwoStream{kind}")(**options)


@pytest.mark.parametrize(
    ("inputs", "options", "message"),
    [
        ({"depth": np.zeros((2, 4, 5, 1))}, {}, "takes a dict of 'rgb'"),
        ({"rgb": np.zeros((4, 5))}, {}, "takes a dict of 'rgb'"),
        (
            {"rgb": np.zeros((2, 4, 5, 3)), "flow": np.zeros((2, 4, 6, 2))},
            {},
            "of one height and width",
        ),
        (
            {"rgb": np.zeros((2, 3, 4, 5, 3)), "flow": np.zeros((2, 4, 5, 2))},
            {},
            "takes a dict of 'rgb'",
        ),
        ({"rgb": np.zeros((4, 5, 6, 3))}, {"frames": 3}, "as many frames"),
    ],
)
def test_wrong_inputs_are_refused(inputs, options, message):
    with pytest.raises(ValueError, match=message):
        layers.TwoStreamRandomFlip(**options)(inputs)


def test_inputs_that_do_not_suffice_are_refused():
    inputs = sample(fields=3)
    with pytest.raises(ValueError, match="stacks of 4 or more"):
        layers.TwoStreamTimeReverse()(inputs)
    with pytest.raises(ValueError, match="stacks of 8 or more"):
        layers.TwoStreamSpeedChange((1, 2), fields=4)(inputs)
    with pytest.raises(ValueError, match="cuts windows of"):
        layers.TwoStreamRandomCrop(13, 5)(inputs)
    with pytest.raises(ValueError, match="give `num_classes`"):
        layers.TwoStreamMixUp()(inputs, np.arange(8))
