"""72 files that are whole, or were never video, and strange all the same."""

import os
import struct

import clips
import numpy as np
import strange_makers as make
from strange_makers import FRAMES

FORTY_THOUSAND = struct.pack("<HH", 40000, 40000)
TIMES = np.cumsum(np.random.default_rng(0).integers(1, 12, FRAMES)).tolist()
PLAYLIST = "#EXTM3U\n# caf\u00e9\n#EXTINF:1,\nplain.mp4\n#EXT-X-ENDLIST\n"
READABLE = FRAMES if hasattr(os, "geteuid") and not os.geteuid() else "denied"

# Name -> (what is expected, see `broken_videos.Odd`; what makes it).
STRANGE = {
    # Wrong names.
    "an_mp4.avi": (FRAMES, make.named(".mp4")),
    "an_avi.mp4": (FRAMES, make.named(".avi", "mpeg4")),
    "a_webm.avi": (FRAMES, make.named(".webm", "libvpx-vp9")),
    "a_gif.mp4": (FRAMES, make.named(".gif", "gif", pix_fmt="rgb8")),
    "text.mp4": ("text", make.holding("Not a video.\n" * 99)),
    "playlist.mp4": ("text", make.holding(PLAYLIST)),
    "page.mp4": ("text", make.holding("<!DOCTYPE html><title>404</title>")),
    "a_jpeg.mp4": ("picture", make.picture(".jpg")),
    "a_png.mp4": ("picture", make.picture(".png")),
    "a_webp.mp4": ("picture", make.picture(".webp")),
    "a_zip.mp4": ("cannot open", make.zipped),
    "noise.mp4": (
        "cannot open",
        make.holding(np.random.default_rng(0).bytes(9999)),
    ),
    "sound.avi": ("no video stream", make.sound),
    # Lengths.
    "nothing.mp4": ("empty", make.holding(b"")),
    "one_byte.avi": ("", make.holding(b"\0")),
    "zeros.mp4": ("cannot open", make.holding(bytes(5000))),
    "no_frame.mp4": ("", make.no_frame),
    "no_frame.avi": ("no frame", make.no_frame),
    "one.mp4": (1, make.video(count=1)),
    "one.avi": (1, make.video("mpeg4", count=1)),
    "one.gif": (1, make.video("gif", count=1, pix_fmt="rgb8")),
    # Sizes.
    "1x1.avi": (FRAMES, make.video("mpeg4", (1, 1))),
    "2x2.mp4": (FRAMES, make.video(size=(2, 2))),
    "3x5.mkv": (FRAMES, make.video(size=(3, 5), pix_fmt="yuv444p")),
    "47x63.avi": (FRAMES, make.video("mpeg4", (47, 63))),
    "2x10000.mov": (4, make.video("png", (2, 10000), 4, pix_fmt="rgb24")),
    "10000x2.mov": (4, make.video("png", (10000, 2), 4, pix_fmt="rgb24")),
    "1x4000.webm": (4, make.video("libvpx-vp9", (1, 4000), 4)),
    # Turned.
    "turned_90.mp4": (FRAMES, make.turned(90)),
    "turned_180.mp4": (FRAMES, make.turned(180)),
    "turned_270.mp4": (FRAMES, make.turned(270)),
    # Time.
    "uneven.mp4": (FRAMES, make.video(times=TIMES)),
    "uneven.mkv": (FRAMES, make.video(times=TIMES)),
    "b_frames.mp4": (FRAMES, make.video(options={"bf": "3", "g": "8"})),
    "early.mkv": (FRAMES, make.early),
    "early.mp4": (FRAMES - 8, make.early),  # by its edit list
    "trimmed.mp4": (
        FRAMES - 4,
        make.patched(
            "libx264", b"elst", struct.pack(">I", 4 * 512 + 1024), offset=12
        ),
    ),
    # Streams.
    "growing.h264": ("change size", make.growing),
    "sound.mp4": ("no video stream", clips.write_audio),
    "two.mkv": (FRAMES, make.two_videos),
    "two.avi": (FRAMES, make.two_videos),
    "cover.mp4": (FRAMES, make.with_cover),
    "cover_only.mp4": (
        "no video stream",
        lambda path: make.with_cover(path, sound_only=True),
    ),
    "codec.avi": (
        "decoder",
        make.patched("mpeg4", b"strf", b"zzzz", offset=20),
    ),
    # Lies.
    "long.mp4": (
        FRAMES,
        make.patched("libx264", b"mvhd", b"\x7f\xff\xff\xff", offset=16),
    ),
    "long.avi": (
        FRAMES,
        make.patched("mpeg4", b"avih", b"\xff\xff\xff\x7f", offset=20),
    ),
    "samples.mp4": ("damaged", make.many_samples),
    "claim.gif": (
        "pixels",
        make.patched("gif", b"GIF89a", FORTY_THOUSAND, "rgb8"),
    ),
    "claim.webm": (
        "pixels",
        make.patched("libvpx", b"\x9d\x01\x2a", b"\xff\x3f" * 2),
    ),
    "claim.avi": (
        "damaged",
        make.patched("mjpeg", b"\xff\xc0", b"\xea\x60" * 2, "yuvj420p", 3),
    ),
    "claim.mov": ("pixels", make.png_claim),
    # Pixels.
    "ten_bits.mp4": (FRAMES, make.video(pix_fmt="yuv420p10le")),
    "full_chroma.mp4": (FRAMES, make.video(pix_fmt="yuv444p")),
    "grey.mp4": (FRAMES, make.video(pix_fmt="gray")),
    "rgb.mp4": (FRAMES, make.video("libx264rgb", pix_fmt="rgb24")),
    "alpha.mov": (FRAMES, make.video("png", pix_fmt="rgba")),
    "alpha.webm": (FRAMES, make.video("libvpx-vp9", pix_fmt="yuva420p")),
    "interlaced.mpg": (
        FRAMES,
        make.video("mpeg2video", options={"flags": "+ilme+ildct"}),
    ),
    "film.mov": (FRAMES, make.video("prores", pix_fmt="yuv422p10le")),
    # Names.
    "n\u00e9 \u89c6\u9891 \U0001f3ac.mp4": (FRAMES, make.video()),
    "new\nline.mp4": (FRAMES, make.video()),
    "%03d.mp4": (FRAMES, make.video()),
    "a:b 'c' \"d\".mp4": (FRAMES, make.video()),
    "-n.avi": (FRAMES, make.video("mpeg4")),
    "x" * 200 + ".mp4": (FRAMES, make.video()),
    # No files.
    "folder.mp4": ("", lambda path: path.mkdir()),
    "pipe.mp4": ("pipe", os.mkfifo),
    "socket.mp4": ("", make.listening),
    "device.mp4": ("device", make.linked("/dev/zero")),
    "gone.mp4": ("link", make.linked("nowhere.mp4")),
    "circle.mp4": ("link", make.linked("circle.mp4")),
    "locked.mp4": (READABLE, make.unreadable),
}
