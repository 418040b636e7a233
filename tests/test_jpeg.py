"""JPEG files taken apart and put together."""

import cv2
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_twostream.clips import jpeg


def encode(image, quality=95, *options):
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, *options]
    return cv2.imencode(".jpg", image, options)[1].tobytes()


def decode(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def noise(height, width, seed=0, *channels):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width, *channels), np.uint8)


@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    quality=st.sampled_from([1, 50, 90, 95, 100]),
)
@settings(max_examples=60, deadline=None)
def test_joined_images_have_the_pixels_of_both(height, width, quality):
    parts = [encode(noise(height, width, seed), quality) for seed in (0, 1)]
    joined = decode(jpeg.join(*map(jpeg.parse, parts)))
    plane = -(-height // 8) * 8
    assert joined.shape == (2 * plane, width)
    for number, part in enumerate(parts):
        rows = joined[number * plane :][:height]
        np.testing.assert_array_equal(rows, decode(part))


def test_tensorflow_reads_and_crops_joined_images():
    parts = [encode(noise(100, 90, seed)) for seed in (0, 1)]
    joined = jpeg.join(*map(jpeg.parse, parts))
    whole = tf.io.decode_jpeg(joined, dct_method="INTEGER_ACCURATE")[..., 0]
    np.testing.assert_array_equal(whole, decode(joined))
    for top in (0, 30, 104, 150):
        window = [top, 21, 40, 50]
        cut = tf.image.decode_and_crop_jpeg(
            joined, window, dct_method="INTEGER_ACCURATE"
        )
        expected = whole[top : top + 40, 21 : 21 + 50]
        np.testing.assert_array_equal(cut[..., 0], expected)


@pytest.mark.parametrize(
    "other",
    [
        encode(noise(16, 24), 80),
        encode(noise(24, 16)),
        encode(noise(16, 24, 0, 3)),
        encode(noise(16, 24), 95, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        encode(noise(16, 24), 95, cv2.IMWRITE_JPEG_OPTIMIZE, 1),
        encode(noise(16, 24), 95, cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
    ],
    ids=["quality", "size", "colour", "progressive", "tables", "restart"],
)
def test_images_that_are_coded_otherwise_are_not_joined(other):
    plain = jpeg.parse(encode(noise(16, 24)))
    assert jpeg.join(plain, plain) is not None
    assert jpeg.join(plain, jpeg.parse(other)) is None


def test_large_images_are_not_joined():
    wide = jpeg.parse(encode(np.zeros((8, 8 * 8000), np.uint8)))
    assert jpeg.join(wide, wide) is not None
    large = jpeg.parse(encode(np.zeros((2056, 2056), np.uint8)))
    assert jpeg.join(large, large) is None


@pytest.mark.parametrize("options", [(), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)])
def test_what_is_cut_off_is_noticed(options):
    data = encode(noise(20, 30, 0, 3), 95, *options)
    whole = jpeg.parse(data + b"what follows is ignored")
    assert (whole.height, whole.width, whole.components) == (20, 30, 3)
    for end in range(len(data)):
        with pytest.raises(ValueError, match="it "):
            jpeg.parse(data[:end])


def test_other_files_are_refused():
    for data in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xd9"):
        with pytest.raises(ValueError, match="it (is not|holds no)"):
            jpeg.parse(data)
