import os
import pathlib
import subprocess
import sys

import clips
import cv2
import numpy as np
import pytest

from keras_twostream.video import (
    VideoError,
    open_video,
    read_video,
    write_video,
)

BACKENDS = ["pyav", "opencv"]
BAD_KINDS = [
    "empty",
    "text",
    "text_txt",
    "noise",
    "directory",
    "missing",
    "audio",
    "cut_before_moov",
]

EVEN, ODD = (48, 64), (47, 63)
# File name, size, codec, pixel format; halved chroma has no odd H.264.
FORMS = [
    ("a.mp4", EVEN, "libx264", "yuv420p"),
    ("ten_bits.mp4", EVEN, "libx264", "yuv420p10le"),
    ("gray.mp4", EVEN, "libx264", "gray"),
    ("full_chroma.mkv", ODD, "libx264", "yuv444p"),
    ("a.avi", EVEN, "mpeg4", "yuv420p"),
    ("odd.avi", ODD, "mpeg4", "yuv420p"),
    ("a.mpg", EVEN, "mpeg2video", "yuv420p"),
    ("no_container.h264", EVEN, "libx264", "yuv420p"),
]


def real_clips():
    root = os.environ.get("KERAS_TWOSTREAM_TEST_DATA")
    if not root:
        pytest.skip("KERAS_TWOSTREAM_TEST_DATA is not set")
    found = pathlib.Path(root, "clips")
    formats = sorted(found.glob("formats/*"))
    ucf101 = sorted(found.glob("ucf101/*/*.avi"))[::18]
    return formats + ucf101 + sorted(found.glob("ucf101/Kayaking/*.avi"))


def both(path):
    return [read_video(path, backend) for backend in BACKENDS]


@pytest.mark.parametrize(("name", "size", "codec", "pixels"), FORMS)
def test_backends_agree_frame_by_frame(tmp_path, name, size, codec, pixels):
    frames = clips.moving_frames(30, *size)
    clips.encode(tmp_path / name, frames, codec, pixels, options={"g": "12"})
    pyav, opencv = both(tmp_path / name)
    np.testing.assert_array_equal(pyav, opencv)
    assert clips.frame_numbers(pyav) == list(range(30))


def test_backends_agree_on_real_clips():
    for path in real_clips():
        with open_video(path) as one, open_video(path, "opencv") as other:
            pairs = zip(one, other, strict=True)
            for number, (a, b) in enumerate(pairs):
                assert np.array_equal(a, b), (path.name, number)
        assert one.fps == pytest.approx(other.fps, abs=0.01)


def test_count_is_by_decoding_where_the_header_lies():
    path = next(p for p in real_clips() if p.name == "v_Kayaking_g12_c03.avi")
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 372
    for backend in BACKENDS:
        with open_video(path, backend) as reader:
            assert reader.count() == 371
            assert reader.get([370]).shape == (1, 240, 320, 3)
            with pytest.raises(VideoError, match="ends after 371 frames"):
                reader.get([371])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_get_gives_frames_in_the_order_asked(tmp_path, backend, suffix):
    path = tmp_path / f"a{suffix}"
    write_video(path, clips.moving_frames(40), fps=12.5)
    with open_video(path, backend) as reader:
        wanted = [31, 3, 3, 0, 17]
        got = reader.get(wanted)
        assert clips.frame_numbers(got) == wanted
        assert got.dtype == np.uint8
        np.testing.assert_array_equal(got, np.stack([*reader])[wanted])
        assert reader.get([]).shape == (0, 48, 64, 3)
        assert reader.get(np.array([39])).shape == (1, 48, 64, 3)
        assert reader.count() == 40
        assert reader.fps == pytest.approx(12.5)
        with pytest.raises(ValueError, match="start at 0"):
            reader.get([2, -1])
        with pytest.raises(VideoError, match="frame 40 .* after 40 frames"):
            reader.get([40])


def test_two_passes_at_once_do_not_disturb_one_another(tmp_path):
    write_video(tmp_path / "a.mp4", clips.moving_frames(6))
    with open_video(tmp_path / "a.mp4") as reader:
        pairs = list(zip(reader, reader, strict=True))
    assert len(pairs) == 6
    assert all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("backend", BACKENDS)
