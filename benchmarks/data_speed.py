"""How fast videos are prepared, and how fast samples come out of that.

Extraction is held beside decoding and DIS alone, on one core and on two. The
pipeline (5 frames, stacks of 10 fields, crops of 224 pixels) is held beside our
own path straight from the videos, PyTorch's DataLoader over one JPEG file for
each frame and flow component, and libjpeg's bare decoding of the same images.
Rivals take turns, each in a process of its own on one core; what is compared is
the processor's time for a sample.

Run it: python benchmarks/data_speed.py [--clips 24] [--output FILE]
"""

import argparse
import contextlib
import dataclasses
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from data_material import ALONE, FLOW, extraction, plan_of

from keras_twostream.cli.output import print_table
from keras_twostream.data import list_clips

WORKER = Path(__file__).with_name("data_worker.py")
RIVALS = ("shards", "videos", "pytorch, JPEG files", "libjpeg alone")
CLIPS, DATA = "clips/ut_interaction", "KERAS_TWOSTREAM_TEST_DATA"


def sampling(plan, rounds, samples):
    """Returns rival -> what each round took, the rivals taking turns."""
    found = {}
    with contextlib.ExitStack() as stack:
        rivals = {}
        for name in RIVALS:
            with contextlib.suppress(RuntimeError):
                rivals[name] = stack.enter_context(Rival(name, plan))
        for _ in range(rounds):
            for name, rival in rivals.items():
                found.setdefault(name, []).append(rival.make(samples))
    return found


class Rival:
    """A process that makes samples, to be used in a `with` statement.

    It stands still while others have their turn: `tf.data` would fill ever
    longer buffers, and that counts.

    Args:
        name: Name of the rival.
        plan: File that says which clips there are.
    """

    def __init__(self, name, plan):
        self._process = subprocess.Popen(
            [sys.executable, WORKER, name, plan],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        )

    def __enter__(self):
        self._answer()
        self._process.send_signal(signal.SIGSTOP)
        return self

    def make(self, samples):
        """Returns the seconds of samples, and the memory held after them."""
        self._process.send_signal(signal.SIGCONT)
        self._process.stdin.write(f"{samples}\n")
        self._process.stdin.flush()
        answer = self._answer()
        self._process.send_signal(signal.SIGSTOP)
        return answer

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("The rival has ended.")
        return json.loads(line)

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGCONT)
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def ratios(reference, rounds):
    """Returns the median, least and greatest ratio over the rounds."""
    each = [a / b for a, b in zip(reference, rounds, strict=True)]
    return statistics.median(each), min(each), max(each)


def print_report(found, samples):
    """Prints a table of extraction and one of the pipeline."""
    times = found["extraction"]
    alone = times[ALONE]
    rows = [
        (name, f"{statistics.median(x):.1f} s", _text(ratios(alone, x)))
        for name, x in times.items()
    ]
    print_table(("extraction", "time", "speed beside decode + DIS"), rows)
    cpu = {k: [x["cpu"] for x in v] for k, v in found["pipeline"].items()}
    rows = [
        (
            name,
            f"{1000 * statistics.median(x) / samples:.1f} ms",
            _text(ratios(x, cpu["shards"])),
        )
        for name, x in cpu.items()
    ]
    print_table(("a sample from", "processor", "shards are faster by"), rows)
    print(f"{found['bytes_per_hour'] / 1e9:.2f} GB for an hour of video")
    if memory := found.get("memory"):
        held = ", ".join(f"{x / 2**20:.0f}" for x in memory)
        print(f"MiB held after each {found['memory_every']} clips: {held}")


def _text(ratio):
    return "{:.2f} ({:.2f} to {:.2f})".format(*ratio)


def memory(plan, clips, every):
    """Returns the bytes that reading shards holds after every so many."""
    with Rival("shards", plan) as rival:
        return [rival.make(every)["resident"] for _ in range(clips // every)]


def main(data, clips, rounds, samples, long_run, shrink, output):
    """Measures, prints the tables and writes the JSON file."""
    flow = dataclasses.replace(FLOW, shrink=shrink)
    listed = list_clips(Path(data) / CLIPS)
    chosen = np.linspace(0, len(listed) - 1, min(clips, len(listed)))
    chosen = listed.take([int(index) for index in chosen])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepared, plan = plan_of(chosen, folder, flow)
        file = folder / "plan.json"
        file.write_text(json.dumps(plan), encoding="utf-8")
        found = {
            "clips": len(chosen),
            "flow": flow.to_dict(),
            "extraction": extraction(chosen, folder, rounds, flow),
            "pipeline": sampling(file, rounds, samples),
            "bytes_per_hour": prepared.figures()["bytes_per_hour"],
            "memory_every": max(1, long_run // 8),
        }
        if long_run:
            found["memory"] = memory(file, long_run, found["memory_every"])
    print_report(found, samples)
    if output:
        text = json.dumps(found, indent=2)
        Path(output).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", default=os.environ.get(DATA))
    parser.add_argument("--clips", type=int, default=24, help="to prepare")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--samples", type=int, default=24, help="of each rival in a round"
    )
    parser.add_argument(
        "--long-run", type=int, default=0, help="samples to watch memory over"
    )
    told = "how many times smaller flow is stored than frames"
    parser.add_argument("--shrink", type=int, default=FLOW.shrink, help=told)
    parser.add_argument("--output", help="JSON file for the figures")
    main(**vars(parser.parse_args()))
