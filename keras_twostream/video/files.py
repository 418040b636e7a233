"""What the bytes of a file tell before and after it is decoded."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from keras_twostream.video.errors import VideoError

# Bytes of a file that is looked at to see whether it is text. FFmpeg would
# render a .txt file as a video of a terminal, and follow a play list to
# other files.
_SNIFFED = 512
# The control characters that text has.
_CONTROLS = frozenset(range(32)) - frozenset(b"\b\t\n\v\f\r\x1b")
# Video whose header is a line of text.
_TEXTUAL = b"YUV4MPEG2 "

# A RIFF chunk's length may be off by its own header.
_TOLERANCE = 16
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
_BOXES = {b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide"}
_GIF_EXTENSION, _GIF_IMAGE, _GIF_END = b"!,;"


def check_file(path: Path) -> None:
    """Makes sure that there is a file that may be a video.

    Raises:
        VideoError: If it is missing, not a file, empty or text.
    """
    try:
        kind = path.stat().st_mode
        # Opening a FIFO would wait for somebody to write into it.
        if not stat.S_ISREG(kind):
            what = "a directory" if stat.S_ISDIR(kind) else "a pipe or a device"
            raise VideoError(path, f"it is {what}, not a file")
        with path.open("rb") as file:
            head = file.read(_SNIFFED)
    except FileNotFoundError as error:
        is_link = path.is_symlink()
        what = "it is a link to no file" if is_link else "there is no such file"
        raise VideoError(path, what) from error
    except OSError as error:
        raise VideoError(path, error.strerror or str(error)) from error
    if not head:
        raise VideoError(path, "it is empty (zero bytes)")
    if not _CONTROLS.intersection(head) and not head.startswith(_TEXTUAL):
        raise VideoError(path, "it holds text, not video")


def is_cut_off(path: Path) -> bool:
    """Returns whether the end of a file is missing, as its container says.

    Downloads that were interrupted end somewhere, and most decoders stop
    there without a word. MP4, AVI, Matroska (WebM) and GIF state how long
    they are, unless they were recorded live; of others nothing is known.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        file.seek(0)
        return _walk_of(head)(file, size) > size


def _walk_of(head: bytes) -> Callable[[BinaryIO, int], int]:
    """Returns what finds the end that a kind of container states."""
    if head[4:8] in _BOXES:
        return _end_of_boxes
    walks = {b"RIFF": _end_of_riff, _EBML: _end_of_matroska}
    walks |= dict.fromkeys((b"GIF8",), _end_of_gif)
    return walks.get(head[:4], lambda _, size: size)


def _end_of_boxes(file: BinaryIO, size: int) -> int:
    """MP4: lengths of 4 bytes, or of 8 after the name."""
    end = 0
    while end < size:
        file.seek(end)
        head = file.read(16)
        length, name = int.from_bytes(head[:4], "big"), head[4:8]
        if not (name.isascii() and name.isalnum()):
            return size
        if length == 1:
            length = int.from_bytes(head[8:], "big")
        if length < 8:  # to the end of the file, or nonsense
            return size
        end += length
    return end


def _end_of_riff(file: BinaryIO, size: int) -> int:
    """AVI: one chunk, or several one after another."""
    end = 0
    while end < size:
        file.seek(end)
        head = file.read(8)
        length = int.from_bytes(head[4:], "little")
        if head[:4] != b"RIFF" or length in (0, 0xFFFFFFFF):
            return size
        end += 8 + length
    return end if end - size > _TOLERANCE else size


def _end_of_matroska(file: BinaryIO, size: int) -> int:
    """Matroska: a header, then a segment that holds all."""
    file.seek(len(_EBML))
    header = _ebml_length(file)
    if header is None:
        return size
    file.seek(header, 1)
    if file.read(len(_SEGMENT)) != _SEGMENT:
        return size
    length = _ebml_length(file)
    return size if length is None else file.tell() + length


def _ebml_length(file: BinaryIO) -> int | None:
    """Reads a length whose first byte says how many bytes it has."""
    first = file.read(1)
    count = 9 - int.from_bytes(first, "big").bit_length()
    if not first or count > 8:
        return None
    data = first + file.read(count - 1)
    bits = 7 * count
    length = int.from_bytes(data, "big") & ((1 << bits) - 1)
    return None if length == (1 << bits) - 1 else length  # recorded live


def _end_of_gif(file: BinaryIO, size: int) -> int:
    """GIF: blocks, and a byte that ends them."""
    file.seek(10)
    file.seek(2 + _palette(file.read(1)), 1)
    while mark := file.read(1):
        if mark[0] == _GIF_EXTENSION:
            file.seek(1, 1)
        elif mark[0] == _GIF_IMAGE:
            file.seek(8, 1)
            file.seek(_palette(file.read(1)) + 1, 1)
        else:  # the end, or damage at which decoders stop
            return size + (mark[0] != _GIF_END)
        while length := file.read(1):
            if not length[0]:
                break
            file.seek(length[0], 1)
    return size + 1


def _palette(flags: bytes) -> int:
    """Returns the bytes of the colour table that a GIF's flags tell of."""
    is_there = flags and flags[0] & 0x80
    return 3 << (flags[0] & 7) + 1 if is_there else 0
