"""What tensorflow-io alone makes possible; `.ci/tfio` runs it."""

import numpy as np
import pytest
import remote_cases as cases

from keras_twostream.data import clips_dataset, open_prepared
from keras_twostream.remote.copies import copies_dir
from keras_twostream.remote.stores import schemes, store_of


@pytest.fixture(autouse=True)
def tfio():
    missing = {"http", "s3"} - schemes()
    if missing:
        pytest.skip(f"TensorFlow's file system does not open {missing}")


def test_s3_is_opened_by_tensorflow(s3):
    assert "tensorflow_files" in type(store_of("s3")).__module__


def test_a_set_of_the_web_is_read_in_place(local, served):
    base, asked = served
    cases.check_fed(local, f"{base}/set")
    shards = [part for path, part in asked if path.endswith(".tfrecord")]
    assert shards
    assert all(shards)
    assert not copies_dir().exists()


def test_a_set_of_s3_is_read_in_place(local, s3):
    cases.upload(local / "set", f"{s3}/in_place")
    cases.check_fed(local, f"{s3}/in_place")
    assert not copies_dir().exists()


def test_a_network_is_fed_from_s3(local, s3):
    from keras_twostream import build  # noqa: PLC0415

    cases.upload(local / "set", f"{s3}/fed")
    model = build(
        "sum_softmax",
        num_classes=2,
        backbone="vgg_tiny",
        input_shape=(32, 32),
        flow_frames=2,
    )
    settings = cases.FEEDING | {"image_size": 32}

    def scores(place):
        dataset = clips_dataset(open_prepared(place), **settings)
        return model.predict(dataset, verbose=0)

    found = scores(f"{s3}/fed")
    assert found.shape == (6, 2)
    np.testing.assert_array_equal(found, scores(local / "set"))
    model.compile("sgd", "sparse_categorical_crossentropy")
    dataset = clips_dataset(open_prepared(f"{s3}/fed"), **settings)
    history = model.fit(dataset, shuffle=False, verbose=0).history
    assert np.isfinite(history["loss"]).all()
