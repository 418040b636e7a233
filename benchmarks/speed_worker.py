"""A process that runs one rival, a step for each line that it reads.

Its peak memory is that rival's alone. Used by `model_speed.py`.
"""

import importlib
import json
import os
import platform
import re
import resource
import sys
import time
from pathlib import Path

import numpy as np
from speed_rivals import CLASSES, CUBE, NETWORKS

MATMUL = "matmul"
STATUS = Path("/proc/self/status")


def main(name, rival, size, batch_size):
    """Sets the rival up, tells about it, and runs the tasks that it is told.

    Args:
        name: Name of the network.
        rival: Name of the rival.
        size: Height and width of the frames in pixels.
        batch_size: Clips per step.
    """
    say = _speaker()
    rival = NETWORKS[name].rivals[rival]
    shape = NETWORKS[name].shape(size)
    torch = rival.library == "pytorch"
    os.environ["KERAS_BACKEND"] = "torch" if torch else rival.library
    module = importlib.import_module("speed_torch" if torch else "speed_keras")
    memory = {"imported": peak_memory()}
    work, facts = module.steps(name, rival, shape, _batch(shape, batch_size))
    say(facts | memory | {"built": peak_memory()})
    for line in sys.stdin:
        task = line.strip()
        # Made when it is needed, so as not to be part of other tasks' memory.
        step = module.product(CUBE) if task == MATMUL else work[task]
        if task == MATMUL:
            step()
        forget_peak()
        start = time.perf_counter()
        step()
        seconds = time.perf_counter() - start
        say({"seconds": seconds, "peak": peak_memory()})


def _speaker():
    """Returns a function that tells facts, alone on the standard output."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return lambda facts: print(json.dumps(facts), file=answers, flush=True)


def peak_memory():
    """Returns the most memory held since `forget_peak`, in bytes."""
    if STATUS.exists():
        line = re.search(r"VmHWM:\s*(\d+) kB", STATUS.read_text())
        return int(line[1]) * 1024
    unit = 1 if platform.system() == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def forget_peak():
    """Starts the peak anew, where the system can (Linux)."""
    if STATUS.exists():
        STATUS.with_name("clear_refs").write_text("5")


def _batch(shape, batch_size):
    """Returns frames or maps of 0..255, flow of some pixels, and labels."""
    rng = np.random.default_rng(0)
    draw = {
        "rgb": lambda size: rng.uniform(0, 255, size),
        "flow": lambda size: rng.normal(0, 3, size),
    }
    arrays = [
        draw[stream]((batch_size, *sample)).astype("float32")
        for stream, sample in shape.items()
    ]
    return *arrays, rng.integers(0, CLASSES, batch_size).astype("int32")


if __name__ == "__main__":
    try:
        main(**json.loads(sys.argv[1]))
    except Exception as error:
        # In one line, which is what the other process tells.
        sys.exit(" ".join(f"{type(error).__name__}: {error}".split()))
