"""The ways of making training samples that `data_speed.py` compares.

Each makes the same kind of samples of the same clips: T frames, one drawn
from each of T parts of the clip, the L flow fields around each, one of several
crops, scaled to the network's size, half of them mirrored.
"""

import importlib
import random
from pathlib import Path

import cv2
import numpy as np

from keras_twostream.data import clips_dataset, open_prepared
from keras_twostream.data.augment import PLACES
from keras_twostream.data.crop import CropSpec
from keras_twostream.flow import FlowSpec, estimators
from keras_twostream.video import open_video, resize_short_side

FRAMES, FIELDS, SIZE = 5, 10, 224
CROP, FLOW = CropSpec(), FlowSpec()
# What is skipped before time is taken.
WARM = 8


def shards(plan):
    """Ours: a prepared set, native TensorFlow operations."""
    dataset = clips_dataset(
        open_prepared(plan["prepared"]),
        batch_size=None,
        shuffle=True,
        seed=0,
        repeat=True,
        verbose=False,
        image_size=SIZE,
        frames=FRAMES,
        flow_frames=FIELDS,
        augment=True,
    )
    return iter(dataset)


def videos(plan):
    """Ours without preparing: frames decoded and flow computed as needed."""
    estimate = estimators.get(FLOW.algorithm)
    for clip, centers, window in _drawn(plan):
        fields = _fields(centers, clip["frames"])
        needed = np.unique([*centers, *fields.ravel(), *(fields.ravel() + 1)])
        with open_video(clip["path"]) as video:
            taken = video.get(needed)
        frames = {
            number: resize_short_side(frame, FLOW.short_side)
            for number, frame in zip(needed, taken, strict=True)
        }
        gray = {n: estimators.to_gray(frame) for n, frame in frames.items()}
        flow = {k: estimate(gray[k], gray[k + 1]) for k in np.unique(fields)}
        yield _sample(
            [frames[t] for t in centers],
            [[flow[k] for k in row] for row in fields],
            window,
        )


def torch_images(plan):
    """The usual: PyTorch's DataLoader over a JPEG per frame, u and v."""
    torch = importlib.import_module("torch.utils.data")

    class Samples(torch.IterableDataset):
        def __iter__(self):
            for clip, centers, window in _drawn(plan):
                yield _from_images(clip, centers, window)

    return iter(torch.DataLoader(Samples(), batch_size=None))


def bare_decode(plan):
    """The bare library: the images of our samples, decoded whole."""
    records = {clip["path"]: _images_of(clip) for clip in plan["clips"]}
    for clip, centers, _ in _drawn(plan):
        frames, flow = records[clip["path"]]
        for center in centers:
            _imdecode(frames[center], cv2.IMREAD_COLOR)
        for field in _fields(centers, clip["frames"]).ravel():
            _imdecode(flow[field], cv2.IMREAD_GRAYSCALE)
        yield centers


def _images_of(clip):
    """Returns the encoded frames and fields of a prepared clip."""
    tf = importlib.import_module("tensorflow")
    with Path(clip["shard"]).open("rb") as file:
        file.seek(clip["offset"])
        example = tf.train.Example.FromString(file.read(clip["length"]))
    features = example.features.feature
    return [list(features[x].bytes_list.value) for x in ("frames", "flow")]


RIVALS = {
    "shards": shards,
    "videos": videos,
    "pytorch, JPEG files": torch_images,
    "libjpeg alone": bare_decode,
}


def _drawn(plan):
    """Yields clip, centres and (crop as shares of the frame, mirrored)."""
    draw = random.Random(0)
    pairs = [
        (high, wide)
        for row, high in enumerate(CROP.scales)
        for column, wide in enumerate(CROP.scales)
        if abs(row - column) <= CROP.scale_steps
    ]
    while True:
        for clip in draw.sample(plan["clips"], len(plan["clips"])):
            first, count = FIELDS // 2, clip["frames"] - FIELDS
            parts = [(n + draw.random()) / FRAMES for n in range(FRAMES)]
            centers = [first + int(part * count) for part in parts]
            crop = draw.choice(pairs), draw.choice(PLACES)
            yield clip, centers, (crop, draw.random() < 0.5)


def _fields(centers, frames):
    """Returns `(T, L)`: the fields around each centre."""
    offsets = np.arange(FIELDS) - FIELDS // 2
    return np.clip(np.array(centers)[:, None] + offsets, 0, frames - 2)


def _from_images(clip, centers, window):
    folder = clip["images"]

    def read(name, number, mode):
        return cv2.imread(f"{folder}/{name}_{number:05}.jpg", mode)

    rows = _fields(centers, clip["frames"])
    frames = [
        cv2.cvtColor(read("img", t, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        for t in centers
    ]
    gray = cv2.IMREAD_GRAYSCALE
    flow = [
        [
            (np.dstack([read(f"flow_{x}", k, gray) for x in "xy"]) - 128.0)
            * (FLOW.bound / 127)
            for k in row
        ]
        for row in rows
    ]
    return _sample(frames, flow, window)


def _sample(frames, flow, window):
    """Returns `(T, H, W, 3)` and `(T, H, W, 2L)` of one crop."""
    (shares, place), mirrored = window
    height, width = frames[0].shape[:2]
    side = min(height, width)
    size = [round(side * share) for share in shares]
    top, left = (
        round((whole - part) * where)
        for whole, part, where in zip((height, width), size, place, strict=True)
    )
    cut = np.s_[top : top + size[0], left : left + size[1]]
    rgb = np.stack([_scaled(frame[cut]) for frame in frames])
    fields = [[_scaled(field[cut]) for field in row] for row in flow]
    stacks = np.stack([np.concatenate(row, -1) for row in fields])
    stacks[..., 0::2] *= SIZE / size[1]
    stacks[..., 1::2] *= SIZE / size[0]
    if mirrored:
        rgb, stacks = rgb[:, :, ::-1], stacks[:, :, ::-1].copy()
        stacks[..., 0::2] *= -1
    return {
        "rgb": np.ascontiguousarray(rgb, "float32"),
        "flow": np.ascontiguousarray(stacks, "float32"),
    }


def _scaled(image):
    return cv2.resize(image.astype("float32"), (SIZE, SIZE))


def _imdecode(blob, mode):
    return cv2.imdecode(np.frombuffer(blob, "uint8"), mode)
