"""What is raised for a video that cannot be read."""

from pathlib import Path


class VideoError(ValueError):
    """A video file that cannot be read.

    Attributes:
        path: The file.
        reason: What is wrong with it.
    """

    def __init__(self, path: Path, reason: str):
        super().__init__(f"Cannot read the video {str(path)!r}: {reason}.")
        self.path = path
        self.reason = reason

    def __reduce__(self):
        # The default would give the message back as the only argument, and
        # errors travel between worker processes.
        return type(self), (self.path, self.reason)
