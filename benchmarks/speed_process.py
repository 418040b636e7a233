"""The processes that `model_speed.py` measures."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

WARM_STEPS = 2
WORKER = Path(__file__).with_name("speed_worker.py")


class Process:
    """A process that runs one rival, to be used in a `with` statement.

    Args:
        name: Name of the network.
        rival: Name of the rival.
        size: Height and width of the frames in pixels.
        batch_size: Clips per step.

    Attributes:
        facts: What the process told of the rival after setting it up.
    """

    def __init__(self, name, rival, size, batch_size):
        task = {
            "name": name,
            "rival": rival,
            "size": size,
            "batch_size": batch_size,
        }
        self._warm = {}
        # Open for as long as the process lives.
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, WORKER, json.dumps(task)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        )

    def __enter__(self):
        try:
            self.facts = self._answer()
        except RuntimeError:
            self.__exit__()
            raise
        return self

    def warm(self, task):
        """Returns what `run` does after some steps, the first ones of a task.

        Later calls repeat the answer, of a time when other tasks had not left
        anything in memory yet.
        """
        if task not in self._warm:
            steps = [self.run(task) for _ in range(WARM_STEPS)]
            self._warm[task] = steps[-1]
        return self._warm[task]

    def run(self, task):
        """Returns the seconds of one step and the peak memory so far.

        Raises:
            RuntimeError: If the process has ended, with its last words.
        """
        self._process.stdin.write(f"{task}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self):
        line = self._process.stdout.readline()
        if line:
            return json.loads(line)
        code = self._process.wait()
        self._errors.seek(0)
        words = self._errors.read().strip().splitlines() or [f"exit {code}"]
        raise RuntimeError(words[-1][:200])

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()
