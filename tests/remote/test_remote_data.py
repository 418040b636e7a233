"""Clips and prepared sets behind addresses."""

import dataclasses

import numpy as np
import pytest
import remote_cases as cases
import sets
from remote_servers import serving

from keras_twostream.clips.lists import read_clips
from keras_twostream.data import (
    Clips,
    cache_clips,
    clips_dataset,
    open_prepared,
    prepare,
)
from keras_twostream.remote import as_path
from keras_twostream.remote.copies import copies_dir
from keras_twostream.remote.stores import schemes


@pytest.fixture
def copied():
    """Skips where TensorFlow reads the web in place, see `test_remote_tfio`."""
    if "http" in schemes():
        pytest.skip("TensorFlow's file system opens http:// here")


def test_a_set_of_the_web_feeds_the_same(local, served):
    cases.check_fed(local, f"{served[0]}/set")


def test_its_shards_are_copied_once(served, copied):
    base, asked = served
    cases.batches(f"{base}/set")
    asked.clear()
    cases.batches(f"{base}/set")
    whole = [path for path, part in asked if part is None]
    assert whole == ["/set/manifest.json"]


def test_only_the_shards_that_are_needed_are_copied(served, copied):
    base, asked = served
    part = open_prepared(f"{base}/set").take([0, 1])
    clips_dataset(part, image_size=24, flow_frames=2, verbose=False)
    whole = [path for path, part in asked if part is None]
    assert whole == ["/set/manifest.json", "/set/shards/00000.tfrecord"]


def test_a_damaged_set_is_refused(local, served, tmp_path):
    with serving(tmp_path) as (base, _):
        for name, content in sets.contents(local / "set").items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            cut = content[:-9] if name.endswith("1.tfrecord") else content
            (tmp_path / name).write_bytes(cut)
        with pytest.raises(ValueError, match="00001.tfrecord has"):
            open_prepared(base)
        with pytest.raises(FileNotFoundError, match=f"{base}/none holds no"):
            open_prepared(f"{base}/none")


def test_a_set_in_a_store_of_tensorflow_is_read_in_place(local, tmp_path):
    address = f"ram://{tmp_path.name}/set"
    cases.upload(local / "set", address)
    cases.check_fed(local, address)
    assert not copies_dir().exists()


def test_a_folder_is_listed(local, served):
    cases.check_listed(local, f"{served[0]}/videos")


@pytest.mark.parametrize("scheme", ["ram", "memory"])
def test_a_set_is_made_from_the_web_to_a_store(local, served, tmp_path, scheme):
    pytest.importorskip("tensorflow" if scheme == "ram" else "fsspec")
    destination = f"{scheme}://{tmp_path.name}/made"
    cases.check_made(local, f"{served[0]}/videos", destination)
    # Videos are borrowed, and what has arrived is not kept.
    kept = [path for path in copies_dir().rglob("*") if path.is_file()]
    assert not kept


def test_worker_processes_copy_for_themselves(local, served, tmp_path):
    cases.check_worked(local, f"{served[0]}/videos", tmp_path / "set")


def test_a_list_of_the_web(local, served, tmp_path):
    (local / "videos" / "train.csv").write_text(
        "path,label\na/00.mp4,a\nb/01.mp4,b\na/99.mp4,a\n"
    )
    clips = read_clips(f"{served[0]}/videos/train.csv", verbose=False)
    (local / "videos" / "train.csv").unlink()
    assert [path.name for path in clips.paths] == ["00.mp4", "01.mp4"]
    assert clips.class_names == ("a", "b")
    assert clips.splits == ("train", "train")
    assert "a/99.mp4" in str(clips.skipped)


def test_a_list_here_of_addresses(local, served, tmp_path):
    base = f"{served[0]}/videos"
    lines = [f"{base}/a/00.mp4 0", f"{base}/b/01.mp4 1"]
    (tmp_path / "list.txt").write_text("\n".join(lines))
    clips = read_clips(
        tmp_path, tmp_path / "list.txt", class_names=["a", "b"], verbose=False
    )
    assert [str(path) for path in clips.paths] == [
        f"{base}/a/00.mp4",
        f"{base}/b/01.mp4",
    ]
    assert clips.labels == (0, 1)


def test_clips_keep_their_addresses(served):
    base = f"{served[0]}/videos"
    clips = Clips((f"{base}/a/00.mp4", as_path(f"{base}/a/01.mp4")))
    assert [str(path) for path in clips.paths] == [
        f"{base}/a/00.mp4",
        f"{base}/a/01.mp4",
    ]


def test_records_of_addresses_are_cached(local, served, tmp_path):
    base, asked = served
    paths = [f"{base}/videos/a/00.mp4", f"{base}/videos/a/99.mp4"]
    made = cache_clips(paths, sets.SPEC, tmp_path, verbose=False)
    assert made.kept == (0,)
    ((path, reason),) = made.skipped
    assert str(path) == paths[1]
    assert "no such file" in reason
    asked.clear()
    again = cache_clips(paths[:1], sets.SPEC, tmp_path, verbose=False)
    assert again.records == made.records
    assert all(part for _, part in asked)
    here = cache_clips(
        [local / "videos" / "a" / "00.mp4"], sets.SPEC, tmp_path, verbose=False
    )
    assert here.frame_counts == made.frame_counts
    assert here.records != made.records


def test_a_set_that_grows_copies_only_what_is_new(local, tmp_path):
    address = f"ram://{tmp_path.name}/growing"
    source = local / "videos"
    clips = cases.list_clips(source)
    some = clips.take([0, 1, 3, 4])
    settings = cases.SETTINGS | {"root": source}
    prepare(some, address, sets.SPEC, **settings)
    first = as_path(f"{address}/shards/00000.tfrecord").read_bytes()
    made = prepare(clips, address, sets.SPEC, **settings)
    assert len(made) == 6
    assert as_path(made.files[0]).read_bytes() == first
    other = dataclasses.replace(sets.SPEC, bound=4)
    with pytest.raises(ValueError, match="another FlowSpec"):
        prepare(clips, address, other, **settings)
    wanted = cases.batches(local / "set", shuffle=False, augment=False)
    found = cases.batches(address, shuffle=False, augment=False)
    np.testing.assert_array_equal(found[0][0], wanted[0][0])
