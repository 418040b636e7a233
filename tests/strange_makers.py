"""What writes strange files; each is called with the path."""

import os
import socket
import struct
import zipfile
import zlib
from fractions import Fraction

import av
import clips
import cv2
import numpy as np

from keras_twostream.video.writer import OPTIONS

FRAMES = 16


def moving(count=FRAMES, height=48, width=64):
    return clips.moving_frames(count, height, width)


def encode(path, frames, codec, pix_fmt="yuv420p", **settings):
    """As `clips.encode`, with the same bytes everywhere."""
    options = {"threads": "1"} | settings.pop("options", {})
    if codec.startswith("libx264"):
        options["x264-params"] = OPTIONS["libx264"]["x264-params"]
    muxing = {"fflags": "+bitexact"} | settings.pop("muxing", {})
    clips.encode(
        path, frames, codec, pix_fmt, options=options, muxing=muxing, **settings
    )


def video(codec="libx264", size=(), count=FRAMES, **settings):
    """Returns what writes a video of moving frames."""
    return lambda path: encode(path, moving(count, *size), codec, **settings)


def named(suffix, codec="libx264", **settings):
    """Returns what writes a video under the name of another kind."""

    def make(path):
        right = path.with_suffix(suffix)
        encode(right, moving(), codec, **settings)
        right.replace(path)

    return make


def holding(content):
    """Returns what writes some bytes, or a text."""
    data = content if isinstance(content, bytes) else content.encode()
    return lambda path: path.write_bytes(data)


def picture(kind):
    encoded = cv2.imencode(kind, moving(1, 96, 96)[0])[1]
    return holding(encoded.tobytes())


def zipped(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.mp4"), bytes(range(256)) * 9)


def sound(path):
    with av.open(str(path), "w", format="wav") as container:
        container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 8000), np.int16), format="s16", layout="mono"
        )
        frame.sample_rate = 8000
        container.mux(container.streams[0].encode(frame))


def no_frame(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        container.start_encoding()


def turned(degrees):
    def make(path):
        encode(path, moving(), "libx264")
        clips.rotate(path, degrees)

    return make


def patched(codec, place, content, pix_fmt="yuv420p", offset=0):
    """Returns what writes a video and overwrites what follows each `place`."""

    def make(path):
        encode(path, moving(), codec, pix_fmt)
        data = bytearray(path.read_bytes())
        found = data.find(place)
        while found >= 0:
            start = found + len(place) + offset
            data[start : start + len(content)] = content
            found = data.find(place, start)
        path.write_bytes(bytes(data))

    return make


def png_claim(path):
    """PNG checks its header by a sum."""
    encode(path, moving(), "png", "rgb24")
    data = bytearray(path.read_bytes())
    start = data.find(b"IHDR")
    while start >= 0:
        data[start + 4 : start + 12] = struct.pack(">II", 16000, 16000)
        sum_ = zlib.crc32(bytes(data[start : start + 17]))
        data[start + 17 : start + 21] = sum_.to_bytes(4, "big")
        start = data.find(b"IHDR", start + 4)
    path.write_bytes(bytes(data))


def many_samples(path):
    """An MP4 file of 3 KB whose index tells of a million frames."""
    encode(path, moving(), "libx264")
    data = bytearray(path.read_bytes())
    for name, skip in ((b"stsz", 4), (b"stts", 8), (b"stsc", 12)):
        place = data.index(name) + 4 + skip
        million = (1_000_000).to_bytes(4, "big")
        one = (1).to_bytes(4, "big") if name == b"stsz" else b""
        data[place : place + len(one + million)] = one + million
    path.write_bytes(bytes(data))


def with_cover(path, sound_only=False):
    """Puts a cover picture before the streams of an MP4 file."""
    if sound_only:
        clips.write_audio(path)
    else:
        encode(path, moving(), "libx264")
    data = path.read_bytes()
    jpeg = cv2.imencode(".jpg", moving(1, 96, 96)[0])[1].tobytes()
    covr = box(b"covr", box(b"data", struct.pack(">II", 13, 0) + jpeg))
    kind = bytes(8) + b"mdirappl" + bytes(9)
    meta = box(b"meta", bytes(4) + box(b"hdlr", kind) + box(b"ilst", covr))
    start = data.index(b"moov") - 4
    inside = box(b"udta", meta) + data[start + 8 :]
    path.write_bytes(data[:start] + box(b"moov", inside))


def box(name, content):
    return struct.pack(">I", len(content) + 8) + name + content


def two_videos(path):
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("mpeg4", rate=25) for _ in range(2)]
        for stream, height in zip(streams, (48, 96), strict=True):
            stream.height, stream.width = height, 64
            stream.pix_fmt = "yuv420p"
        for stream, count in zip(streams, (FRAMES, 5), strict=True):
            for frame in moving(count, stream.height):
                picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
                container.mux(stream.encode(picture))
            container.mux(stream.encode())


def growing(path):
    parts = []
    for size in ((48, 64), (64, 96)):
        encode(path, moving(FRAMES, *size), "libx264")
        parts.append(path.read_bytes())
    path.write_bytes(b"".join(parts))


def early(path):
    """The first frames come before time 0."""
    with av.open(str(path), "w", options={"avoid_negative_ts": "0"}) as file:
        stream = file.add_stream("mpeg4", rate=25)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        for number, frame in enumerate(moving()):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            picture.pts, picture.time_base = number - 8, Fraction(1, 25)
            file.mux(stream.encode(picture))
        file.mux(stream.encode())


def linked(target):
    return lambda path: path.symlink_to(target)


def unreadable(path):
    encode(path, moving(), "libx264")
    path.chmod(0)


def listening(path):
    # The name of a socket may have only about 100 bytes.
    folder = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"/proc/self/fd/{folder}/{path.name}")
    os.close(folder)
