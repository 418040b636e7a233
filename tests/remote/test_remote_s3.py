"""S3 for real, by whatever opens it here: tensorflow-io, else s3fs."""

import clips
import numpy as np
import pytest
import remote_cases as cases

from keras_twostream.remote import as_path, local_copy, mirrored
from keras_twostream.remote.stores import store_of
from keras_twostream.video import VideoError, open_video, read_video


def test_files_are_written_listed_and_removed(s3, tmp_path):
    folder, files = as_path(f"{s3}/plain"), store_of("s3")
    (tmp_path / "a").write_bytes(b"content")
    for name in ("a b.txt", "below/c#?.txt", "below/deep/d.txt"):
        files.put(tmp_path / "a", f"{folder}/{name}")
    assert folder.is_dir()
    found = {path.name: path.is_dir() for path in folder.iterdir()}
    assert found == {"a b.txt": False, "below": True}
    names = [str(path.relative_to(folder)) for path in folder.rglob("*.txt")]
    assert sorted(names) == ["a b.txt", "below/c#?.txt", "below/deep/d.txt"]
    assert (folder / "below" / "c#?.txt").read_bytes() == b"content"
    files.remove(f"{folder}/a b.txt")
    assert not (folder / "a b.txt").exists()
    assert not as_path(f"{s3}/none").exists()
    with pytest.raises(FileNotFoundError, match="none"):
        local_copy(f"{s3}/none")


def test_a_video_is_decoded(s3, tmp_path):
    clips.write_video(tmp_path / "v.mp4", clips.moving_frames(5))
    store_of("s3").put(tmp_path / "v.mp4", f"{s3}/v.mp4")
    found = read_video(f"{s3}/v.mp4")
    np.testing.assert_array_equal(found, read_video(tmp_path / "v.mp4"))
    with pytest.raises(VideoError, match="none.mp4"):
        open_video(f"{s3}/none.mp4")


def test_a_bucket_that_is_not_there_is_said(s3):
    address = "s3://nowhere/set"
    with pytest.raises(OSError, match="nowhere"), mirrored(address, ("a",)):
        pass


def test_a_set_is_fed(local, s3):
    cases.upload(local / "set", f"{s3}/set")
    cases.check_fed(local, f"{s3}/set")


def test_a_set_is_made_from_a_folder_to_another(local, s3):
    cases.upload(local / "videos", f"{s3}/videos")
    cases.check_listed(local, f"{s3}/videos")
    cases.check_made(local, f"{s3}/videos", f"{s3}/made")


def test_worker_processes_reach_it(local, s3, tmp_path):
    cases.upload(local / "videos", f"{s3}/worked")
    cases.check_worked(local, f"{s3}/worked", tmp_path / "set")
