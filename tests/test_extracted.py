"""Records of frames and flow that others extracted."""

import dataclasses

import cv2
import numpy as np
import pytest
from layout_files import (
    JPEG_ERROR,
    STORED,
    flow_of,
    images_of,
    parts_of,
    write_denseflow,
    write_images,
    write_released,
)

from keras_twostream.data import Clips, CropSpec, SampleSpec
from keras_twostream.data.decoding import parse_record
from keras_twostream.flow import FlowSpec
from keras_twostream.preparation import records
from keras_twostream.preparation.estimate import estimate
from keras_twostream.preparation.extracted import make_record
from keras_twostream.preparation.worker import Job, write_record
from keras_twostream.video import VideoError, write_video


def meta_of(record, tmp_path):
    (tmp_path / "a.record").write_bytes(record)
    return records.read_meta(tmp_path / "a.record")


def levels_of(folder, name):
    paths = sorted(folder.glob(name))
    return np.stack([cv2.imread(str(path), 0) for path in paths])


def test_released_images_are_kept_bit_by_bit(tmp_path):
    frames, levels, flow = images_of()
    clip = write_released(tmp_path, "v_Run_g01_c01", frames, levels)
    record = make_record(clip, STORED)
    parts = parts_of(record)
    assert parts["frames"] == [
        path.read_bytes() for path in sorted(clip.iterdir())
    ]
    stored = [cv2.imdecode(np.frombuffer(x, "u1"), -1) for x in parts["flow"]]
    for letter, top in (("u", 0), ("v", 56)):
        files = tmp_path / "tvl1_flow" / letter / clip.name
        expected = levels_of(files, "*.jpg")
        found = np.stack(stored)[:, top : top + 50]
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(flow_of(record, STORED), flow, atol=JPEG_ERROR)


def test_what_was_extracted_is_not_estimated(tmp_path):
    frames, levels, _ = images_of()
    clip = write_released(tmp_path, "v_Run_g01_c01", frames, levels)
    with pytest.raises(ValueError, match="videos only.*extracted earlier"):
        estimate(Clips((clip,)), [FlowSpec()])


def test_records_are_as_those_of_videos(tmp_path):
    frames, levels, _ = images_of()
    clip = write_released(tmp_path / "a", "x", frames, levels)
    write_video(tmp_path / "x.mp4", frames)
    spec = FlowSpec(short_side=None, shrink=1)
    other = records.make_record(tmp_path / "x.mp4", spec)
    record = make_record(clip, STORED)
    meta, expected = (meta_of(x, tmp_path) for x in (record, other))
    assert meta.keys() == expected.keys()
    for name in ("version", "frames", "height", "width", "opencv"):
        assert meta[name] == expected[name]
    assert meta["flow"] == STORED.to_dict()
    sizes = [x.stat().st_size for x in (tmp_path / "a").rglob("*.jpg")]
    assert meta["source"] == {"path": str(clip), "bytes": sum(sizes)}
    parts, others = parts_of(record), parts_of(other)
    for name in ("frames", "flow", "motion"):
        assert len(parts[name]) == len(others[name])
    assert len(parts["motion"][0]) == len(others["motion"][0])


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_denseflow(tmp_path, first, suffix):
    frames, levels, flow = images_of()
    clip = write_denseflow(tmp_path, "a", frames, levels, first, suffix)
    spec = dataclasses.replace(STORED, bound=32)
    record = make_record(clip, spec)
    found = flow_of(record, spec)
    np.testing.assert_allclose(found, 1.6 * flow, atol=1.6 * JPEG_ERROR)
    images = [
        cv2.imdecode(np.frombuffer(x, "u1"), 1)
        for x in parts_of(record)["frames"]
    ]
    difference = np.stack(images)[..., ::-1].astype(float) - frames
    assert np.abs(difference).mean() < 5


