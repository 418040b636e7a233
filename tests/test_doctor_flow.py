"""What is wrong with stored flow is found by the frames that it is of."""

import json

import cv2
import numpy as np
import pytest
from doctor_sets import (
    CLIPS,
    moving_square,
    write_images,
    write_manifest,
    write_prepared,
)

from keras_twostream.doctor import examine, photometry
from keras_twostream.doctor.messages import read_example
from keras_twostream.flow.codec import dequantize
from keras_twostream.flow.estimators import to_gray
from keras_twostream.flow.io import read_flo
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation.manifest import NAME, read_manifest
from keras_twostream.video import read_video

FULL = FlowSpec(short_side=None)
LIMITED = FlowSpec(short_side=None, codec_range="limited")

# Disease -> how the set is written, what is found, words of the fix.
DISEASES = {
    "swapped": (
        {"change": lambda flow: flow[..., ::-1]},
        "flow_swapped",
        "Exchange",
    ),
    "negated": ({"change": lambda flow: -flow}, "flow_sign", "256 - byte"),
    "u negated": ({"change": lambda f: f * [-1, 1]}, "flow_sign", "Negate"),
    "dead": ({"change": lambda flow: 0 * flow}, "flow_dead", "prepare"),
    "saturated": (
        {"spec": FlowSpec(short_side=None, bound=1.5)},
        "flow_saturated",
        "--bound 3",
    ),
    "limited": (
        {"spec": LIMITED, "told": FULL},
        "flow_range",
        "-color_range pc",
    ),
    "offset": (
        {"change": lambda flow: flow + 2 * (flow == 0)},
        "flow_range",
        "quantization",
    ),
    "a field missing": ({"drop": 1}, "flow_length", "prepare"),
}


def found(folder, **settings):
    report = examine(folder, workers=1, verbose=False, **settings)
    # Three clips are few, and so they shall be said to be.
    return [each for each in report.findings if each.id != "tiny_class"]


@pytest.mark.parametrize(
    "spec",
    [FULL, LIMITED, FlowSpec(short_side=None, shrink=2, encoding="png")],
    ids=["full", "limited", "half size"],
)
def test_a_healthy_prepared_set_is_silent(tmp_path, spec):
    folder = write_prepared(tmp_path / "set", spec=spec)
    assert found(folder) == []
    assert found(folder, quick=True) == []


@pytest.mark.parametrize("disease", DISEASES)
def test_every_disease_of_flow_is_found(tmp_path, disease):
    how, kind, words = DISEASES[disease]
    (finding,) = found(write_prepared(tmp_path / "set", **how))
    assert finding.id == kind
    assert len(finding.files) == CLIPS
    assert words in finding.fix


def test_flow_without_the_motion_of_the_camera_is_not_judged(tmp_path):
    told = FlowSpec(short_side=None, camera="mean")
    swapped = {"change": lambda flow: flow[..., ::-1], "told": told}
    assert found(write_prepared(tmp_path / "set", **swapped)) == []


def test_damaged_records_and_quarantined_clips(tmp_path):
    folder = write_prepared(tmp_path / "set")
    listed = read_manifest(folder)
    shard = folder / "shards" / "00000.tfrecord"
    data = bytearray(shard.read_bytes())
    middle = listed.clips[1].offset + listed.clips[1].length // 2
    data[middle : middle + 3000] = bytes(3000)
    shard.write_bytes(data)
    write_manifest(folder, listed.flow, listed.clips, [("bad.avi", "empty")])
    first, second = found(folder)
    assert (first.id, first.files) == ("unreadable", ("move/clip_1.avi",))
    assert (second.id, second.notes) == ("quarantined", ("empty",))
    assert f"prepare SRC {folder}" in second.fix


def test_a_shard_that_is_cut_off(tmp_path):
    folder = write_prepared(tmp_path / "set")
    shard = folder / "shards" / "00000.tfrecord"
    shard.write_bytes(shard.read_bytes()[:-100])
    (finding,) = found(folder)
    assert finding.id == "unreadable"
    assert finding.notes == ("its shard ends before its record does",)


def test_a_manifest_of_a_later_version_is_refused(tmp_path):
    folder = write_prepared(tmp_path / "set")
    told = json.loads((folder / NAME).read_text()) | {"version": 99}
    (folder / NAME).write_text(json.dumps(told))
    with pytest.raises(ValueError, match="99"):
        examine(folder)


