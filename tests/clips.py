"""Small video files for tests, made here and damaged with intent."""

import struct
from fractions import Fraction

import av
import numpy as np

from keras_twostream.video import write_video


def moving_frames(count=12, height=48, width=64, seed=0):
    """Returns a drifting pattern that carries its frames' numbers.

    Frames at least 32 pixels wide and 8 high have a strip at the top whose
    eight black or white blocks are the bits of the frame's index, which
    survive lossy coding: `frame_numbers` reads them.

    Returns:
        `uint8 (count, height, width, 3)` RGB.
    """
    rng = np.random.default_rng(seed)
    slope = rng.uniform(0.05, 0.2, size=(3, 2))
    x, y = np.arange(width), np.arange(height)[:, None]
    frames = np.empty((count, height, width, 3), np.uint8)
    for number, frame in enumerate(frames):
        waves = [np.sin(a * (x - number) + b * y) for a, b in slope]
        frame[:] = np.rint(127 + 90 * np.stack(waves, axis=-1))
        if width >= 32 and height >= 8:
            bits = np.unpackbits(np.uint8(number % 256)) * np.uint8(255)
            strip = np.repeat(bits, width // 8)
            frame[: height // 4, : strip.size] = strip[:, None]
    return frames


def frame_numbers(frames):
    """Returns the indices (modulo 256) that decoded frames carry."""
    height, block = frames.shape[1] // 8, frames.shape[2] // 8
    middles = frames[:, height, block // 2 : 8 * block : block].mean(axis=-1)
    return np.packbits(middles > 127, axis=-1)[:, 0].tolist()


def encode(path, frames, codec, pix_fmt, times=None, options=None, muxing=None):
    """Writes frames with full control over codec, pixels and timestamps.

    Args:
        path: The file.
        frames: `uint8 (N, H, W, 3)`, or `(N, H, W, 4)` with alpha.
        codec: FFmpeg's name of the encoder.
        pix_fmt: FFmpeg's name of the pixel format in the file.
        times: Timestamps in 1/100 s; `None` for 25 frames a second.
        options: Options of the encoder.
        muxing: Options of the container.
    """
    given = "rgba" if frames.shape[-1] == 4 else "rgb24"
    with av.open(str(path), "w", options=muxing or {}) as file:
        stream = file.add_stream(codec, rate=25, options=options or {})
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pix_fmt
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 100)
        for number, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame, format=given)
            if times is not None:
                picture.pts = times[number]
                picture.time_base = Fraction(1, 100)
            file.mux(stream.encode(picture))
        file.mux(stream.encode())


def write_audio(path):
    """Writes a short sound file without any video."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100, layout="mono")
        sound = np.zeros((1, 44100), np.float32)
        frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout="mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())


def rotate(path, degrees):
    """Notes in an MP4 file that it is to be shown turned clockwise."""
    cosine, sine = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    turn = [cosine, sine, 0, -sine, cosine, 0, 0, 0, 1 << 14]
    matrix = struct.pack(">9i", *(entry << 16 for entry in turn))
    data = bytearray(path.read_bytes())
    # A track's header: 4 bytes of name, 40 of other fields, the matrix.
    start = data.index(b"tkhd") + 44
    data[start : start + len(matrix)] = matrix
    path.write_bytes(data)


def cut(path, share):
    """Keeps only the first `share` of a file's bytes."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def damage(path, share=0.5, count=200, seed=0):
    """Overwrites `count` bytes after the first `share` by random ones."""
    data = bytearray(path.read_bytes())
    start = int(len(data) * share)
    noise = np.random.default_rng(seed).integers(0, 256, count, np.uint8)
    data[start : start + count] = noise.tobytes()
    path.write_bytes(data)


def bad_files(folder):
    """Makes one file of each kind that is no video at all.

    Returns:
        Dict of kind -> (path, word in the reason given for it).
    """
    kinds = {
        "empty": ("empty.mp4", b"", "empty"),
        "text": ("text.avi", b"Not a video.\n" * 99, "text"),
        "text_txt": ("notes.txt", b"Not a video.\n" * 99, "text"),
        "noise": ("noise.mp4", bytes(range(256)) * 20, ""),
    }
    made = {}
    for kind, (name, content, word) in kinds.items():
        (folder / name).write_bytes(content)
        made[kind] = (folder / name, word)
    (folder / "folder.mp4").mkdir()
    made["directory"] = (folder / "folder.mp4", "directory")
    made["missing"] = (folder / "missing.mp4", "no such file")
    write_audio(folder / "sound.mp4")
    made["audio"] = (folder / "sound.mp4", "no")
    write_video(folder / "cut.mp4", moving_frames())
    cut(folder / "cut.mp4", 0.6)
    made["cut_before_moov"] = (folder / "cut.mp4", "")
    return made
