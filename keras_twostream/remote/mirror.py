"""A folder behind an address that is made here first.

Files appear there one by one, each whole, and the one that makes a set of
them last of all. A file that has arrived, and one that was there before, is
here a **stand-in**: an empty file of the same size, which costs no space. So
an interrupted run goes on where it stopped, and a finished one needs nothing
here: what is there is all that there is.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

from keras_twostream.remote.address import Address
from keras_twostream.remote.cache import text_hash
from keras_twostream.remote.copies import copies_dir
from keras_twostream.remote.stores import Store, store_of

# Seconds since 1970 at which stand-ins, and no files written here, change.
_LONG_AGO = 0


@contextlib.contextmanager
def mirrored(address: str, last: Sequence[str]) -> Iterator[Path]:
    """Yields a folder of this machine, and copies it to an address.

    It holds what is there: the files of `last` themselves, of the others
    stand-ins. What is hidden in it is not copied. It stays if anything fails,
    and the next call for the address goes on with it. One process at a time
    may write to an address.

    Args:
        address: The folder there.
        last: The files, if they are there, that are copied after all others,
            in this order, and of which the content is needed.

    Raises:
        OSError: If the address cannot be written or read.
        ValueError: If nothing here opens such addresses, or another machine
            has changed `last` since an interrupted call.
    """
    place = Address(address)
    store = store_of(place.scheme)
    _probe(place, store)
    base = copies_dir() / "mirrors" / text_hash(str(place))[:16]
    folder, note = base / place.name, base / "version"
    _pull(place, folder, note, last)
    yield folder
    _push(place, folder, last, store)
    shutil.rmtree(base)


def _probe(place: Address, store: Store) -> None:
    """Finds out now, not after hours, whether anything can be written."""
    name = str(place / ".writable")
    with tempfile.NamedTemporaryFile() as file:
        store.put(Path(file.name), name)
    store.remove(name)


def _pull(
    place: Address, folder: Path, note: Path, last: Sequence[str]
) -> None:
    """Makes a folder show what is there, unless a run was interrupted."""
    there = _files(place)
    known = _read(place / last[-1])
    version = hashlib.sha256(known).hexdigest()
    if note.is_file():
        # It may have been this machine that changed it, just before its end.
        if known != _read(folder / last[-1]) and note.read_text() != version:
            raise ValueError(
                f"{place} was changed elsewhere since {folder} was begun. "
                "Delete that folder's parent to begin anew."
            )
        _forget_lost(folder, there)
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, size in there.items():
        if name in last:
            (folder / name).write_bytes((place / name).read_bytes())
        else:
            _stand_in(folder / name, size)
    note.write_text(version)


def _forget_lost(folder: Path, there: dict[str, int]) -> None:
    """Removes stand-ins for what is not there, or not of that size."""
    for path in _own(folder):
        name = path.relative_to(folder).as_posix()
        if _stands_in(path) and there.get(name) != path.stat().st_size:
            path.unlink()


def _push(
    place: Address, folder: Path, last: Sequence[str], store: Store
) -> None:
    """Copies what is new, and removes there what is not here."""
    names = [path.relative_to(folder).as_posix() for path in _own(folder)]
    for name in sorted(set(names) - {*last}):
        if not _stands_in(folder / name):
            _put(folder / name, str(place / name), store)
            _stand_in(folder / name, (folder / name).stat().st_size)
    for name in last:
        if name in names:
            _put(folder / name, str(place / name), store)
    for name in _files(place).keys() - {*names}:
        store.remove(str(place / name))


def _put(source: Path, address: str, store: Store) -> None:
    """Copies a file there, where it appears whole."""
    if store.atomic:
        store.put(source, address)
        return
    before, slash, name = address.rpartition("/")
    partial = f"{before}{slash}.{name}.partial"
    store.put(source, partial)
    store.move(partial, address)


def _files(place: Address) -> dict[str, int]:
    """Returns path -> bytes of what is there and not hidden."""
    if not place.is_dir():
        return {}
    return {
        name: cast(Address, place / name).stat().st_size
        if size is None
        else size
        for name, size in store_of(place.scheme).walk(str(place))
        if not any(part.startswith(".") for part in name.split("/"))
    }


def _read(path: Path) -> bytes:
    """Returns the content of a file, nothing if it is not there."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _own(folder: Path) -> list[Path]:
    """Returns the files of a folder that are not hidden."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(x.startswith(".") for x in path.relative_to(folder).parts)
    ]


def _stand_in(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.truncate(size)
    os.utime(partial, (_LONG_AGO, _LONG_AGO))
    partial.replace(path)


def _stands_in(path: Path) -> bool:
    return path.stat().st_mtime == _LONG_AGO
