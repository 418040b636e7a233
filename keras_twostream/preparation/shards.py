"""TFRecord files: records one after another, each between two checksums.

The format is TensorFlow's, written without the seconds that importing it
takes: 8 bytes of length, 4 of its masked CRC-32C, the record, 4 of its masked
CRC-32C, all little-endian. Who knows a record's offset and length needs none
of that.
"""

import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import google_crc32c

HEADER_BYTES = 12
FOOTER_BYTES = 4
# Added to a checksum whose bits are rotated, so that the checksum of data
# that holds checksums is none of them.
_MASK = 0xA282EAD8


def write_shard(
    path: str | os.PathLike, records: Iterable[bytes]
) -> list[tuple[int, int]]:
    """Writes a TFRecord file, which appears only when it is whole.

    Args:
        path: The file; one that is there is replaced.
        records: What to write; taken one at a time.

    Returns:
        `(offset, length)` of each record in bytes, without the framing.

    Raises:
        OSError: If it cannot be written.
    """
    target = Path(path)
    partial = target.with_name(f".{target.name}.partial")
    places = []
    try:
        with partial.open("wb") as file:
            for record in records:
                length = struct.pack("<Q", len(record))
                file.write(length + _checksum(length))
                places.append((file.tell(), len(record)))
                file.write(record)
                file.write(_checksum(record))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return places


def read_shard(path: str | os.PathLike) -> Iterator[bytes]:
    """Yields the records of a TFRecord file, checksums compared.

    Raises:
        ValueError: If it is damaged.
        OSError: If it cannot be read.
    """
    with Path(path).open("rb") as file:
        left = os.fstat(file.fileno()).st_size
        while head := file.read(HEADER_BYTES):
            length = int.from_bytes(head[:8], "little")
            left -= HEADER_BYTES + length + FOOTER_BYTES
            # The length is believed only if it is right, and fits.
            if left < 0 or head[8:] != _checksum(head[:8]):
                raise ValueError(_damaged(path, file.tell() - len(head)))
            record = file.read(length)
            if file.read(FOOTER_BYTES) != _checksum(record):
                raise ValueError(_damaged(path, file.tell() - length))
            yield record


def _checksum(data: bytes) -> bytes:
    crc = google_crc32c.value(data)
    rotated = (crc >> 15 | crc << 17) & 0xFFFFFFFF
    return struct.pack("<I", (rotated + _MASK) & 0xFFFFFFFF)


def _damaged(path: str | os.PathLike, place: int) -> str:
    name = os.fspath(path)
    return f"{name} is damaged: the record at byte {place} is not whole."
