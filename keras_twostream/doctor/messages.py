"""`tf.train.Example` messages, read whole and without TensorFlow."""

from collections.abc import Iterator

# How the value of a field of a message is written, by the last bits of its tag.
_VARINT, _CHUNK = 0, 2


def read_example(message: bytes) -> dict[str, list[bytes]]:
    """Reads a serialised `tf.train.Example` of lists of bytes.

    Args:
        message: As `preparation.example.encode_example`, or TensorFlow,
            writes it.

    Returns:
        Name -> values.

    Raises:
        ValueError: If it is no such message, or not whole.
    """
    found: dict[str, list[bytes]] = {}
    view = memoryview(message)
    try:
        for features in _chunks(view, 1):
            for entry in _chunks(features, 1):
                name = b"".join(_chunks(entry, 1)).decode()
                found[name] = [
                    bytes(value)
                    for feature in _chunks(entry, 2)
                    for values in _chunks(feature, 1)
                    for value in _chunks(values, 1)
                ]
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError("it is no whole record of a clip") from error
    return found


def _chunks(data: memoryview, wanted: int) -> Iterator[memoryview]:
    """Yields the values of one field of a message."""
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        if tag & 7 not in (_VARINT, _CHUNK):
            raise ValueError("it is no record of a clip")
        length, place = _varint(data, place)
        if tag & 7 == _VARINT:
            continue
        if place + length > len(data):
            raise ValueError("its record is not whole")
        if tag >> 3 == wanted:
            yield data[place : place + length]
        place += length


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    """Returns the number at a place, and the place after it."""
    number, shift = 0, 0
    while True:
        byte = data[place]
        number |= (byte & 127) << shift
        shift, place = shift + 7, place + 1
        if byte < 128:
            return number, place
