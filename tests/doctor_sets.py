"""Sets of clips for tests, healthy or with one disease each."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
from clips import encode, moving_frames, rotate, write_audio

from keras_twostream.flow.codec import quantize
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.flow.storage import encode_image, store_field
from keras_twostream.preparation.example import encode_example
from keras_twostream.preparation.manifest import NAME, Manifest, PreparedClip
from keras_twostream.preparation.shards import write_shard
from keras_twostream.video import read_video, write_video

SIZE, FRAMES = 96, 14
CLIPS = 3


def moving_square(seed, motion=(2, 1)):
    """Returns frames of a textured square before a wall, and their flow."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, (2, SIZE, SIZE, 3), np.uint8)
    wall, square = (cv2.GaussianBlur(x, (0, 0), 1.5) for x in noise)
    u, v = motion
    left, top = rng.integers(20, 28, 2).tolist()
    frames, flow = [], np.zeros((FRAMES - 1, SIZE, SIZE, 2), np.float32)
    for number in range(FRAMES):
        frame = wall.copy()
        y, x = top + v * number, left + u * number
        inside = slice(y, y + 32), slice(x, x + 32)
        frame[inside] = cv2.addWeighted(
            square[:32, :32], 1, wall[:32, :32], 0, 9
        )
        frames.append(frame)
        if number < FRAMES - 1:
            flow[number][inside] = motion
    return np.stack(frames), flow


def write_prepared(folder, *, spec=None, told=None, change=None, drop=0):
    """Writes a prepared set.

    Args:
        folder: Where to; made.
        spec: How flow is stored.
        told: How the manifest says that it is stored, if otherwise.
        change: Function of the true flow -> the flow that is stored.
        drop: Fields that are missing at the end of each clip.
    """
    spec = spec or FlowSpec(short_side=None)
    (folder / "shards").mkdir(parents=True)
    records = [
        _record(moving_square(seed), spec, change, drop)
        for seed in range(CLIPS)
    ]
    places = write_shard(folder / "shards" / "00000.tfrecord", records)
    clips = [
        PreparedClip(
            path=f"move/clip_{number}.avi",
            label=0,
            group=None,
            split=None,
            frames=FRAMES,
            height=SIZE,
            width=SIZE,
            fps=25.0,
            sha256=f"{number:064x}",
            shard="shards/00000.tfrecord",
            offset=offset,
            length=length,
        )
        for number, (offset, length) in enumerate(places)
    ]
    write_manifest(folder, told or spec, clips)
    return folder


def write_manifest(folder, spec, clips, quarantined=()):
    found = Manifest(
        class_names=("move",),
        flow=spec,
        clips=tuple(clips),
        quarantined=tuple(quarantined),
    )
    (folder / NAME).write_text(json.dumps(found.to_dict()))


def _record(clip, spec, change, drop):
    frames, flow = clip
    stored = flow if change is None else change(flow)
    fields = [store_field(each, spec) for each in stored]
    meta = {"frames": len(frames), "fps": 25.0, "flow": spec.to_dict()}
    features = {
        "meta": [json.dumps(meta).encode()],
        "frames": [encode_image(each[..., ::-1], "jpeg95") for each in frames],
        "flow": fields[: len(fields) - drop],
        "motion": [b""] * len(fields),
    }
    return encode_example(features)


def write_images(root, together, change=None):
    """Writes extracted frames and flow, in one folder for each clip or not."""
    spec = FlowSpec(quantization="offset", short_side=None)
    for seed in range(CLIPS):
        frames, flow = moving_square(seed)
        stored = quantize(flow if change is None else change(flow), spec)
        name = f"v_Move_g{seed + 1:02d}_c01"
        streams = {
            "rgb": (f"move/{name}/img_", f"jpegs_256/{name}/frame"),
            "u": (f"move/{name}/flow_x_", f"tvl1_flow/u/{name}/frame"),
            "v": (f"move/{name}/flow_y_", f"tvl1_flow/v/{name}/frame"),
        }
        images = {
            "rgb": frames[..., ::-1],
            "u": stored[..., 0],
            "v": stored[..., 1],
        }
        for key, (one, many) in streams.items():
            start = root / (one if together else many)
            start.parent.mkdir(parents=True, exist_ok=True)
            for number, image in enumerate(images[key], 1):
                path = start.with_name(f"{start.name}{number:05d}.jpg")
                path.write_bytes(encode_image(image, "jpeg95"))
    return root