def test_steps_and_other_flows_beside_each_other(tmp_path):
    frames, levels, flow = images_of(step=2)
    clip = write_denseflow(tmp_path, "a", frames, levels, note="_p2")
    write_denseflow(tmp_path, "a", frames, images_of()[1])
    spec = dataclasses.replace(STORED, step=2)
    np.testing.assert_allclose(
        flow_of(make_record(clip, spec), spec), flow, atol=JPEG_ERROR
    )
    assert len(parts_of(make_record(clip, STORED))["flow"]) == 5


def test_bounds_of_each_field_count(tmp_path):
    frames, levels, flow = images_of()
    clip = write_released(tmp_path, "a", frames, levels)
    bounds = np.array([[-20, 20, -20, 20]] * 5, "<f4")
    file = tmp_path / "tvl1_flow" / "u" / "a.bin"
    plain = parts_of(make_record(clip, STORED))
    file.write_bytes(bounds.tobytes())
    assert parts_of(make_record(clip, STORED))["flow"] == plain["flow"]
    bounds[2] = [-5, 5, 0, 10]
    file.write_bytes(bounds.tobytes())
    spec = dataclasses.replace(STORED, encoding="png")
    found = flow_of(make_record(clip, spec), spec)
    expected = flow.copy()
    expected[2] = flow[2] / 4 + [0, 5]
    np.testing.assert_allclose(found, expected, atol=JPEG_ERROR)
    for wrong, message in (
        (bounds[1:], "16 bytes for each of 5 fields, and has 64"),
        (-bounds, "holds no bounds"),
        (bounds * np.nan, "holds no bounds"),
    ):
        file.write_bytes(wrong.tobytes())
        with pytest.raises(VideoError, match=message):
            make_record(clip, STORED)


@pytest.mark.parametrize(
    "changes",
    [
        {"quantization": "symmetric"},
        {"encoding": "png"},
        {"encoding": "jpeg90"},
        {"codec_range": "limited"},
        {"shrink": 2},
    ],
    ids=str,
)
def test_flow_can_be_stored_in_other_ways(tmp_path, changes):
    frames, levels, flow = images_of()
    clip = write_released(tmp_path, "a", frames, levels)
    spec = dataclasses.replace(STORED, **changes)
    found = flow_of(make_record(clip, spec), spec)
    inner = (slice(None), slice(2, -2), slice(2, -2))
    np.testing.assert_allclose(found[inner], flow[inner], atol=JPEG_ERROR)


def test_images_coded_in_two_ways_are_encoded_again(tmp_path):
    frames, levels, flow = images_of()
    clip = write_denseflow(tmp_path, "a", frames, levels)
    write_images(clip, "flow_y_{:05}.jpg", levels[..., 1], 0, quality=80)
    spec = dataclasses.replace(STORED, encoding="png")
    found = flow_of(make_record(clip, spec), spec)
    levels = np.stack(
        [levels_of(clip, f"flow_{x}*") for x in "xy"], axis=-1
    ).astype(np.float32)
    np.testing.assert_allclose(found, levels * 40 / 255 - 20, atol=1e-5)
    again = flow_of(make_record(clip, STORED), STORED)
    np.testing.assert_allclose(again, found, atol=JPEG_ERROR)


def test_the_camera_can_be_subtracted(tmp_path):
    frames, levels, _ = images_of()
    levels[:] = 200
    clip = write_released(tmp_path, "a", frames, levels)
    spec = dataclasses.replace(STORED, camera="mean", encoding="png")
    found = flow_of(make_record(clip, spec), spec)
    assert np.abs(found).max() < 0.1


def test_sizes(tmp_path):
    frames, levels, flow = images_of(height=48, width=64)
    clip = write_released(tmp_path, "a", frames, levels)
    half = dataclasses.replace(STORED, short_side=24)
    with pytest.raises(VideoError, match=r"of \(48, 64\), and frames .*24, 32"):
        make_record(clip, half)
    after = dataclasses.replace(half, resize="after")
    record = make_record(clip, after)
    meta = meta_of(record, tmp_path)
    assert (meta["height"], meta["width"]) == (24, 32)
    mean = flow.reshape(5, 24, 2, 32, 2, 2).mean((2, 4)) / 2
    found = flow_of(record, after, 24, 32)
    np.testing.assert_allclose(found, mean, atol=JPEG_ERROR)


