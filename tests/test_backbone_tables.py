"""Networks written out as tables: their sizes, by hand and by arithmetic."""

import keras
import pytest

from keras_twostream import backbones
from keras_twostream.backbones import rows, tables
from keras_twostream.backbones.base import Head
from keras_twostream.backbones.shapes import shapes_only

CLIP, IMAGE = (16, 112, 112, 3), (170, 170, 3)


def outline(name, shape, stop="softmax"):
    """Returns a backbone alone as a model that has no values."""
    inputs, backbone = keras.Input(shape), backbones.get(name)
    with shapes_only():
        x = backbone.run(inputs, "rgb", None, stop, Head(101))
    return keras.Model(inputs, x)


def dense(*units):
    return sum(a * b + b for a, b in zip(units, units[1:], strict=False))


# Convolutions of Karpathy's network: inputs per filter of the first three
# in an image, filters of all.
INPUTS, FILTERS = (11**2 * 3, 5**2 * 96, 3**2 * 256), (96, 256, 384)
LATER = 9 * 384 * (384 + 256) + 384 + 256


def karpathy(extents):
    first = sum(
        extent * inputs * filters + filters
        for extent, inputs, filters in zip(
            extents, INPUTS, FILTERS, strict=True
        )
    )
    return first + LATER + dense(7 * 7 * 256, 4096, 4096, 101)


@pytest.mark.parametrize(
    ("name", "shape", "count"),
    [
        ("c3d", CLIP, 78_409_573),
        ("c3d", (16, 112, 112, 20), 78_409_573 + 27 * 17 * 64),
        ("c3d_small", CLIP, 17_444_965),
        ("karpathy", IMAGE, karpathy((1, 1, 1))),
        ("karpathy", (170, 170, 30), karpathy((10, 1, 1))),
        ("karpathy_slow", (10, *IMAGE), karpathy((4, 2, 2))),
    ],
)
def test_parameters(name, shape, count):
    assert outline(name, shape).count_params() == count


MAPS = {
    ("c3d", CLIP): {
        "conv1": (16, 112, 112, 64),
        "pool1": (16, 56, 56, 64),
        "relu2": (16, 56, 56, 128),
        "pool2": (8, 28, 28, 128),
        "relu3": (8, 28, 28, 256),
        "pool3": (4, 14, 14, 256),
        "relu4": (4, 14, 14, 512),
        "pool4": (2, 7, 7, 512),
        "relu5": (2, 7, 7, 512),
        "pool5": (1, 4, 4, 512),
        "flatten": (8192,),
    },
    ("karpathy", IMAGE): {
        "conv1": (54, 54, 96),
        "pool1": (27, 27, 96),
        "relu2": (27, 27, 256),
        "pool2": (14, 14, 256),
        "relu3": (14, 14, 384),
        "relu5": (14, 14, 256),
        "pool5": (7, 7, 256),
    },
    # Half the image without the last pooling: the same map, as in the source.
    ("karpathy", (89, 89, 3)): {"conv1": (27, 27, 96), "relu5": (7, 7, 256)},
    ("karpathy_slow", (10, *IMAGE)): {
        "conv1": (4, 54, 54, 96),
        "pool1": (4, 27, 27, 96),
        "relu2": (2, 27, 27, 256),
        "relu3": (1, 14, 14, 384),
        "relu5": (1, 14, 14, 256),
        "pool5": (1, 7, 7, 256),
        "flatten": (7 * 7 * 256,),
    },
    # The last response in time is lost, or one more is kept.
    ("karpathy_slow", (17, *IMAGE)): {"pool5": (1, 7, 7, 256)},
    ("karpathy_slow", (18, *IMAGE)): {"pool5": (2, 7, 7, 256)},
    ("c3d_tiny", (4, 32, 32, 3)): {"pool5": (1, 2, 2, 32)},
    ("c3d_tiny", (16, 64, 64, 3)): {"pool5": (4, 4, 4, 32)},
    ("c3d_tiny", (7, 40, 56, 3)): {"pool5": (2, 3, 4, 32)},
}


@pytest.mark.parametrize(
    ("case", "maps"),
    MAPS.items(),
    ids=["-".join(map(str, (name, *shape))) for name, shape in MAPS],
)
def test_maps(case, maps):
    model = outline(*case)
    found = {
        name: model.get_layer(f"rgb_{name}").output.shape[1:] for name in maps
    }
    assert found == maps


@pytest.mark.parametrize("name", tables.TABLES)
def test_stages_and_sizes_are_those_of_the_layers(name):
    backbone = backbones.get(name)
    shape = (32, 200, 290)[0 if backbone.clips else 1 :]
    model = outline(name, (*shape, 3), "pool5")
    for index, stage in enumerate(backbone.stages.values()):
        if not stage.stride:
            break
        *found, channels = model.get_layer(f"rgb_{stage.name}").output.shape[1:]
        assert channels == stage.channels
        # Borders that a convolution lacks or has cost or give some cells.
        assert abs(found[-1] - 290 / stage.stride) <= 4
        expected = list(shape)
        for row in backbone.rows[: index + 1]:
            expected = [
                rows.cells(row, size, axis - len(shape))
                for axis, size in enumerate(expected)
            ]
        assert found == expected


@pytest.mark.parametrize("name", tables.TABLES)
def test_the_paper_s_locations_are_there(name):
    backbone = backbones.get(name)
    places = ["relu2", "relu3", "relu4", "relu5", "pool5", "fc6", "relu6"]
    places = [*places, "fc7", "relu7", "fc8", "softmax"]
    stages = [*map(backbone.resolve, places)]
    assert sorted(stages, key=[*backbone.stages].index) == stages
    assert name in backbones.list_backbones()


@pytest.mark.parametrize("name", tables.TABLES)
def test_the_least_input_is_enough_and_less_is_refused(name):
    backbone = backbones.get(name)
    axes = (-3, -2, -1) if backbone.clips else (-2, -1)
    least = [rows.least(backbone.rows, axis) for axis in axes]
    assert outline(name, (*least, 3)).output.shape == (None, 101)
    for axis in axes:
        less = [n - (a == axis) for n, a in zip(least, axes, strict=True)]
        if all(less):
            with pytest.raises(ValueError, match=f"Backbone {name} needs"):
                outline(name, (*less, 3))


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        (
            "vgg16",
            (40, 31, 3),
            "at least 32x32 pixels up to softmax; use larger images. "
            "Received: 40x31 pixels",
        ),
        (
            "karpathy_slow",
            (9, *IMAGE),
            "at least 10 frames of 11x11 pixels up to softmax; use larger "
            "images or longer clips. Received: 9 frames of 170x170 pixels",
        ),
    ],
)
def test_too_little_says_what_is_enough(name, shape, message):
    with pytest.raises(ValueError, match=f"needs {message}"):
        outline(name, shape)


def test_a_map_that_vanishes_later_says_where():
    backbone = backbones.get("vgg_m_2048")
    x = keras.Input((1, 2, 512))
    with pytest.raises(
        ValueError, match="41x41 pixels up to pool5.* 1x2 cells after relu5"
    ):
        backbone.run(x, "rgb", "relu5", "pool5", Head(2))
    # Up to relu5 the same images would do.
    backbone.run(keras.Input((32, 32, 3)), "rgb", None, "relu5", Head(2))


def test_no_weights_are_published():
    with pytest.raises(ValueError, match=r"\['vgg16'\].*not of c3d"):
        backbones.get("c3d", weights="imagenet").initial_weights()
