"""What forms of storing flow cost: bytes, time to decode, errors.

Flow of real clips (UT-Interaction, as large as `FlowSpec()` stores it) is
stored in every form of `encoding_forms.py`. A sample reads a stack of ten
fields, of which a window of 224 x 224 is wanted; what TensorFlow cannot read
is read by PyAV instead. What the errors cost a network, `encoding_accuracy.py`
says.

Run it: python benchmarks/flow_encodings.py [--data DATA] [--output FILE]
"""

import argparse
import functools
import json
import os
import time
from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf
from encoding_forms import FORMS

from keras_twostream.cli.output import print_table
from keras_twostream.data import list_clips
from keras_twostream.flow import FlowSpec, dequantize, estimators, quantize
from keras_twostream.flow.bounds import Magnitudes
from keras_twostream.flow.storage import enlarged, shrunk
from keras_twostream.preparation.fields import frames_and_flow, frames_of
from keras_twostream.video import open_video

DATA = "KERAS_TWOSTREAM_TEST_DATA"
CLIPS = "clips/ut_interaction"
# Every so many clips, and the fields of each.
EVERY, FIELDS = 6, 30
STACK, CROP = 10, 224
RATE = 25  # fields a second, for bytes per hour
FIRST = "jpeg95"  # what others are compared with
COLUMNS = (
    *("stored as", "bytes a field", "an hour", "RMSE px", "99.9 % px"),
    *("encode ms", "decode ms a stack"),
)


def fields_of(data, every, count, spec):
    """Returns fields of some clips, each `float32 (N, H, W, 2)`."""
    flow_of = estimators.get(spec.algorithm)
    found = []
    for path in list_clips(Path(data) / CLIPS).paths[::every]:
        with open_video(path) as video:
            frames = frames_of(video, spec)
            steps = frames_and_flow(frames, spec, flow_of)
            flows = [x for _, x in steps if x is not None]
        # Whole stacks, from the middle.
        start = max(0, (len(flows) - count) // 2)
        flows = flows[start : start + count]
        found.append(np.stack(flows[: len(flows) // STACK * STACK]))
    return found


def measure(clips, rounds):
    """Stores clips in every form, and reads them back.

    Args:
        clips: Of `fields_of`.
        rounds: How often all forms are timed, one after the other.

    Returns:
        Dict of form -> dict of `bytes` per field, `gigabytes_per_hour` of
        flow at 25 fields a second, `encode_ms` per field, `rmse` and `p999`
        in pixels, and `decode_ms` per stack in each round.
    """
    spec = FlowSpec()
    rows, readers = {}, {}
    for name, form in FORMS.items():
        began = time.process_time()
        stored = [form.store(_quantised(x, form, spec)) for x in clips]
        spent = time.process_time() - began
        fields = sum(map(len, clips))
        size = sum(len(blob) for blobs in stored for blob in blobs)
        rows[name] = {
            "bytes": size / fields,
            "gigabytes_per_hour": size / fields * RATE * 3600 / 1e9,
            "encode_ms": 1000 * spent / fields,
            **_errors(clips, stored, form, spec),
            "decode_ms": [],
        }
        readers[name] = _reader(stored, clips, form)
    for _ in range(rounds):
        for name, read in readers.items():
            rows[name]["decode_ms"].append(read())
    return rows


def _quantised(flows, form, spec):
    small = [shrunk(x, form.shrink, spec.bound) for x in flows]
    return np.stack([quantize(x, spec) for x in small])


def _errors(clips, stored, form, spec):
    squares, count, errors = 0.0, 0, Magnitudes(1 / 512, 512.0)
    for flows, blobs in zip(clips, stored, strict=True):
        height, width = flows.shape[1:3]
        levels = _read_whole(blobs, form, height, width)
        for flow, field in zip(flows, levels, strict=True):
            back = enlarged(dequantize(field, spec), form.shrink)
            error = back[:height, :width] - np.clip(flow, -20, 20)
            squares += float(np.square(error, dtype="float64").sum())
            count += error.size
            errors.add(error)
    return {"rmse": (squares / count) ** 0.5, "p999": errors.percentile(99.9)}


def _read_whole(blobs, form, height, width):
    if not form.native:
        return form.read(blobs)
    high, wide = -(-height // form.shrink), -(-width // form.shrink)
    window = (0, 0, high, wide)
    return form.read(tf.constant(blobs), high, wide, window).numpy()


def _reader(stored, clips, form):
    """Returns a function that reads stacks and returns milliseconds each."""
    jobs = []
    for flows, blobs in zip(clips, stored, strict=True):
        if form.native:
            jobs += _native_jobs(blobs, flows.shape[1:3], form)
        else:  # all of a clip in a row: a stack alone would cost more
            jobs.append((len(flows) / STACK, lambda b=blobs: form.read(b)))
    for _, read in jobs:  # traces what is to be traced
        read()
    stacks = sum(count for count, _ in jobs)

    def run():
        began = time.process_time()
        for _, read in jobs:
            read()
        return 1000 * (time.process_time() - began) / stacks

    return run


def _native_jobs(blobs, size, form):
    """Returns `(stacks, function)` for the stacks of a clip."""
    high, wide = (-(-side // form.shrink) for side in size)
    side = CROP // form.shrink
    window = (max(0, (high - side) // 2), max(0, (wide - side) // 2))
    window = (*window, min(side, high), min(side, wide))
    images = STACK // form.fields
    read = tf.function(lambda some: form.read(some, high, wide, window))
    parts = [blobs[k : k + images] for k in range(0, len(blobs), images)]
    # A stack that may begin anywhere ends in a further image, mostly.
    more = 1 + (form.fields - 1) / STACK
    return [(1 / more, functools.partial(read, tf.constant(x))) for x in parts]


def print_report(rows):
    """Prints a line for each form."""
    first = np.array(rows[FIRST]["decode_ms"])
    lines = []
    for name, row in rows.items():
        ratios = first / np.array(row["decode_ms"])
        lines.append(
            (
                name,
                f"{row['bytes']:,.0f}",
                f"{row['gigabytes_per_hour']:.3f} GB",
                f"{row['rmse']:.3f}",
                f"{row['p999']:.2f}",
                f"{row['encode_ms']:.2f}",
                f"{np.median(row['decode_ms']):.2f}",
                f"{np.median(ratios):.2f} ({min(ratios):.2f} to "
                f"{max(ratios):.2f})",
            )
        )
    print_table((*COLUMNS, f"times as fast as {FIRST}"), lines, width=140)


def main(data, output, rounds):
    """Measures, prints the tables and writes the JSON file."""
    if not data:
        raise SystemExit(f"Say where {CLIPS} is, by --data or ${DATA}.")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    cv2.setNumThreads(1)
    tf.get_logger().setLevel("ERROR")  # of functions traced for every clip
    found = {
        "forms": measure(fields_of(data, EVERY, FIELDS, FlowSpec()), rounds)
    }
    print_report(found["forms"])
    if output:
        text = json.dumps(found, indent=2)
        Path(output).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", default=os.environ.get(DATA))
    parser.add_argument("--output", help="JSON file for the figures")
    parser.add_argument("--rounds", type=int, default=5)
    main(**vars(parser.parse_args()))