def test_clips_too_short_for_flow_have_one_field_of_no_motion(tmp_path):
    frames, levels, _ = images_of(count=2)
    released = write_released(tmp_path / "r", "a", frames[:1], levels[:0])
    dense = write_denseflow(tmp_path / "d", "a", frames[:1], levels[:0])
    for clip in (released, dense):
        record = make_record(clip, STORED)
        assert len(parts_of(record)["flow"]) == 1
        assert np.abs(flow_of(record, STORED)).max() < 0.1


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("img_00003.jpg", None, "missing: after img_00002.jpg is img_00004"),
        ("flow_x_00002.jpg", None, "missing: after flow_x_00001.jpg is"),
        ("img_00005.jpg", None, "5 frames, 5 fields of u and 5 of v.*later"),
        ("flow_y_00004.jpg", None, "6 frames, 5 fields of u and 4 of v"),
        ("img_00002.jpg", lambda x: b"", r"img_00002.jpg is empty \(zero"),
        ("img_00002.jpg", lambda x: x[:-9], "ends within the image"),
        ("flow_x_00001.jpg", lambda x: x[:300], "00001.jpg is damaged"),
        ("flow_x_00001.jpg", lambda x: b"text", "cannot be decoded"),
    ],
)
def test_damaged_clips_are_refused_with_the_reason(
    tmp_path, name, change, message
):
    frames, levels, _ = images_of()
    path = write_denseflow(tmp_path, "a", frames, levels) / name
    if change is None:
        path.unlink()
    else:
        path.write_bytes(change(path.read_bytes()))
    with pytest.raises(VideoError, match=message) as caught:
        make_record(path.parent, STORED)
    assert caught.value.path == path.parent


def test_clips_that_do_not_fit_together_are_refused(tmp_path):
    frames, levels, _ = images_of()
    clip = write_denseflow(tmp_path, "a", frames, levels)
    write_images(clip, "img_{:05}.jpg", [frames[0][:40]], 3)
    with pytest.raises(VideoError, match=r"from \(50, 70\) to \(40, 70\)"):
        make_record(clip, STORED)
    write_images(clip, "img_{:05}.jpg", frames, 0)
    write_images(clip, "flow_y_{:05}.jpg", [levels[0, :40, :, 1]], 3)
    with pytest.raises(VideoError, match="flow_x_00003.jpg and .* differ"):
        make_record(clip, STORED)
    write_images(clip, "other_{:05}.jpg", frames)
    with pytest.raises(VideoError, match=r"\['img', 'other'\]"):
        make_record(clip, STORED)
    alone = tmp_path / "alone" / "b"
    write_images(alone, "img_{:05}.jpg", frames)
    with pytest.raises(VideoError, match="no flow of step 1"):
        make_record(alone, STORED)
    with pytest.raises(VideoError, match="No such file"):
        make_record(tmp_path / "gone", STORED)


def test_samples_are_made_of_such_records(tmp_path):
    frames, levels, flow = images_of(count=12, height=64, width=64)
    clip = write_released(tmp_path, "a", frames, levels)
    assert write_record(Job(str(clip), str(tmp_path / "r")), STORED) is None
    sample = SampleSpec(
        image_size=64, flow=STORED, flow_frames=4, crop=CropSpec(center=1.0)
    )
    record = parse_record((tmp_path / "r").read_bytes())
    made = sample(record, 0, [0, 0])
    expected = np.concatenate(flow[4:8], axis=-1)
    np.testing.assert_allclose(made["flow"], expected, atol=JPEG_ERROR)
    assert np.abs(made["rgb"] - frames[6].astype(np.float32)).mean() < 5
