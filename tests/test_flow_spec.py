"""Which flow, and how it is written in bytes."""

import itertools
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_twostream.flow import FlowSpec, dequantize, quantize
from keras_twostream.flow.codec import affine
from keras_twostream.flow.spec import CODEC_RANGES, QUANTIZATIONS

FORMS = list(itertools.product(QUANTIZATIONS, CODEC_RANGES))

finite = st.floats(-1e6, 1e6, width=32)
bounds = st.floats(0.125, 1000, width=32)
forms = st.sampled_from(FORMS)

# A value of every field that is not its default.
OTHER = {
    "algorithm": "farneback",
    "bound": 12.0,
    "short_side": None,
    "step": 2,
    "resize": "after",
    "fps": 12.5,
    "quantization": "offset",
    "encoding": "png",
    "codec_range": "limited",
    "shrink": 4,
    "camera": "mean",
}


@pytest.mark.parametrize("field", FlowSpec().to_dict())
def test_spec_round_trip_and_diff(field):
    spec = FlowSpec(**{field: OTHER[field]})
    assert FlowSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec
    default = getattr(FlowSpec(), field)
    assert FlowSpec().diff(spec) == {field: (default, OTHER[field])}
    assert FlowSpec().diff(FlowSpec()) == {}


def test_whole_numbers_are_the_same_settings():
    assert FlowSpec(bound=20, fps=25) == FlowSpec(bound=20.0, fps=25.0)
    assert type(FlowSpec(fps=25).fps) is float


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("algorithm", ""),
        ("algorithm", None),
        ("algorithm", "module:"),
        ("algorithm", ":function"),
        ("algorithm", "module:function()"),
        ("algorithm", "a.b:c.d"),
        ("algorithm", "..module:function"),
        ("algorithm", "module:function\n"),
        ("bound", 0),
        ("bound", float("nan")),
        ("bound", "20"),
        ("bound", 10**400),
        ("short_side", 0),
        ("short_side", 12.5),
        ("step", 0),
        ("step", True),
        ("resize", "between"),
        ("resize", None),
        ("fps", 0),
        ("fps", -25.0),
        ("fps", float("inf")),
        ("fps", True),
        ("quantization", "linear"),
        ("encoding", "jpeg0"),
        ("encoding", "jpeg101"),
        ("encoding", "jpeg095"),
        ("encoding", "jpeg"),
        ("encoding", "jpeg9\n"),
        ("encoding", "PNG"),
        ("encoding", 95),
        ("codec_range", "tv"),
        ("shrink", 0),
        ("shrink", 1.5),
        ("shrink", True),
        ("camera", "median"),
        ("camera", None),
    ],
)
def test_spec_refuses_wrong_values(field, value):
    with pytest.raises(ValueError, match=f"`{field}` must be .* Received:"):
        FlowSpec(**{field: value})


@pytest.mark.parametrize("encoding", ["jpeg1", "jpeg40", "jpeg100", "png"])
def test_spec_takes_every_quality(encoding):
    assert FlowSpec(encoding=encoding).encoding == encoding


def test_spec_takes_import_paths_of_functions():
    path = "my_package.flows:pyramid_2"
    assert FlowSpec(algorithm=path).algorithm == path


def test_specs_from_before_a_field_existed_are_read():
    """Files that are around have these four fields."""
    old = {"algorithm": "tvl1", "bound": 15.0, "short_side": 256, "step": 2}
    spec = FlowSpec.from_dict(old)
    assert spec == FlowSpec(algorithm="tvl1", bound=15.0, step=2, shrink=1)
    whole = FlowSpec(shrink=1)
    assert spec.to_dict() == {**whole.to_dict(), **old}
    assert FlowSpec.from_dict({}) == whole


def test_spec_refuses_unknown_fields():
    with pytest.raises(ValueError, match=r"unknown: \['colour'\]"):
        FlowSpec.from_dict({**FlowSpec().to_dict(), "colour": "red"})
    with pytest.raises(ValueError, match="no mapping"):
        FlowSpec.from_dict("dis_fast")


