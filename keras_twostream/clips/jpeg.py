"""JPEG files taken apart and put together without decoding them.

Two grey images of one size become one, the first above the second, bit for
bit: the coded blocks of the second follow those of the first, and a restart
marker between them (ITU-T T.81, E.1.4) makes the decoder begin anew. That
takes equal tables, as two images of one encoder and quality have.
"""

import dataclasses
import re

SIGNATURE = b"\xff\xd8"
_SOI, _EOI, _SOS, _DQT, _DHT, _DRI = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD
# Frames: baseline, extended, progressive, and those that few decoders know.
_FRAMES = {*range(0xC0, 0xD0)} - {_DHT, 0xC8, 0xCC}
_SEQUENTIAL = (0xC0, 0xC1)
# A marker that ends the data of a scan: neither a stuffed zero nor a restart.
_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
_BLOCK, _BITS = 8, 8
_MOST_RESTART = 0xFFFF


@dataclasses.dataclass
class Jpeg:
    """What a JPEG file consists of.

    Attributes:
        height, width: In pixels.
        components: 1 for grey, 3 for colour.
        frame: Byte of the marker that says how it is coded.
        precision: Bits of a sample.
        quantization: Number of a table -> the table.
        huffman: Class and number of a table -> the table.
        restart: Blocks between restart markers, or 0.
        tables: Numbers of the tables of the first component: quantization
            and, as in `huffman`, those of the first and the other
            coefficients.
        scans: The coded data.
    """

    height: int = 0
    width: int = 0
    components: int = 0
    frame: int = 0
    precision: int = 0
    quantization: dict[int, bytes] = dataclasses.field(default_factory=dict)
    huffman: dict[int, bytes] = dataclasses.field(default_factory=dict)
    restart: int = 0
    tables: tuple[int, int, int] = (0, 0, 0)
    scans: list[bytes] = dataclasses.field(default_factory=list)

    def coding(self) -> tuple | None:
        """Returns all that images must share to be joined, or `None`."""
        plain = self.frame in _SEQUENTIAL and self.precision == _BITS
        if not plain or self.components != 1 or len(self.scans) != 1:
            return None
        quantization, dc, ac = self.tables
        used = (
            self.quantization.get(quantization),
            self.huffman.get(dc),
            self.huffman.get(ac),
        )
        if self.restart or None in used:
            return None
        return (self.frame, self.height, self.width, *used)


def parse(data: bytes) -> Jpeg:
    """Takes a JPEG file apart.

    Args:
        data: Its contents; what follows its end is ignored.

    Raises:
        ValueError: If it is no whole JPEG file.
    """
    if not data.startswith(SIGNATURE):
        raise ValueError("it is not a JPEG file")
    found, place = Jpeg(), len(SIGNATURE)
    try:
        while True:
            place, marker = _marker(data, place)
            if marker == _EOI:
                break
            length = int.from_bytes(data[place : place + 2], "big")
            segment = data[place + 2 : place + length]
            if length < 2 or len(segment) != length - 2:
                raise ValueError("it ends too early")
            place += length
            _read(found, marker, segment)
            if marker == _SOS:
                end = _MARKER.search(data, place)
                if end is None:
                    raise ValueError("it ends within the image")
                found.scans.append(data[place : end.start()])
                place = end.start()
    except IndexError as error:
        raise ValueError("it ends too early") from error
    if not (found.scans and found.height and found.width):
        raise ValueError("it holds no image")
    return found


def join(upper: Jpeg, lower: Jpeg) -> bytes | None:
    """Puts one grey image above another, both filled up to whole blocks.

    Args:
        upper: The one.
        lower: The other, of the same size.

    Returns:
        A JPEG file twice as high, whose pixels are exactly theirs; `None` if
        they are coded in ways that cannot be joined.
    """
    coding = upper.coding()
    rows, columns = (-(-x // _BLOCK) for x in (upper.height, upper.width))
    blocks = rows * columns
    if coding is None or coding != lower.coding() or blocks > _MOST_RESTART:
        return None
    frame, _, width, quantization, dc, ac = coding
    height = 2 * rows * _BLOCK
    if height > _MOST_RESTART:
        return None
    size = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    segments = (
        (0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        (_DQT, bytes([quantization[0] & 0xF0]) + quantization[1:]),
        (frame, bytes([_BITS]) + size + bytes([1, 1, 0x11, 0])),
        (_DHT, b"\x00" + dc + b"\x10" + ac),
        (_DRI, blocks.to_bytes(2, "big")),
        (_SOS, bytes([1, 1, 0, 0, 63, 0])),
    )
    head = b"".join(_segment(*each) for each in segments)
    scans = upper.scans[0] + b"\xff\xd0" + lower.scans[0]
    return SIGNATURE + head + scans + bytes([0xFF, _EOI])


def _segment(marker: int, content: bytes) -> bytes:
    length = (len(content) + 2).to_bytes(2, "big")
    return bytes([0xFF, marker]) + length + content


def _marker(data: bytes, place: int) -> tuple[int, int]:
    """Returns the next marker and where what belongs to it begins."""
    if data[place] != 0xFF:
        raise ValueError("it is damaged")
    while data[place] == 0xFF:
        place += 1
    return place + 1, data[place]


def _read(found: Jpeg, marker: int, segment: bytes) -> None:
    if marker in _FRAMES:
        found.frame, found.precision = marker, segment[0]
        found.height = int.from_bytes(segment[1:3], "big")
        found.width = int.from_bytes(segment[3:5], "big")
        found.components = segment[5]
        found.tables = (segment[8], 0, 0)
    elif marker == _DQT:
        _read_quantization(found, segment)
    elif marker == _DHT:
        _read_huffman(found, segment)
    elif marker == _DRI:
        found.restart = int.from_bytes(segment[:2], "big")
    elif marker == _SOS and not found.scans:
        coders = segment[2]
        dc, ac = coders >> 4, 0x10 | coders & 0x0F
        found.tables = (found.tables[0], dc, ac)


def _read_quantization(found: Jpeg, segment: bytes) -> None:
    while segment:
        size = 129 if segment[0] >> 4 else 65
        found.quantization[segment[0] & 0x0F] = segment[:size]
        segment = segment[size:]


def _read_huffman(found: Jpeg, segment: bytes) -> None:
    while segment:
        size = 17 + sum(segment[1:17])
        found.huffman[segment[0]] = segment[1:size]
        segment = segment[size:]
