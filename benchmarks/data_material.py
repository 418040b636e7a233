"""Extraction of clips, timed, and the material that `data_speed.py` samples."""

import time

import cv2

from keras_twostream.data import prepare
from keras_twostream.flow import FlowSpec, estimators, quantize
from keras_twostream.video import open_video, resize_short_side

QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 95]
FLOW = FlowSpec()
ALONE = "decode + DIS alone"


def extraction(clips, folder, rounds, flow):
    """Returns way -> seconds of each round, the ways taking turns."""
    ways = {
        ALONE: lambda _: _alone(clips.paths),
        "prepare, 1 worker": lambda out: _prepared(clips, out, 1, flow),
        "prepare, 2 workers": lambda out: _prepared(clips, out, 2, flow),
    }
    seconds = {name: [] for name in ways}
    for turn in range(rounds):
        for number, (name, way) in enumerate(ways.items()):
            start = time.perf_counter()
            way(folder / f"set_{turn}_{number}")
            seconds[name].append(time.perf_counter() - start)
    return seconds


def _alone(paths):
    cv2.setNumThreads(1)
    estimate = estimators.get(FLOW.algorithm)
    for path in paths:
        previous = None
        with open_video(path) as video:
            for frame in video:
                small = resize_short_side(frame, FLOW.short_side)
                gray = estimators.to_gray(small)
                if previous is not None:
                    estimate(previous, gray)
                previous = gray


def _prepared(clips, folder, workers, flow):
    return prepare(clips, folder, flow, workers=workers, verbose=False)


def plan_of(clips, folder, flow):
    """Prepares the clips, writes them as images, and says where all is."""
    prepared = _prepared(clips, folder / "prepared", None, flow)
    rows = []
    for number, clip in enumerate(prepared.manifest.clips):
        images = folder / "images" / f"{number:05}"
        images.mkdir(parents=True)
        _write_images(clip.path, images)
        rows.append(
            {
                "path": clip.path,
                "frames": clip.frames,
                "images": str(images),
                "shard": str(prepared.folder / clip.shard),
                "offset": clip.offset,
                "length": clip.length,
            }
        )
    return prepared, {"prepared": str(prepared.folder), "clips": rows}


def _write_images(path, folder):
    estimate = estimators.get(FLOW.algorithm)
    previous = None
    with open_video(path) as video:
        for number, source in enumerate(video):
            frame = resize_short_side(source, FLOW.short_side)
            gray = estimators.to_gray(frame)
            image = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
            cv2.imwrite(f"{folder}/img_{number:05}.jpg", image, QUALITY)
            if previous is not None:
                stored = quantize(estimate(previous, gray), FLOW)
                for axis, name in enumerate("xy"):
                    file = f"{folder}/flow_{name}_{number - 1:05}.jpg"
                    cv2.imwrite(file, stored[..., axis], QUALITY)
            previous = gray
