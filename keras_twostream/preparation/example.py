"""`tf.train.Example` messages, written and read without TensorFlow.

Importing TensorFlow would cost every worker seconds, and a message is no more
than nested chunks: a tag, a length, and that many bytes.
"""

import os
from pathlib import Path

# Long enough to hold the first value of a record of ours.
_HEAD_BYTES = 1 << 16
# Tags of the fields 1 and 2 of a message, both prefixed by their length.
_FIELD_1, _FIELD_2 = b"\x0a", b"\x12"


def encode_example(features: dict[str, list[bytes]]) -> bytes:
    """Returns a serialised `tf.train.Example` of lists of bytes.

    Args:
        features: Name -> values; written in the order of the dict.
    """
    entries = []
    for name, values in features.items():
        items = b"".join(_chunk(_FIELD_1, value) for value in values)
        feature = _chunk(_FIELD_2, _chunk(_FIELD_1, items))
        entries.append(
            _chunk(_FIELD_1, _chunk(_FIELD_1, name.encode()) + feature)
        )
    return _chunk(_FIELD_1, b"".join(entries))


def read_first(path: str | os.PathLike, name: str) -> bytes:
    """Reads the first value of the first feature of a message in a file.

    Args:
        path: A file that holds nothing but one message.
        name: The name that this feature must have.

    Returns:
        The value, if it ends within the first 64 KiB of the file.

    Raises:
        ValueError: If the file is no such message or is not whole.
        OSError: If it cannot be read.
    """
    with Path(path).open("rb") as file:
        head = file.read(_HEAD_BYTES)
        size = os.fstat(file.fileno()).st_size
    try:
        return _first_value(head, size, name.encode())
    except (IndexError, ValueError) as error:
        raise ValueError(
            f"{os.fspath(path)!r} is not a whole record of a clip."
        ) from error


def first_value(message: bytes, name: str) -> bytes:
    """Returns the first value of the first feature of a message.

    Args:
        message: The message, whole.
        name: The name that this feature must have.

    Raises:
        ValueError: If it is no such message.
    """
    try:
        return _first_value(message, len(message), name.encode())
    except IndexError as error:
        raise ValueError("The message is not whole.") from error


def with_first_value(message: bytes, name: str, value: bytes) -> bytes:
    """Returns a message whose first feature holds nothing but `value`.

    Args:
        message: The message, whole.
        name: The name that this feature must have.
        value: What it holds from now on.

    Raises:
        ValueError: If it is no such message.
    """
    first_value(message, name)
    place, _ = _enter(message, 0, _FIELD_1)
    start, length = _enter(message, place, _FIELD_1)
    alone = encode_example({name: [value]})
    entry = alone[_enter(alone, 0, _FIELD_1)[0] :]
    return _chunk(_FIELD_1, entry + message[start + length :])


def _chunk(tag: bytes, value: bytes) -> bytes:
    return tag + _varint(len(value)) + value


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _first_value(head: bytes, size: int, name: bytes) -> bytes:
    """Walks down to the first value, checking that the file is whole."""
    place, length = _enter(head, 0, _FIELD_1)  # Example.features
    if place + length != size:
        raise ValueError("The length written is not that of the file.")
    place, _ = _enter(head, place, _FIELD_1)  # its first entry
    place, length = _enter(head, place, _FIELD_1)  # name
    if head[place : place + length] != name:
        raise ValueError("The first entry has another name.")
    place += length
    for tag in (_FIELD_2, _FIELD_1, _FIELD_1):  # feature, list, value
        place, length = _enter(head, place, tag)
    if place + length > len(head):
        raise ValueError("The first value is too long.")
    return head[place : place + length]


def _enter(data: bytes, place: int, tag: bytes) -> tuple[int, int]:
    """Returns where the contents of a chunk start, and their length."""
    if data[place : place + 1] != tag:
        raise ValueError("Another field was expected here.")
    length, shift = 0, 0
    while True:
        place += 1
        byte = data[place]
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return place + 1, length
