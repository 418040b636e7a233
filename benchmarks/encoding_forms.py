"""Forms of stored flow, which `flow_encodings.py` compares.

Every form takes the quantised fields of a clip in a row, `uint8 (N, H, W, 2)`,
and returns blobs of `fields` fields each; and reads a window of a blob back,
either by TensorFlow's own operations or, where it has none, outside of it.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import tensorflow as tf
from encoding_video import Video

from keras_twostream.flow.storage import BLOCK, encode_image

DECODE_WEBP = getattr(tf.raw_ops, "DecodeWebP", None)


@dataclass(frozen=True)
class Images:
    """Still images of some fields each, plane above plane: u, v, u, v, ...

    Attributes:
        encoding: "jpegNN", "png" or "webp" (lossless).
        fields: Fields in an image.
        shrink: As in `FlowSpec`; fields are shrunk by the caller.
    """

    encoding: str
    fields: int = 1
    shrink: int = 1
    native = True

    def store(self, fields):
        """Returns a list of blobs; fields beyond whole images are left out."""
        count = len(fields) // self.fields * self.fields
        planes = np.moveaxis(fields[:count], -1, 1)
        below = (0, -planes.shape[2] % BLOCK)
        planes = np.pad(planes, [(0, 0), (0, 0), below, (0, 0)], mode="edge")
        rows = planes.shape[2] * 2 * self.fields
        images = planes.reshape(-1, rows, planes.shape[3])
        return [self._encode(image) for image in images]

    def read(self, blobs, height, width, window):
        """Reads windows by TensorFlow: `uint8 (fields, h, w, 2)`.

        Args:
            blobs: String tensor `(n,)`, n static.
            height: Of the fields as they are stored.
            width: Of the same.
            window: Top, left, height and width in them.
        """
        top, left, high, wide = window
        plane = -(-height // BLOCK) * BLOCK
        planes = 2 * self.fields
        # The least that holds the window in all planes.
        bottom = (planes - 1) * plane + top + high
        rows = [top, left, bottom - top, wide]
        images = [self._decode(blob, rows) for blob in tf.unstack(blobs)]
        stack = tf.stack(images)[..., 0]
        stack = tf.pad(stack, [[0, 0], [0, plane - high], [0, 0]])
        shape = [-1, 2, plane, wide]
        stack = tf.reshape(stack, shape)[:, :, :high]
        return tf.transpose(stack, [0, 2, 3, 1])

    def _encode(self, image):
        if self.encoding != "webp":
            return encode_image(image, self.encoding)
        lossless = [cv2.IMWRITE_WEBP_QUALITY, 101]
        colour = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
        return cv2.imencode(".webp", colour, lossless)[1].tobytes()

    def _decode(self, blob, rows):
        if self.encoding.startswith("jpeg"):
            return tf.image.decode_and_crop_jpeg(
                blob, rows, channels=1, dct_method="INTEGER_ACCURATE"
            )
        if self.encoding == "png":
            whole = tf.io.decode_png(blob, 1)
        else:
            # Of a file that might be an animation.
            whole = DECODE_WEBP(contents=blob, channels=3)[0, ..., :1]
        top, left, high, wide = rows
        return whole[top : top + high, left : left + wide]


FORMS = {
    **{f"jpeg{q}": Images(f"jpeg{q}") for q in (95, 90, 85, 75, 50)},
    "png": Images("png"),
    **({"webp": Images("webp")} if DECODE_WEBP else {}),
    **{
        f"jpeg{q}, {k} fields an image": Images(f"jpeg{q}", fields=k)
        for q in (95, 75)
        for k in (5, 10)
    },
    **{
        f"jpeg{q}, 1/{s}": Images(f"jpeg{q}", shrink=s)
        for s in (2, 4)
        for q in (95, 85, 75)
    },
    "png, 1/2": Images("png", shrink=2),
    "h264 crf 10": Video(10),
    "h264 crf 18": Video(18),
    "h264 crf 18, keys every 10": Video(18, keys=10),
}
