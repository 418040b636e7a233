"""A process of a search: `python -m keras_twostream.search.worker FOLDER PID`.

KerasTuner's environment variables say whether it is the chief or a worker, and
where the chief is. It ends with the process that began it, `PID`.
"""

import os
import sys
import threading
import time
from pathlib import Path

from keras_twostream.search.running import run
from keras_twostream.search.setting import Setting

# Seconds between two looks at whether the one that watches is still there.
PAUSE = 2.0


def main(folder: str, parent: str) -> int:
    """Does the jobs of a search that are for this process.

    Args:
        folder: Folder of the search.
        parent: Number of the process that began this one.

    Returns:
        The exit status.
    """
    threading.Thread(target=_end_with, args=(int(parent),), daemon=True).start()
    run(Setting.open(Path(folder)))
    return 0


def _end_with(parent):
    """Ends this process once its parent is gone, however that ended."""
    while os.getppid() == parent:
        time.sleep(PAUSE)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