def test_variable_frame_rate_is_indexed_by_frame(tmp_path, backend):
    times = np.cumsum(np.random.default_rng(0).integers(1, 12, 50)).tolist()
    path = tmp_path / "vfr.mp4"
    frames = clips.moving_frames(50)
    clips.encode(path, frames, "libx264", "yuv420p", times=times)
    with open_video(path, backend) as reader:
        assert clips.frame_numbers(reader.get([49, 20, 7])) == [49, 20, 7]
        assert reader.count() == 50


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_rotation_is_applied(tmp_path, degrees):
    path = tmp_path / "a.mp4"
    write_video(path, clips.moving_frames(3))
    lying = read_video(path)
    clips.rotate(path, degrees)
    upright = np.rot90(lying, -degrees // 90, axes=(1, 2))
    for frames in both(path):
        np.testing.assert_array_equal(frames, upright)


def test_alpha_is_dropped_and_gray_is_gray(tmp_path):
    frames = clips.moving_frames(3)
    alpha = np.full_like(frames[..., :1], 100)
    rgba = np.concatenate([frames, alpha], axis=-1)
    clips.encode(tmp_path / "a.mov", rgba, "png", "rgba")
    for decoded in both(tmp_path / "a.mov"):
        np.testing.assert_array_equal(decoded, frames)
    clips.encode(tmp_path / "g.mp4", frames, "libx264", "gray")
    for decoded in both(tmp_path / "g.mp4"):
        assert np.ptp(decoded, axis=-1).max() == 0


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", BAD_KINDS)
def test_what_is_no_video_is_named(tmp_path, kind, backend):
    files = clips.bad_files(tmp_path)
    assert list(files) == BAD_KINDS
    path, word = files[kind]
    with pytest.raises(VideoError) as caught:
        open_video(path, backend)
    assert word in caught.value.reason
    assert caught.value.path == path
    assert caught.value.reason in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "kind", ["cut.mp4", "noise.mp4", "cut.avi", "noise.avi"]
)
def test_damage_part_way_is_an_error_or_kept_by_choice(tmp_path, kind):
    path, frames = tmp_path / kind, clips.moving_frames(100)
    if path.suffix == ".mp4":
        first = {"movflags": "faststart"}
        clips.encode(path, frames, "libx264", "yuv420p", muxing=first)
    else:
        write_video(path, frames)
    if path.stem == "cut":
        clips.cut(path, 0.7)
    else:
        clips.damage(path, 0.6)
    with pytest.raises(VideoError, match="damaged"):
        read_video(path)
    with open_video(path) as reader, pytest.raises(VideoError):
        reader.count()
    with pytest.warns(UserWarning, match=r"damaged.* Kept the \d+ frames"):
        kept = read_video(path, on_damage="keep")
    assert 10 < len(kept) < 80
    assert clips.frame_numbers(kept) == list(range(len(kept)))
    with open_video(path) as reader:
        np.testing.assert_array_equal(reader.get([7])[0], kept[7])


def test_frames_that_change_size_are_an_error(tmp_path):
    path = tmp_path / "joined.h264"
    parts = []
    for size in [(48, 64), (32, 32)]:
        frames = clips.moving_frames(5, *size)
        clips.encode(path, frames, "libx264", "yuv420p")
        parts.append(path.read_bytes())
    path.write_bytes(b"".join(parts))
    with pytest.raises(VideoError, match="change size"):
        read_video(path)


def test_unknown_choices_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"'decord'.*'pyav', 'opencv'"):
        open_video(tmp_path / "a.mp4", backend="decord")
    with pytest.raises(ValueError, match="'ignore'"):
        read_video(tmp_path / "a.mp4", on_damage="ignore")


@pytest.mark.parametrize("name", ["a:b.avi", "né 'é %03d.mp4", "-x.mp4"])
def test_names_are_taken_literally(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    write_video(name, clips.moving_frames(3))
    assert [len(frames) for frames in both(name)] == [3, 3]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_importing_is_light_and_leaves_opencv_threads_alone():
    code = (
        "import sys, cv2; before = cv2.getNumThreads()\n"
        "import keras_twostream.video, keras_twostream.flow.estimators\n"
        "assert cv2.getNumThreads() == before\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
