"""Batches made by the workers of a `tf.data` service."""

import pathlib
import subprocess
import sys

import clips
import pytest
import tensorflow as tf

from keras_twostream.data import Clips, clips_dataset
from keras_twostream.data.service import distribute
from keras_twostream.flow import FlowSpec
from keras_twostream.preparation.executors import Here
from keras_twostream.preparation.preparing import prepare
from keras_twostream.video import write_video

WORKER = pathlib.Path(__file__).with_name("data_service.py")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    root = tmp_path_factory.mktemp("videos")
    for number in range(9):
        write_video(
            root / f"{number}.mp4", clips.moving_frames(8, 32, 40, number)
        )
    listed = Clips(sorted(root.iterdir()), range(9), [*"abcdefghi"])
    folder = tmp_path_factory.mktemp("set")
    flow = FlowSpec(short_side=32)
    return prepare(
        listed,
        folder,
        flow,
        root=root,
        executor=Here(),
        clips_per_shard=4,
        verbose=False,
    )


def load(prepared, **settings):
    return clips_dataset(
        prepared,
        batch_size=2,
        image_size=16,
        flow_frames=2,
        seed=3,
        verbose=False,
        **{"shuffle": True, "augment": True} | settings,
    )


def batches(dataset):
    """Returns the batches as (labels, bytes of the flow), sorted."""
    return sorted(
        (labels.tolist(), inputs["flow"].tobytes())
        for inputs, labels in dataset.as_numpy_iterator()
    )


@pytest.mark.slow
def test_two_workers_make_every_batch_once_an_epoch(prepared):
    """The very batches of this process, two workers on loopback."""
    dispatcher = tf.data.experimental.service.DispatchServer()
    address = dispatcher.target.partition("://")[2]
    workers = [
        subprocess.Popen(
            [sys.executable, str(WORKER), address],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        assert [worker.stdout.readline() for worker in workers] == [
            "ready\n"
        ] * 2
        here = load(prepared)
        there = distribute(load(prepared), address)
        assert len(there) == 5
        assert there.class_names == here.class_names
        assert there.flow_spec == here.flow_spec
        epochs = [batches(here) for _ in range(3)]
        assert epochs[0] != epochs[1]
        # To look at a batch is not to use it.
        assert len(batches(there.take(1))) == 1
        for epoch in epochs:
            assert batches(there) == epoch
        resumed = distribute(load(prepared, start=7), f"grpc://{address}")
        assert batches(resumed) == batches(load(prepared, start=7))
        plain = {"shuffle": False, "augment": False}
        views = distribute(load(prepared, views=3, **plain), address)
        assert batches(views) == batches(load(prepared, views=3, **plain))
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
            worker.stdout.close()


def test_only_datasets_of_clips_are_distributed(prepared):
    for dataset in (
        tf.data.Dataset.range(3),
        load(prepared).take(2),
        load(prepared, cache=True),
    ):
        with pytest.raises(ValueError, match="must be what `clips_dataset`"):
            distribute(dataset, "localhost:1")