@pytest.mark.parametrize("together", [True, False], ids=["denseflow", "apart"])
def test_extracted_images(tmp_path, together):
    good = write_images(tmp_path / "good", together)
    report = examine(good, workers=1, verbose=False)
    assert {each.id for each in report.findings} <= {"tiny_class"}
    assert (report.kind, report.clips) == ("images", CLIPS)
    assert report.summary["groups"] == str(CLIPS)
    bad = write_images(tmp_path / "bad", together, lambda f: f[..., ::-1])
    (finding,) = found(bad)
    assert finding.id == "flow_swapped"


IMAGES = {
    "gap": ("rgb", "unlink", "numbering"),
    "empty": ("u", "empty", "unreadable"),
    "cut": ("v", "cut", "unreadable"),
    "fewer": ("u and v", "last", "flow_length"),
}


@pytest.mark.parametrize("case", IMAGES)
def test_damaged_images(tmp_path, case):
    streams, what, kind = IMAGES[case]
    write_images(tmp_path, together=False)
    folders = {"rgb": "jpegs_256", "u": "tvl1_flow/u", "v": "tvl1_flow/v"}
    for stream in streams.split(" and "):
        clip = sorted((tmp_path / folders[stream]).iterdir())[0]
        files = sorted(clip.iterdir())
        if what == "unlink":
            files[5].unlink()
        elif what == "last":
            files[-1].unlink()
            files[-2].unlink()
        else:
            keep = 0 if what == "empty" else files[3].stat().st_size // 2
            files[3].write_bytes(files[3].read_bytes()[:keep])
    findings = found(tmp_path)
    assert findings[0].id == kind
    assert len(findings[0].files) == 1


FORMS = {
    "as stored": lambda flow: flow,
    "swapped": lambda flow: flow[..., ::-1],
    "u and v negated": lambda flow: -flow,
    "v negated": lambda flow: flow * [1, -1],
}


@pytest.mark.parametrize("form", FORMS)
def test_the_verdict_on_known_motion(form):
    frames, flow = moving_square(7, motion=(2, 1))
    gray = [cv2.cvtColor(x, cv2.COLOR_RGB2GRAY) for x in frames[:2]]
    stored = np.float32(FORMS[form](flow[0]))
    assert photometry.verdict(*photometry.errors(*gray, stored)) == form


@pytest.mark.parametrize("form", FORMS)
def test_the_verdict_on_ground_truth(test_data, form):
    folder = test_data / "flow" / "middlebury_RubberWhale"
    gray = [
        cv2.imread(str(folder / f"frame{n}.png"), cv2.IMREAD_GRAYSCALE)
        for n in (10, 11)
    ]
    flow = np.float32(FORMS[form](read_flo(folder / "flow10.flo")))
    assert photometry.verdict(*photometry.errors(*gray, flow)) == form


def test_the_verdict_on_flow_of_others(test_data):
    """TV-L1 of another tool, u and v in one image, of every second frame."""
    folder = test_data / "flow" / "tvl1"
    frames = read_video(next(folder.glob("*.avi")))[:50:2]
    spec = FlowSpec(quantization="offset")
    sums, pixels = [0, 0], [0, 0]
    for k in range(0, 24, 4):
        image = cv2.imread(str(folder / "flow" / f"frame{k + 1:06d}.jpg"))
        size = image.shape[1::-1]
        gray = [to_gray(cv2.resize(x, size)) for x in frames[k : k + 2]]
        # The image's channels are v and u, after one that is empty.
        for way, order in enumerate([[2, 1], [1, 2]]):
            flow = dequantize(np.ascontiguousarray(image[..., order]), spec)
            found = photometry.errors(*gray, flow)
            sums[way], pixels[way] = (
                sums[way] + found[0],
                pixels[way] + found[1],
            )
    assert photometry.verdict(sums[0], pixels[0]) == "as stored"
    assert photometry.verdict(sums[1], pixels[1]) == "swapped"


def test_no_verdict_where_little_moves():
    frames, flow = moving_square(7)
    gray = [cv2.cvtColor(x, cv2.COLOR_RGB2GRAY) for x in frames[:2]]
    slow = np.float32(-0.1 * flow[0])
    assert photometry.verdict(*photometry.errors(*gray, slow)) == "as stored"


def test_messages_are_read_as_tensorflow_writes_them():
    tf = pytest.importorskip("tensorflow")
    values = {"meta": [b"{}"], "frames": [b"a" * 300, b""], "flow": []}
    features = {
        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=value))
        for name, value in values.items()
    }
    message = tf.train.Example(
        features=tf.train.Features(feature=features)
    ).SerializeToString()
    assert read_example(message) == values
    with pytest.raises(ValueError, match="record"):
        read_example(message[:-40])
