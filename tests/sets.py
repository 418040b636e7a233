"""Small prepared sets for tests, and what they are made of."""

import clips

from keras_twostream.data import Clips
from keras_twostream.flow import FlowSpec
from keras_twostream.video import write_video

SPEC = FlowSpec(short_side=32, bound=8)


def write_source(folder, classes="ab", count=3, frames=5):
    """Writes a folder of classes with short videos, all different.

    Returns:
        The folder.
    """
    for number, name in enumerate(classes):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            video = clips.moving_frames(frames, 40, 48, 10 * number + index)
            write_video(folder / name / f"{index:02}.mp4", video)
    return folder


def listed(folder, **facts):
    """Returns the clips below a folder of classes."""
    paths = sorted(folder.glob("*/*"))
    names = sorted({path.parent.name for path in paths})
    labels = [names.index(path.parent.name) for path in paths]
    return Clips(tuple(paths), tuple(labels), tuple(names), **facts)


def contents(folder):
    """Returns the bytes of every file below a folder, hidden ones too."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


class Nobody:
    """An executor that must not be asked for anything."""

    def run(self, jobs, spec):
        raise AssertionError(f"{len(jobs)} jobs were given")
