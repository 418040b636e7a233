"""The clips that a list names -> the files of a folder."""

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from keras_twostream.clips.entries import Entry
from keras_twostream.clips.names import VIDEO_SUFFIXES, alias_key, stem_of
from keras_twostream.remote.address import as_path, is_remote

_SHOWN = 3


class Finder:
    """Finds what a list means by a path.

    In this order: the path itself, below the root or absolute; the same path
    in another spelling (case, suffix; in folders "_" and white space too);
    its last folder and name; its name alone, if the list has no folder for it
    or the file is in none. What fits several files is not found.

    Args:
        root: Folder of the clips.
        clips: All clips in it, video files or folders of images.
    """

    def __init__(self, root: Path, clips: Iterable[Path]):
        self.root = root
        self._clips = {
            path.relative_to(root).as_posix(): path for path in clips
        }
        self._keys: dict[str, list[str]] = {}
        for name in self._clips:
            parts = _keys(name)
            for count in _counts(parts):
                key = "/".join(parts[-count:])
                self._keys.setdefault(key, []).append(name)

    def __len__(self) -> int:
        return len(self._clips)

    def example(self) -> str:
        """Returns the path of one clip, or "nothing"."""
        return repr(next(iter(self._clips), "nothing"))

    def find(self, entry: Entry) -> tuple[Path | None, str]:
        """Finds the clip of a row.

        Returns:
            Its path and ""; or `None` and the reason.
        """
        reasons = []
        for name in (entry.path, *entry.others):
            path, reason = self._find(name)
            if path is not None:
                return path, ""
            reasons.append(reason)
        return None, reasons[0]

    def unlisted(self, found: Iterable[Path]) -> list[Path]:
        """Returns the clips that are none of those found."""
        known = {*found}
        return [path for path in self._clips.values() if path not in known]

    def _find(self, name: str) -> tuple[Path | None, str]:
        if name in self._clips:
            return self._clips[name], ""
        if name.lower().endswith(VIDEO_SUFFIXES):
            # Or `name` itself, if it is absolute.
            path = as_path(name) if is_remote(name) else self.root / name
            if _is_file(path):
                return path, ""
        parts = _keys(name)
        for count in _counts(parts):
            near = self._keys.get("/".join(parts[-count:]), [])
            if count == 1 and len(parts) > 1:
                elsewhere = near
                near = [other for other in near if "/" not in other]
                if elsewhere and not near:
                    return None, _reason("it is in other folders", elsewhere)
            if len(near) > 1:
                suffix = name.rpartition(".")[2]
                near = [x for x in near if x.endswith(f".{suffix}")] or near
            if len(near) == 1:
                return self._clips[near[0]], ""
            if near:
                return None, _reason("it may be any of", near)
        return None, "the list has it, and the folder has not"


def _keys(name: str) -> list[str]:
    """Returns what is equal for all spellings of a path, part by part."""
    *folders, last = [part for part in name.split("/") if part] or [""]
    # Clips may differ in "_" alone: "1_11" is not "11_1".
    stem = unicodedata.normalize("NFC", stem_of(last))
    return [*map(alias_key, folders), stem.casefold()]


def _counts(parts: list[str]) -> list[int]:
    """Returns how many of the last parts are compared, in order."""
    return sorted({1, min(2, len(parts)), len(parts)}, reverse=True)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that no file can have
        return False


def _reason(what: str, names: list[str]) -> str:
    return f"{what}: {', '.join(map(repr, names[:_SHOWN]))}"