# What is done to a healthy folder of classes. Each takes the folder.


def _any(folder, suffix=".mp4"):
    return sorted(folder.rglob(f"*{suffix}"))[0]


def _zero(folder):
    _any(folder).write_bytes(b"")


def _noise(folder):
    _any(folder).write_bytes(bytes(range(256)) * 40)


def _sound(folder):
    write_audio(_any(folder))


def _stating(count):
    """Lets the header of an AVI file state another number of frames."""

    def write(folder):
        path = _any(folder, ".avi")
        data = bytearray(path.read_bytes())
        # The stream's header: its name, a length, 32 bytes, the count.
        start = data.index(b"strh") + 8 + 32
        data[start : start + 4] = count.to_bytes(4, "little")
        path.write_bytes(data)

    return write


def _rename(folder):
    path = _any(folder, ".avi")
    path.rename(path.with_name("renamed.mp4"))


def _jitter(folder):
    steps = np.cumsum([4, 4, 4, 14] * 4).tolist()
    options = {"bf": "0"}
    encode(
        _any(folder),
        moving_frames(16, 64, 64),
        "libx264",
        "yuv420p",
        times=[0, *steps[:-1]],
        options=options,
    )


def _turn(folder):
    path = _any(folder)
    write_video(path, moving_frames(16, 64, 64))
    rotate(path, 90)


def _written(count=16, height=64, width=64, fps=25):
    def write(folder):
        write_video(_any(folder), moving_frames(count, height, width), fps)

    return write


def _note(folder):
    _any(folder).with_name("notes.txt").write_text("Filmed in May.\n")


def _empty_class(folder):
    (folder / "zebra").mkdir()


def _tiny_class(folder):
    (folder / "zebra").mkdir()
    write_video(folder / "zebra" / "one.mp4", moving_frames(16, 64, 64))


def _twice(folder):
    path = _any(folder)
    shutil.copy(path, path.with_name("copy.mp4"))


def _two_classes(folder):
    path = _any(folder)
    others = [x for x in sorted(folder.iterdir()) if x.is_dir()]
    shutil.copy(path, others[-1] / "copy.mp4")


def _alike(folder):
    """Writes a clip into another class in another encoding, and brighter."""
    frames = read_video(_any(folder))
    brighter = cv2.convertScaleAbs(frames.reshape(64, -1), alpha=1.1, beta=9)
    others = [x for x in sorted(folder.iterdir()) if x.is_dir()]
    write_video(others[-1] / "alike.avi", brighter.reshape(frames.shape))


# Disease -> what it does, the findings that it makes, words of the first fix.
DISEASES = {
    "zero bytes": (_zero, {"empty"}, "-size 0 -delete"),
    "noise": (_noise, {"unreadable"}, "ffmpeg -err_detect ignore_err"),
    "sound": (_sound, {"no_video"}, "rm "),
    "cut off": (_stating(40), {"truncated"}, "ffmpeg -i"),
    "header lies": (_stating(12), {"frame_count"}, "ffmpeg -i"),
    "suffix lies": (_rename, {"wrong_extension"}, "renamed.avi"),
    "uneven times": (_jitter, {"variable_rate", "mixed_fps"}, "fps="),
    "rotated": (_turn, {"rotated"}, "ffmpeg -i"),
    "short": (_written(count=6), {"too_short"}, "--flow-frames 5"),
    "long": (_written(fps=0.1), {"too_long", "mixed_fps"}, "--fps 0.1"),
    "other rate": (_written(fps=50), {"mixed_fps"}, "--fps 25"),
    "other shape": (_written(width=96), {"mixed_aspect"}, "--no-keep-aspect"),
    "other size": (_written(16, 96, 96), {"mixed_sizes"}, "prepare"),
    "no clip": (_note, {"passed_over"}, "move them out"),
    "empty class": (_empty_class, {"empty_class"}, "-empty -delete"),
    "tiny class": (_tiny_class, {"tiny_class"}, "merge"),
    "twice": (_twice, {"duplicate"}, "rm "),
    "in two classes": (_two_classes, {"duplicate_classes"}, "rm "),
    "alike in two classes": (_alike, {"duplicate_classes"}, "rm "),
}


def infect(healthy: Path, folder: Path, disease: str) -> Path:
    """Copies a healthy set and gives it a disease."""
    shutil.copytree(healthy, folder)
    DISEASES[disease][0](folder)
    return folder
