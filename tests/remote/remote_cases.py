"""What must hold of any address, whoever opens it."""

import os
import pathlib

import numpy as np
import sets

from keras_twostream.data import (
    Local,
    clips_dataset,
    is_prepared,
    list_clips,
    open_prepared,
    prepare,
    video_dataset_from_directory,
)
from keras_twostream.preparation.executors import Here
from keras_twostream.remote import as_path
from keras_twostream.remote.stores import store_of

SETTINGS = {"executor": Here(), "clips_per_shard": 2, "verbose": False}
FEEDING = {
    "image_size": 24,
    "flow_frames": 2,
    "batch_size": 4,
    "seed": 3,
    "verbose": False,
}


def write_local(folder):
    """Writes videos and a set of them below a folder."""
    source = sets.write_source(folder / "videos")
    made = list_clips(source)
    prepare(made, folder / "set", sets.SPEC, root=source, **SETTINGS)
    return folder


def upload(folder, address):
    """Copies all files of a folder to an address."""
    files = store_of(as_path(address).scheme)
    for path in folder.rglob("*"):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            files.put(path, f"{address}/{name}")


def batches(source, **settings):
    """Returns what two epochs of a prepared set feed."""
    settings = FEEDING | {"shuffle": True, "augment": True} | settings
    dataset = clips_dataset(open_prepared(source), **settings)
    return [
        [value.numpy() for value in (x["rgb"], x["flow"], label)]
        for _ in range(2)
        for x, label in dataset
    ]


def check_same(found, wanted):
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        for value, expected in zip(one, other, strict=True):
            np.testing.assert_array_equal(value, expected)


def check_fed(local, address):
    """A prepared set at an address feeds what the same set here feeds."""
    assert is_prepared(address)
    assert len(open_prepared(address)) == 6
    check_same(batches(address), batches(local / "set"))
    dataset = video_dataset_from_directory(address, **FEEDING)
    assert dataset.class_names == ["a", "b"]
    assert len(dataset.file_paths) == 6


def check_listed(local, address):
    """A folder of videos at an address is listed as the same one here."""
    here, there = list_clips(local / "videos"), list_clips(address)
    assert there.labels == here.labels
    names = [str(path.relative_to(address)) for path in there.paths]
    assert names == [
        str(path.relative_to(local / "videos")) for path in here.paths
    ]
    return there


def check_made(local, source, destination):
    """Clips at one address are prepared to another, byte for byte."""
    found = list_clips(source)
    for _ in range(2):  # the second time all is there
        made = prepare(found, destination, sets.SPEC, root=source, **SETTINGS)
    assert len(made) == 6
    assert os.fspath(made.folder) == destination
    target = as_path(destination)
    wanted = sets.contents(local / "set")
    names = [
        os.fspath(pathlib.PurePosixPath(path.relative_to(destination)))
        for path in target.rglob("*")
    ]
    assert sorted(names) == sorted(wanted)
    for name in names:
        assert (target / name).read_bytes() == wanted[name], name


def check_worked(local, source, folder):
    """Worker processes make the same of what is at an address."""
    settings = SETTINGS | {"executor": Local(2), "root": source}
    prepare(list_clips(source), folder, sets.SPEC, **settings)
    assert sets.contents(folder) == sets.contents(local / "set")
