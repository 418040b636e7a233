"""200 small video files with something odd about them, each made the same way
on every machine: 128 whole ones damaged in 16 ways, and the 72 of
`strange_videos`."""

import pathlib
import zlib
from typing import NamedTuple

import numpy as np
from strange_makers import encode, moving
from strange_videos import STRANGE


class Odd(NamedTuple):
    """A file, and what is to become of it.

    Attributes:
        path: The file.
        expected: The number of frames it must be read with, a word in the
            reason why it cannot be, or `None` if that depends on the damage.
    """

    path: pathlib.Path
    expected: int | str | None


# File -> arguments of `encode`.
SOURCES = {
    "end.mp4": {"codec": "libx264"},
    "start.mp4": {"codec": "libx264", "muxing": {"movflags": "faststart"}},
    "parts.mp4": {
        "codec": "libx264",
        "options": {"g": "4"},
        "muxing": {"movflags": "frag_keyframe+empty_moov"},
    },
    "plain.avi": {"codec": "mpeg4"},
    "pictures.avi": {"codec": "mjpeg", "pix_fmt": "yuvj420p"},
    "plain.mkv": {"codec": "libx264"},
    "plain.webm": {"codec": "libvpx-vp9"},
    "plain.gif": {"codec": "gif", "pix_fmt": "rgb8"},
}


def flipped(data, rng, start, stop, bits):
    """Flips bits between two shares of the file."""
    start, stop = int(len(data) * start), max(1, int(len(data) * stop))
    out = bytearray(data)
    for place in rng.integers(start, stop, bits):
        out[place] ^= 1 << int(rng.integers(8))
    return bytes(out)


def filled(data, start, stop, content=bytes):
    """Overwrites what is between two shares of the file."""
    start, stop = int(len(data) * start), int(len(data) * stop)
    return data[:start] + content(stop - start) + data[stop:]


def blocks(data, order):
    """Cuts the file into 16 blocks and joins those named."""
    edges = np.linspace(0, len(data), 17).astype(int)
    return b"".join(data[edges[i] : edges[i + 1]] for i in order)


# Name -> function of the bytes and of chance.
MUTATIONS = {
    "cut_30": lambda data, _: data[:30],
    "cut_25": lambda data, _: data[: len(data) // 4],
    "cut_50": lambda data, _: data[: len(data) // 2],
    "cut_75": lambda data, _: data[: len(data) * 3 // 4],
    "cut_95": lambda data, _: data[: len(data) * 19 // 20],
    "flip_head": lambda data, rng: flipped(data, rng, 0, 0.05, 8),
    "flip_middle": lambda data, rng: flipped(data, rng, 0.4, 0.6, 8),
    "flip_everywhere": lambda data, rng: flipped(data, rng, 0, 1, 40),
    "flip_one": lambda data, rng: flipped(data, rng, 0.3, 1, 1),
    "zero_head": lambda data, _: filled(data, 0, 0.01),
    "zero_middle": lambda data, _: filled(data, 0.5, 0.55),
    "zero_end": lambda data, _: filled(data, 0.8, 1),
    "noise": lambda data, rng: filled(data, 0.6, 0.65, rng.bytes),
    "double": lambda data, _: blocks(data, [*range(9), *range(8, 16)]),
    "shuffle": lambda data, rng: blocks(data, [0, *rng.permutation(15) + 1]),
    "drop": lambda data, _: blocks(data, [*range(9), *range(10, 16)]),
}


def write_broken(folder):
    """Makes all of them.

    Args:
        folder: Where; made if needed.

    Returns:
        List of `Odd`.
    """
    made = []
    for source, settings in SOURCES.items():
        whole = folder / "whole" / source
        whole.parent.mkdir(parents=True, exist_ok=True)
        encode(whole, moving(), **settings)
        made += mutants(whole, folder / whole.stem / whole.suffix[1:])
    for name, (expected, make) in STRANGE.items():
        path = folder / "strange" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        make(path)
        made.append(Odd(path, expected))
    return made


def mutants(whole, folder):
    """Makes one file for each of `MUTATIONS` of a whole one."""
    folder.mkdir(parents=True, exist_ok=True)
    data = whole.read_bytes()
    made = []
    for name, mutate in MUTATIONS.items():
        path = folder / f"{name}{whole.suffix}"
        rng = np.random.default_rng(zlib.crc32(f"{whole.name} {name}".encode()))
        path.write_bytes(mutate(data, rng))
        made.append(Odd(path, None))
    return made
