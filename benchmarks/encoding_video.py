"""Flow as a video, and records whose flow has been one.

Clips cannot be prepared so, and TensorFlow cannot read it: it is here to be
compared with what can.
"""

import dataclasses
import io
from dataclasses import dataclass

import av
import cv2
import numpy as np
import tensorflow as tf

from keras_twostream.flow import estimators
from keras_twostream.flow.storage import encode_image
from keras_twostream.preparation.cache import cache_clips, record_path
from keras_twostream.preparation.example import encode_example


@dataclass(frozen=True)
class Video:
    """The fields of a clip as one grey H.264 video, u above v, full range.

    Attributes:
        quality: The encoder's constant rate factor: the lower the finer.
        keys: A frame that needs no other, every so many.
    """

    quality: int
    keys: int = 250
    shrink: int = 1
    native = False

    def store(self, fields):
        """Returns a list of one blob."""
        images = np.concatenate([fields[..., 0], fields[..., 1]], axis=1)
        file = io.BytesIO()
        options = {"crf": str(self.quality), "g": str(self.keys)}
        with av.open(file, "w", format="mp4") as container:
            stream = container.add_stream("libx264", rate=25, options=options)
            stream.height, stream.width = images.shape[1:]
            stream.pix_fmt = "gray"
            # Else half a pixel is lost, silently: levels become 16 to 235.
            stream.codec_context.color_range = 2
            for image in images:
                frame = av.VideoFrame.from_ndarray(image, format="gray")
                frame.color_range = 2
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return [file.getvalue()]

    def read(self, blobs):
        """Reads all fields of a clip back: `uint8 (N, H, W, 2)`."""
        with av.open(io.BytesIO(blobs[0])) as container:
            container.streams.video[0].codec_context.thread_count = 1
            images = np.stack(
                [x.to_ndarray(format="gray") for x in container.decode(video=0)]
            )
        return np.stack(np.split(images, 2, axis=1), axis=-1)


def as_video(paths, spec, cache, name, form):
    """Writes records whose flow has been through a video, as PNG.

    Returns:
        The `FlowSpec` under which the cache has them.
    """
    exact = dataclasses.replace(spec, encoding="png")
    made = cache_clips(paths, exact, cache)
    called = f"{spec.algorithm} in {name}"
    flow = dataclasses.replace(exact, algorithm=called)
    # The records are there before anybody asks for it.
    estimators.ESTIMATORS[called] = lambda: None
    for path, record in zip(paths, made.records, strict=True):
        target = record_path(path, flow, made.records[0].parents[1])
        if not target.exists():
            contents = _through(record.read_bytes(), form)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(contents)
    return flow


def _through(record, form):
    found = tf.train.Example.FromString(record).features.feature
    lists = {
        name: list(found[name].bytes_list.value)
        for name in ("meta", "frames", "flow", "motion")
    }
    images = np.stack(
        [
            cv2.imdecode(np.frombuffer(x, np.uint8), cv2.IMREAD_UNCHANGED)
            for x in lists["flow"]
        ]
    )
    fields = np.stack(np.split(images, 2, axis=1), axis=-1)
    restored = form.read(form.store(fields))
    both = np.concatenate([restored[..., 0], restored[..., 1]], axis=1)
    lists["flow"] = [encode_image(image, "png") for image in both]
    return encode_example(lists)
