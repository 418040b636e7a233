"""Video files <-> frames."""

from keras_twostream.video.errors import VideoError
from keras_twostream.video.reader import Reader, open_video, read_video
from keras_twostream.video.resize import resize_short_side
from keras_twostream.video.writer import write_video

__all__ = [
    "Reader",
    "VideoError",
    "open_video",
    "read_video",
    "resize_short_side",
    "write_video",
]
