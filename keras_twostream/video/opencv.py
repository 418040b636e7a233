"""Video files -> frames, by OpenCV."""

from pathlib import Path

import cv2
import numpy as np

from keras_twostream.video.errors import VideoError
from keras_twostream.video.files import check_file


class OpenCVSource:
    """Decodes by OpenCV; what it cannot decode is skipped silently."""

    def __init__(self, path: Path):
        check_file(path)
        self._path = path
        self._capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            raise VideoError(path, "OpenCV finds no video in it")
        self._capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        self.fps = self._capture.get(cv2.CAP_PROP_FPS) or None

    def grab(self) -> bool:
        return self._capture.grab()

    def retrieve(self) -> np.ndarray:
        is_there, frame = self._capture.retrieve()
        if not is_there:
            raise VideoError(self._path, "OpenCV lost a frame of it")
        return cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)

    def close(self) -> None:
        self._capture.release()
