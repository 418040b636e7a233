"""The page shows what the dataset feeds, and needs nothing else."""

import base64
import re

import cv2
import numpy as np
import pytest

from keras_twostream.data import list_clips, prepare
from keras_twostream.doctor import browse
from keras_twostream.flow.colors import flow_to_image
from keras_twostream.report.sheets import (
    Sample,
    flow_sheet,
    frames_sheet,
    scale_of,
)
from keras_twostream.video.synthetic import write_dataset


def decoded(address):
    """Returns the RGB picture of a data address."""
    data = base64.b64decode(address.partition(",")[2])
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


@pytest.fixture
def sample(rng):
    shape = (3, 44, 44)
    rgb = cv2.GaussianBlur(rng.uniform(0, 255, shape), (0, 0), 3)
    rgb = np.repeat(rgb[..., None], 3, axis=-1).astype(np.float32)
    flow = np.zeros((*shape, 8), np.float32)
    flow[..., 0::2] = np.arange(4)
    flow[1, ..., 1::2] = -2
    return Sample(name="clip", label="0, run", rgb=rgb, flow=flow)


def test_sheets_hold_every_frame_and_field(sample):
    frames = decoded(frames_sheet(sample)).reshape(3, 176, 176, 3)
    enlarged = sample.rgb.repeat(4, axis=1).repeat(4, axis=2)
    assert np.abs(frames - enlarged).mean() < 3
    scale = scale_of([sample])
    assert scale == pytest.approx(np.hypot(3, 2), rel=0.01)
    fields = decoded(flow_sheet(sample, scale)).reshape(3, 176, 4, 176, 3)
    for row in range(3):
        for column in range(4):
            field = sample.flow[row, ..., 2 * column : 2 * column + 2]
            wanted = flow_to_image(field, scale)[0, 0]
            seen = fields[row, :, column].mean(axis=(0, 1))
            assert np.abs(seen - wanted).max() < 6


def test_facts_say_ranges(sample):
    facts = sample.facts()
    assert facts["u"] == "0.0 to 3.0 px"
    assert facts["v"] == "-2.0 to 0.0 px"


@pytest.mark.parametrize("augment", [False, True])
def test_a_page_of_a_folder(tmp_path, augment):
    folder = write_dataset(tmp_path / "set", 1, verbose=False)
    (folder / "red_left").rename(folder / "<b>red & left")
    page = browse(
        folder,
        tmp_path / "page.html",
        clips=4,
        frames=2,
        flow_frames=3,
        image_size=48,
        augment=augment,
        cache_dir=tmp_path / "cache",
        workers=1,
    )
    html = page.read_text()
    assert html.count('class="card player"') == 4
    assert html.count("data:image/jpeg;base64,") == 4 * 2 + 1
    assert 'data-frames="2" data-fields="3"' in html
    assert re.search(r"<h2>\w+ \(label \d\)</h2>", html)
    assert ("<div><span>augmented</span>yes</div>" in html) == augment
    assert "<b>red" not in html
    for outside in ("http://", "https://", "<link", "@import"):
        assert outside not in html


def test_a_page_of_a_prepared_set_equals_that_of_its_folder(tmp_path):
    folder = write_dataset(tmp_path / "set", 1, verbose=False)
    to = tmp_path / "prepared"
    prepare(list_clips(folder), to, root=folder, workers=1, verbose=False)
    settings = {
        "clips": 3,
        "frames": 2,
        "flow_frames": 3,
        "image_size": 48,
        "workers": 1,
    }
    one = browse(
        folder, tmp_path / "1.html", cache_dir=tmp_path / "cache", **settings
    )
    two = browse(to, tmp_path / "2.html", **settings)
    pictures = [
        re.findall(r"url\('([^']+)'\)", page.read_text()) for page in (one, two)
    ]
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize("clips", [0, -1])
def test_there_must_be_clips(tmp_path, clips):
    with pytest.raises(ValueError, match="clips"):
        browse(tmp_path, clips=clips)
