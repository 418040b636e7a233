"""A process on one core that makes samples, as many as each line asks for.

Used by `data_speed.py`.
"""

import importlib
import itertools
import json
import os
import sys
import time
from pathlib import Path


def main(rival, plan):
    """Sets a rival up, then answers each number with the seconds it took.

    Args:
        rival: Name of the rival.
        plan: JSON file that says which clips there are.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    # Thread pools are made as large as the cores that they find.
    importlib.import_module("cv2").setNumThreads(1)
    rivals = importlib.import_module("data_rivals")
    clips = json.loads(Path(plan).read_text(encoding="utf-8"))
    samples = rivals.RIVALS[rival](clips)
    for _ in itertools.islice(samples, rivals.WARM):
        pass
    answers = os.fdopen(os.dup(1), "w")
    print(json.dumps("ready"), file=answers, flush=True)
    before = time.process_time()
    for line in sys.stdin:
        for _ in itertools.islice(samples, int(line)):
            pass
        # With what is made ahead, which is as much in every round.
        after = time.process_time()
        told = {"cpu": after - before, "resident": resident()}
        print(json.dumps(told), file=answers, flush=True)
        before = after


def resident():
    """Returns the bytes that this process holds in memory, where known."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
        return int(pages[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None


if __name__ == "__main__":
    main(*sys.argv[1:])
