"""A folder of clips and lists of them, for tests."""

from keras_twostream.clips.lists import read_clips


class Folder:
    """A folder of empty files, with lists beside it."""

    def __init__(self, tmp_path):
        self.lists, self.path = tmp_path, tmp_path / "clips"
        self.path.mkdir()

    def touch(self, *names):
        for name in names:
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    def write(self, name, text, encoding="utf-8"):
        path = self.lists / name
        path.write_bytes(text.encode(encoding))
        return path

    def read(self, text, name="list.txt", **arguments):
        """Writes a list and reads it."""
        path = self.write(name, text)
        return read_clips(self.path, path, verbose=False, **arguments)


def names_of(clips):
    return [path.name for path in clips.paths]


def classes_of(clips):
    return [clips.class_names[label] for label in clips.labels]
