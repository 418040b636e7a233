import clips
import numpy as np
import pytest

from keras_twostream.video import read_video, resize_short_side, write_video


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 5), (2, 4000), (99, 2)])
def test_extreme_sizes(tmp_path, size, suffix):
    path, frames = tmp_path / f"a{suffix}", clips.moving_frames(3, *size)
    write_video(path, frames)
    for backend in ["pyav", "opencv"]:
        decoded = read_video(path, backend)
        assert decoded.shape == frames.shape
        resized = resize_short_side(decoded[0], 64)
        assert max(resized.shape[:2]) <= 4096


def test_writing_is_close_complete_and_repeatable(tmp_path):
    frames = clips.moving_frames(20)
    for name in ["a.mp4", "a.avi"]:
        path = tmp_path / name
        write_video(path, iter(frames))
        error = read_video(path).astype(float) - frames
        assert np.abs(error).mean() < 6
        first = path.read_bytes()
        # Enough times to meet memory that holds something else.
        for _ in range(10):
            write_video(path, iter(frames))
            assert path.read_bytes() == first


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")

    def broken():
        yield from clips.moving_frames(3)
        raise RuntimeError("no more")

    frames = clips.moving_frames(2)
    failures = [
        (broken(), {}, "no more"),
        ([], {}, "empty"),
        ([frames[0], frames[1, :20]], {}, r"frame 1"),
        (frames.astype(np.float32), {}, "float32"),
        (frames[..., 0], {}, r"H, W, 3"),
        (frames, {"codec": "no_such"}, "no_such"),
    ]
    for given, more, words in failures:
        with pytest.raises((ValueError, RuntimeError), match=words):
            write_video(path, given, **more)
    with pytest.raises(ValueError, match=r"\.mp4.*\.avi"):
        write_video(tmp_path / "a.xyz", frames)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]


@pytest.mark.parametrize(
    ("size", "short", "expected"),
    [
        ((240, 320), 256, (256, 341)),
        ((320, 240), 120, (160, 120)),
        ((1080, 1920), 256, (256, 455)),
        ((7, 7), 1, (1, 1)),
        ((10_000, 2), 256, (4096, 1)),
        ((2, 10_000), None, (2, 10_000)),
    ],
)
def test_resize_short_side(size, short, expected):
    frame = np.full((*size, 3), 77, np.uint8)
    resized = resize_short_side(frame, short)
    assert resized.shape == (*expected, 3)
    assert np.all(resized == 77)


def test_resize_keeps_colours_and_refuses_nonsense():
    frame = clips.moving_frames(1, 60, 80)[0]
    halved = resize_short_side(frame, 30)
    blocks = frame.reshape(30, 2, 40, 2, 3).mean(axis=(1, 3))
    assert np.abs(halved - blocks).max() <= 1
    assert resize_short_side(frame, 60) is frame
    with pytest.raises(ValueError, match="short_side"):
        resize_short_side(frame, 0)
