"""Folders of frames and flow that others extracted."""

import dataclasses

import cv2
import numpy as np
import pytest
from layout_files import (
    JPEG_ERROR,
    STORED,
    flow_of,
    images_of,
    write_denseflow,
    write_images,
    write_released,
)

from keras_twostream.clips.layouts import find_layout, list_layout
from keras_twostream.clips.lists import read_clips
from keras_twostream.preparation.extracted import make_record
from keras_twostream.video import VideoError, open_video


@pytest.mark.parametrize(
    "how",
    [
        {"flow": "flow/{}", "names": "xy"},
        {"flow": "{}"},
        {"flow": "{}", "names": "xy"},
    ],
)
def test_other_names_of_the_authors_layout(tmp_path, how):
    frames, levels, flow = images_of()
    clip = write_released(tmp_path, "run/a", frames, levels, **how)
    found = flow_of(make_record(clip, STORED), STORED)
    np.testing.assert_allclose(found, flow, atol=JPEG_ERROR)
    assert list_layout(tmp_path).paths == (clip,)


def test_the_algorithm_chooses_among_flows(tmp_path):
    frames, levels, _ = images_of()
    clip = write_released(tmp_path, "a", frames, levels)
    write_released(tmp_path, "a", frames, 255 - levels, "brox_flow/{}")
    assert len(list_layout(tmp_path)) == 1
    brox = dataclasses.replace(STORED, algorithm="brox")
    ours, others = (
        flow_of(make_record(clip, spec), spec) for spec in (STORED, brox)
    )
    np.testing.assert_allclose(ours, -others, atol=2 * JPEG_ERROR)
    with pytest.raises(VideoError, match=r"\['brox_flow', 'tvl1_flow'\]"):
        make_record(clip, dataclasses.replace(STORED, algorithm="dis"))


def test_listing(tmp_path):
    frames, levels, _ = images_of(count=2, height=16, width=16)
    names = ["v_Run_g01_c01", "v_Run_g02_c01", "v_Sit_g01_c01"]
    for name in names:
        write_released(tmp_path / "ucf", name, frames, levels)
        write_denseflow(
            tmp_path / "dense", f"{name[2:5]}/{name}", frames, levels
        )
    write_images(tmp_path / "ucf/jpegs_256/v_Sit_g02_c01", "{}.jpg", frames)
    for root in ("ucf", "ucf/jpegs_256", "dense"):
        clips = list_layout(tmp_path / root)
        assert [path.name for path in clips.paths] == names
        assert clips.class_names == ("Run", "Sit")
        assert clips.labels == (0, 0, 1)
        assert clips.groups == ("Run/g01", "Run/g02", "Sit/g01")
        assert len(clips.skipped) == (root != "dense")
        assert read_clips(tmp_path / root) == clips
    assert find_layout(tmp_path / "ucf").apart
    chosen = list_layout(tmp_path / "dense", class_names=["Sit", "Run"])
    assert chosen.labels == (1, 1, 0)
    with pytest.raises(ValueError, match="no extracted clips"):
        list_layout(tmp_path / "ucf" / "tvl1_flow" / "u")


def test_videos_are_no_layout(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "a.avi").touch()
    (tmp_path / "run" / "thumb_1.jpg").touch()
    assert find_layout(tmp_path) is None
    assert len(read_clips(tmp_path)) == 1


def test_lists_name_extracted_clips(tmp_path):
    frames, levels, _ = images_of(count=2, height=16, width=16)
    for name in (
        "v_HandstandPushups_g01_c01",
        "v_Run_g09_c02",
        "v_Run_g10_c01",
    ):
        write_released(tmp_path / "ucf", name, frames, levels)
    (tmp_path / "trainlist01.txt").write_text("Run/v_Run_g09_c02.avi 2\r\n")
    (tmp_path / "testlist01.txt").write_text(
        "HandstandPushups/v_HandStandPushups_g01_c01.avi\r\n"
    )
    clips = read_clips(
        tmp_path / "ucf",
        tmp_path,
        "ucf101",
        verbose=False,
        class_names=["HandstandPushups", "Run"],
    )
    assert [path.name for path in clips.paths] == [
        "v_Run_g09_c02",
        "v_HandstandPushups_g01_c01",
    ]
    assert clips.splits == ("train", "test")
    assert clips.labels == (1, 0)
    [(_, reason)] = clips.skipped
    assert reason.startswith("1 clips in it are not in the list")
    path = tmp_path / "frames.txt"
    path.write_text("v_Run_g09_c02 2 0\nv_Run_g10_c01 2 1\n")
    assert read_clips(tmp_path / "ucf", path, verbose=False).labels == (0, 1)


def test_real_flow_that_others_made(test_data, tmp_path):
    source = test_data / "flow" / "tvl1"
    images = [cv2.imread(str(x)) for x in sorted((source / "flow").iterdir())]
    levels = np.stack(images)[:8]  # channel 0 is x, 1 is y
    with open_video(source / "Gt61_Yekkgc_1146.avi") as video:
        frames = video.get(range(0, 18, 2))
    size = levels.shape[2], levels.shape[1]
    frames = np.stack([cv2.resize(frame, size) for frame in frames])
    clip = write_released(tmp_path, "a", frames, levels)
    flow = flow_of(make_record(clip, STORED), STORED, *size[::-1])
    expected = levels[..., :2].astype(np.float32) * 40 / 255 - 20
    assert np.abs(flow - expected).mean() < 0.15
    # It tells where the pixels of a frame are in the next one.
    grid = np.stack(np.meshgrid(*map(np.arange, size)), -1).astype(np.float32)
    grays = [cv2.cvtColor(x, cv2.COLOR_RGB2GRAY) for x in frames]
    still, moved = 0.0, 0.0
    for first, second, field in zip(grays, grays[1:], flow, strict=False):
        came = cv2.remap(second, grid + field, None, cv2.INTER_LINEAR)
        still += np.abs(second.astype(float) - first).mean()
        moved += np.abs(came.astype(float) - first).mean()
    assert moved < 0.9 * still
