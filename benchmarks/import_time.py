"""Times `import keras_twostream` beside `import keras`, in turns.

Run it: python benchmarks/import_time.py
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

STATEMENTS = {
    "keras": "import keras",
    "keras_twostream": "import keras_twostream",
    "both": "import keras_twostream, keras",
}


def main(rounds, output):
    """Times each statement in a fresh process, `rounds` times."""
    seconds = {name: [] for name in STATEMENTS}
    for _ in range(rounds):
        for name, code in STATEMENTS.items():
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, "-c", code], check=True, capture_output=True
            )
            seconds[name].append(time.perf_counter() - start)
    for name, times in seconds.items():
        ratios = [a / b for a, b in zip(times, seconds["keras"], strict=True)]
        print(
            f"{STATEMENTS[name]:32s} {statistics.median(times):6.2f} s, "
            f"{statistics.median(ratios):.3f} times `import keras` "
            f"({min(ratios):.3f} to {max(ratios):.3f})"
        )
    if output:
        Path(output).write_text(json.dumps(seconds, indent=2) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--output", help="JSON file to write")
    main(**vars(parser.parse_args()))
