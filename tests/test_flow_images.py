import clips
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_twostream.flow import (
    color_wheel_legend,
    flow_to_image,
    read_flo,
    write_flo,
)


@pytest.mark.parametrize(
    ("motion", "color"),
    [
        ((0, 0), (255, 255, 255)),
        ((1, 0), (255, 0, 0)),
        ((0, 1), (255, 229, 0)),
        ((-1, 0), (0, 209, 255)),
        ((0, -1), (88, 0, 255)),
        ((0.5, 0), (255, 127, 127)),
        ((2, 0), (191, 0, 0)),
        ((np.nan, 0), (0, 0, 0)),
    ],
)
def test_colors_are_those_of_middlebury(motion, color):
    image = flow_to_image(np.full((1, 1, 2), motion, np.float32), bound=1)
    assert image.dtype == np.uint8
    assert tuple(image[0, 0].tolist()) == pytest.approx(color, abs=1)


def test_own_bound_ignores_outliers():
    flow = np.zeros((100, 100, 2), np.float32)
    flow[..., 0] = 2
    flow[0, :20, 0] = 1000
    assert flow_to_image(flow)[50, 50].tolist() == [255, 0, 0]
    assert flow_to_image(flow * 0).min() == 255
    assert flow_to_image(flow * np.nan).max() == 0
    one = np.zeros((100, 100, 2), np.float32)
    one[3, 4] = 5, 0
    assert flow_to_image(one)[3, 4].tolist() == [255, 0, 0]


@given(st.integers(1, 40))
@settings(max_examples=10)
def test_legend_shows_each_direction_at_its_place(size):
    legend = color_wheel_legend(size)
    assert legend.shape == (size, size, 3)
    if size >= 20:
        middle = size // 2
        assert legend[middle, middle].min() > 200
        assert legend[0, 0].tolist() == [255, 255, 255]
        red, green, blue = legend[middle, -1].astype(int)
        assert red > 240 > 60 > max(green, blue)


def test_colors_refuse_wrong_input():
    with pytest.raises(ValueError, match=r"\(H, W, 2\).*\(3, 4\)"):
        flow_to_image(np.zeros((3, 4)))
    with pytest.raises(ValueError, match="`bound`"):
        flow_to_image(np.zeros((3, 4, 2)), bound=0)
    with pytest.raises(ValueError, match="`size`"):
        color_wheel_legend(0)


def test_flo_round_trip(tmp_path):
    flow = np.random.default_rng(0).normal(size=(5, 7, 2)).astype("float32")
    flow[2, 3] = np.nan
    write_flo(tmp_path / "a.flo", flow)
    np.testing.assert_array_equal(read_flo(tmp_path / "a.flo"), flow)
    data = (tmp_path / "a.flo").read_bytes()
    assert np.frombuffer(data[:4], "<f4")[0] == np.float32(202021.25)
    assert np.frombuffer(data[4:12], "<i4").tolist() == [7, 5]
    with pytest.raises(ValueError, match=r"\(H, W, 2\)"):
        write_flo(tmp_path / "b.flo", flow[..., 0])


@pytest.mark.parametrize("keep", [0, 3, 11, 40])
def test_broken_flo_is_named(tmp_path, keep):
    write_flo(tmp_path / "a.flo", np.zeros((5, 7, 2)))
    clips.cut(tmp_path / "a.flo", keep / (12 + 5 * 7 * 8) + 1e-9)
    with pytest.raises(ValueError, match=r"a\.flo"):
        read_flo(tmp_path / "a.flo")
