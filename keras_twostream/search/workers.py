"""A search by several processes of this machine.

KerasTuner's chief hands out trials to its workers. It waits for ever for one
that died, so here all of them are watched: a worker that dies is begun anew
and gets the same trial again, and with the chief all are begun anew, which
costs only the networks that were being trained.
"""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time

from keras_twostream.search.running import CHIEF, TUNER_ID, WORKING
from keras_twostream.search.setting import Setting

logger = logging.getLogger(__name__)

ADDRESS, IP, PORT = (
    "127.0.0.1",
    "KERASTUNER_ORACLE_IP",
    "KERASTUNER_ORACLE_PORT",
)
# Seconds between two looks, and those in which a process has to end.
PAUSE, PATIENCE = 0.5, 10.0
# Times that a worker may die over the same networks before they are given up.
TRIES = 2
# Times that anything may be begun anew, lest it goes on so for ever.
RESTARTS = 20


def run_workers(setting: Setting, count: int) -> None:
    """Does the jobs of a search by a chief and some workers.

    They speak through a port of this machine alone, by gRPC without
    encryption, as KerasTuner does.

    Args:
        setting: `Setting`.
        count: How many workers.

    Raises:
        RuntimeError: If processes die again and again.
    """
    _Crew(setting, count).run()


class _Crew:
    def __init__(self, setting, count):
        self.setting, self.count = setting, count
        self.names = [f"tuner{i}" for i in range(count)]
        self.processes: dict[str, subprocess.Popen] = {}
        self.deaths: dict[str, int] = {}
        self.restarts = 0

    def run(self):
        try:
            self._start_all()
            while left := self._left():
                time.sleep(PAUSE)
                if self._died(CHIEF):
                    self._told(CHIEF, "all begin anew")
                    self._stop_all()
                    self._start_all()
                    continue
                for name in left:
                    if self._died(name):
                        self._mourn(name)
                        self._start(name)
        finally:
            self._stop_all()

    def _left(self):
        """Returns the workers that have not ended well."""
        return [x for x in self.names if self.processes[x].poll() != 0]

    def _died(self, name) -> bool:
        # A chief that has nothing left to do may end before its workers.
        return self.processes[name].poll() not in (None, 0)

    def _start_all(self):
        self._environment = os.environ | {
            IP: ADDRESS,
            PORT: str(free_port()),
        }
        for name in (CHIEF, *self.names):
            self._start(name)

    def _start(self, name):
        threads = str(max((os.cpu_count() or 1) // self.count, 1))
        more = {TUNER_ID: name}
        if name != CHIEF:
            more |= {
                "TF_NUM_INTRAOP_THREADS": threads,
                "OMP_NUM_THREADS": threads,
            }
        self.processes[name] = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "keras_twostream.search.worker",
                str(self.setting.folder),
                str(os.getpid()),
            ],
            env=self._environment | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            # Ctrl-C is for the one that watches, which then stops the others.
            start_new_session=True,
        )

    def _stop_all(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        ends = time.monotonic() + PATIENCE
        for process in self.processes.values():
            try:
                process.wait(max(ends - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _mourn(self, name):
        """Gives up networks over which workers die again and again."""
        why = _how(self.processes[name].returncode)
        path = self.setting.folder / WORKING / f"{name}.json"
        told = json.loads(path.read_text()) if path.is_file() else None
        if told is None:
            self._told(name, "begun anew")
            return
        text = f"{told['key']} {told['seed']} {told['asks']}"
        self.deaths[text] = self.deaths.get(text, 0) + 1
        if self.deaths[text] < TRIES:
            self._told(name, "begun anew, with the same networks")
            return
        self._told(name, "begun anew; its networks are given up")
        answers = self.setting.judge.answers
        answers.fail(told["key"], told["seed"], f"its process {why}")

    def _told(self, name, what):
        self.restarts += 1
        why = _how(self.processes[name].returncode)
        logger.warning("%s %s: %s", name, why, what)
        if self.restarts > RESTARTS:
            raise RuntimeError(
                f"Processes of the search died {self.restarts} times, the last "
                f"of them {name}, which {why}"
            )


def free_port() -> int:
    """Returns a port of this machine that nobody uses."""
    with socket.socket() as found:
        found.bind((ADDRESS, 0))
        return found.getsockname()[1]


def _how(code) -> str:
    """Returns how a process ended, in words."""
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        hint = ", perhaps for want of memory" if name == "SIGKILL" else ""
        return f"died by {name}{hint}"
    return f"ended with status {code}"