def test_spec_costs_no_opencv():
    code = (
        "import sys\n"
        "import keras_twostream.flow.contract\n"
        "from keras_twostream.flow import FlowSpec\n"
        "assert not {'cv2', 'numpy', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def form(quantization, codec_range, bound=20.0):
    return FlowSpec(
        quantization=quantization, codec_range=codec_range, bound=bound
    )


@given(finite, bounds, forms)
def test_codec_error_is_at_most_half_a_level(value, bound, names):
    spec = form(*names, bound)
    gain, _ = affine(spec)
    flow = np.array([value], np.float32)
    back = dequantize(quantize(flow, spec), spec)[0]
    error = abs(back - np.clip(value, -bound, bound))
    assert error <= 0.5 / gain * (1 + 1e-4)


@given(bounds, forms)
def test_every_byte_that_is_written_is_exact(bound, names):
    spec = form(*names, bound)
    reach = np.array([-bound, bound], np.float32)
    low, high = quantize(reach, spec).tolist()
    stored = np.arange(low, high + 1, dtype=np.uint8)
    flow = dequantize(stored, spec)
    assert flow.dtype == np.float32
    np.testing.assert_array_equal(quantize(flow, spec), stored)


@pytest.mark.parametrize(
    ("names", "low", "zero", "high"),
    [
        (("symmetric", "full"), 1, 128, 255),
        (("offset", "full"), 0, 128, 255),
        # 16 + 219 / 255 of 1, 128 and 255; of 0, 127.5 and 255.
        (("symmetric", "limited"), 17, 126, 235),
        (("offset", "limited"), 16, 126, 235),
    ],
)
def test_ends_and_zero_of_every_form(names, low, zero, high):
    spec = form(*names, bound=8)
    flow = np.array([-np.inf, -99, -8, 0, np.nan, 8, 99])
    expected = [low, low, low, zero, zero, high, high]
    assert quantize(flow, spec).tolist() == expected


@given(finite, bounds)
def test_opposite_motion_is_exactly_mirrored(value, bound):
    flow = np.array([value], np.float32)
    stored, opposite = quantize(flow, bound)[0], quantize(-flow, bound)[0]
    assert 1 <= stored <= 255
    assert int(opposite) == 256 - int(stored)
    assert dequantize(np.uint8([128]), bound)[0] == 0


@given(st.floats(-30, 30), bounds)
def test_offset_is_the_map_of_the_released_flow(value, bound):
    level = 255 * (np.clip(value, -bound, bound) + bound) / (2 * bound)
    stored = quantize(np.array([value]), form("offset", "full", bound))[0]
    assert abs(int(stored) - level) <= 0.5 + 1e-4


def test_offset_known_values():
    spec = form("offset", "full")
    # A level is 40 / 255 pixels.
    levels = np.array([-127.5, -100.5, -0.5, 0, 0.5, 100.5, 127.5])
    stored = quantize(levels * 40 / 255, spec)
    assert stored.tolist() == [0, 27, 127, 128, 128, 228, 255]
    flow = dequantize(np.uint8([0, 128, 255]), spec)
    np.testing.assert_allclose(flow, [-20, 20 / 255, 20], rtol=1e-6)


@given(finite, bounds, st.sampled_from(QUANTIZATIONS))
def test_the_limited_range_is_the_full_one_squeezed(value, bound, name):
    flow = np.array([value], np.float32)
    full = int(quantize(flow, form(name, "full", bound))[0])
    limited = int(quantize(flow, form(name, "limited", bound))[0])
    assert 16 <= limited <= 235
    assert abs(limited - (16 + 219 / 255 * full)) < 1


def test_codec_known_values():
    flow = np.array([-99, -20, -10, 0, 20 / 127, 20, 1e9, np.nan, np.inf])
    expected = [1, 1, 64, 128, 129, 255, 255, 128, 255]
    assert quantize(flow, 20).tolist() == expected
    assert quantize(flow, FlowSpec()).tolist() == expected
    for function in [quantize, dequantize]:
        with pytest.raises(ValueError, match="`bound` must be a positive"):
            function(flow, 0)
