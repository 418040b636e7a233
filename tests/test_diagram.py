"""Pictures of architectures: their blocks and what is drawn of them."""

import itertools
import xml.etree.ElementTree

import keras
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from networks import sketch, tiny_of
from users_networks import small

import keras_twostream
from keras_twostream.backbones.shapes import shapes_only
from keras_twostream.models.table import MODELS
from keras_twostream.models.tracing import diagram
from keras_twostream.report.network import _Picture, draw_network

PLUS = """\
rgb                       5 x 224x224x3                   flow                      5 x 224x224x20
conv1_1-2                 5 x 224x224x64                  conv1_1-2                 5 x 224x224x64
conv2_1-2                 5 x 112x112x128                 conv2_1-2                 5 x 112x112x128
conv3_1-3                 5 x 56x56x256                   conv3_1-3                 5 x 56x56x256
conv4_1-3                 5 x 28x28x512                   conv4_1-3                 5 x 28x28x512
conv5_1-3                 5 x 14x14x512                   conv5_1-3                 5 x 14x14x512
[conv3d at relu5]         5 x 14x14x512               <--
pool5                     5 x 7x7x512                     pool5                     5 x 7x7x512
(max over time, pool5)    7x7x512                         (max over time, pool5)    7x7x512
fc6                       4096                            fc6                       4096
fc7                       4096                            fc7                       4096
fc8                       101                             fc8                       101
softmax                   101 = spatiotemporal (loss)     softmax                   101 = temporal (loss)
[average at fc8]          101                         <--
softmax                   101 = scores"""  # noqa: E501
DRAWN = (
    "bilinear_cnn",
    "c3d",
    "conv3d_relu5_pool3d_plus",
    "conv_relu3_relu5_fc6",
    "conv_relu5_fc8",
    "early_fusion",
    "lstm",
    "slow_fusion",
    "slow_pooling",
    "spatial",
    "sum_softmax",
    "tsn",
)
# Networks with more towers or longer words than the row's own.
OPTIONS = {
    "lstm": {"streams": ("rgb", "flow")},
    "tsn": {"backbone": "densenet121"},
}


def labels(model, kind=None):
    blocks = diagram(model).blocks
    return [b.label for b in blocks if kind in (None, b.kind)]


def test_the_towers_as_text():
    assert str(diagram(sketch("conv3d_relu5_pool3d_plus"))) == PLUS


@pytest.mark.parametrize("name", MODELS)
def test_a_diagram_has_all_that_the_row_says(name):
    spec, found = MODELS[name], diagram(sketch(name))
    fusions = [b for b in found.blocks if b.kind == "fusion" and not b.joint]
    assert [b.place for b in fusions] == [*spec.fuse]
    assert all(b.fuses for b in fusions)
    over_time = {b.place for b in found.blocks if b.kind in ("time", "pool")}
    assert over_time == {*spec.time}
    assert found.streams == spec.streams
    with_loss = [b for b in found.blocks if b.loss]
    assert len(with_loss) == (2 if spec.keep else 1)
    assert sum("scores" in b.outputs for b in found.blocks) == 1
    assert found.blocks[0].steps == spec.frames
    places = [(b.lane, b.column) for b in found.blocks]
    assert len({*places}) == len(places)
    for block in found.blocks:
        assert all(source.column < block.column for source in block.sources)


def test_blocks_are_of_one_size_and_end_where_streams_meet():
    found = diagram(sketch("conv_relu3_relu5_fc6")).blocks
    flow = [b.label for b in found if b.lane == 1]
    assert flow == [
        "flow",
        "conv1",
        "conv2",
        "conv3",
        "conv4-5",
        "pool5",
        "fc6",
    ]
    streams = [b.stream for b in found if b.lane == 0]
    assert streams == ["rgb"] * 4 + ["fused"] * 9
    sizes = {b.label: b.size for b in found if b.lane == 0}
    assert sizes["conv4-5"] == "13x13x512"
    assert sizes["pool5"] == "6x6x512"


def test_branches_of_a_block_are_not_shown():
    with shapes_only():
        model = keras_twostream.build("spatial", backbone="resnet50_v2")
    maps = [b.size for b in diagram(model).blocks if b.kind == "map"]
    sides = [int(size.partition("x")[0]) for size in maps]
    assert sides == sorted({*sides}, reverse=True)
    assert labels(model, "vector")[-1] == "fc8"


def test_streams_that_may_be_missing_change_nothing():
    options = {"backbone": "vgg_tiny", "input_shape": (32, 32)}
    name = "conv3d_relu5_pool3d_plus"
    plain = diagram(sketch(name, **options))
    assert str(diagram(sketch(name, stream_dropout=0.2, **options))) == str(
        plain
    )
    alone = keras_twostream.keep_streams(sketch(name, **options), "rgb")
    assert diagram(alone).streams == ("rgb",)
    assert labels(alone, "fusion")[0] == "conv3d"


def test_networks_of_other_makers():
    model = keras_twostream.fuse(small(), small(4), at="c2", keep_temporal=True)
    found = diagram(model)
    assert found.streams == ("rgb", "flow")
    assert [b.place for b in found.blocks if b.fuses][0] == "c2"
    inputs = keras.Input((16, 16, 3), name="frames")
    x = keras.layers.Conv2D(4, 3, name="first")(inputs)
    x = keras.layers.Flatten()(x)
    plain = keras.Model(inputs, keras.layers.Dense(2, name="last")(x))
    assert labels(plain) == ["frames", "first", "last"]


@pytest.mark.parametrize("name", DRAWN)
def test_no_two_texts_of_a_picture_overlap(name):
    options = OPTIONS.get(name, {})
    figure = _Picture(diagram(sketch(name, **options))).figure
    renderer = FigureCanvasAgg(figure).get_renderer()
    edge = figure.bbox
    boxes = [t.get_window_extent(renderer) for t in figure.axes[0].texts]
    for box in boxes:
        assert edge.x0 <= box.x0
        assert box.x1 <= edge.x1
        assert edge.y0 <= box.y0
        assert box.y1 <= edge.y1
    for a, b in itertools.combinations(boxes, 2):
        # Letters are smaller than their boxes are high.
        assert not a.padded(-1).overlaps(b.padded(-1))


def test_a_picture_is_the_same_svg_every_time(tmp_path):
    found = diagram(tiny_of("conv_relu5_pool2d_plus"))
    text = draw_network(found)
    assert text == draw_network(found)
    assert draw_network(found, tmp_path / "a.svg") is None
    assert (tmp_path / "a.svg").read_text("utf-8") == text
    root = xml.etree.ElementTree.fromstring(text)
    words = {x.text for x in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"conv_relu5_pool2d_plus", "conv", "average", "loss"} <= words
    assert {"spatiotemporal", "temporal", "scores"} <= words


def test_a_picture_as_png(tmp_path):
    path = tmp_path / "b.PNG"
    draw_network(diagram(tiny_of("spatial")), path)
    assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match=r"\.svg or \.png"):
        draw_network(diagram(tiny_of("spatial")), tmp_path / "c.jpg")
