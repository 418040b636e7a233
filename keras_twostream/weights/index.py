"""The entries of a zoo: the package's own, or those of another."""

import difflib
import fnmatch
import json
import os
from dataclasses import dataclass
from pathlib import Path

from keras_twostream.remote.download import is_remote, read_remote
from keras_twostream.weights.entry import Weights, parse_entry

# Names another zoo than the package's: a folder, or the address of one whose
# `index.json` lists the names of its entries.
VARIABLE = "KERAS_TWOSTREAM_ZOO"
INDEX = "index.json"
_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Zoo:
    """A folder of entries, here or behind an address.

    Attributes:
        base: The folder, or its address without a slash at the end.
    """

    base: str | Path

    def names(self) -> list[str]:
        """Returns the names of all entries, sorted."""
        if isinstance(self.base, Path):
            return sorted(path.stem for path in self.base.glob("*.*.json"))
        address = f"{self.base}/{INDEX}"
        names = _json(read_remote(address), address)
        if not isinstance(names, list) or not all(
            isinstance(name, str) for name in names
        ):
            raise ValueError(
                f"{address} must be a list of names. Received: {names!r:.200}"
            )
        return sorted(names)

    def entry(self, name: str) -> Weights:
        """Returns the entry of a name that `names` lists."""
        path = self.address(f"{name}.json")
        content = (
            path.read_bytes() if isinstance(path, Path) else read_remote(path)
        )
        entry = parse_entry(content, path)
        if entry.name != name:
            raise ValueError(
                f"{path} must be the entry {name!r}. Received: {entry.name!r}"
            )
        return entry

    def address(self, name: str) -> str | Path:
        """Returns the path or the address of a file of the zoo."""
        if isinstance(self.base, Path):
            return self.base / name
        return f"{self.base}/{name}"


def find_zoo() -> Zoo:
    """Returns the zoo that the environment names, or the package's own.

    Raises:
        ValueError: If `$KERAS_TWOSTREAM_ZOO` is neither a folder nor an
            address.
    """
    chosen = os.environ.get(VARIABLE)
    if not chosen:
        # In a wheel the entries are in the package, in a checkout beside it.
        packed = _PACKAGE / "zoo" / "entries"
        beside = _PACKAGE.parent / "zoo" / "entries"
        return Zoo(packed if packed.is_dir() else beside)
    if is_remote(chosen):
        return Zoo(chosen.rstrip("/"))
    if not Path(chosen).is_dir():
        raise ValueError(
            f"${VARIABLE} must be a folder or the address of a zoo. "
            f"Received: {chosen!r}"
        )
    return Zoo(Path(chosen))


def list_weights(pattern: str = "*") -> list[str]:
    """Returns the names of pretrained weights that match a pattern.

    Args:
        pattern: Shell-style pattern such as `"conv*"`, or the name of a
            network, which stands for all of its weights.
    """
    names = find_zoo().names()
    return [
        name
        for name in names
        if fnmatch.fnmatchcase(name, pattern)
        or name.partition(".")[0] == pattern
    ]


def get_weights(name: str) -> Weights:
    """Returns what is known of pretrained weights.

    Args:
        name: A name of `list_weights()`.

    Raises:
        ValueError: If there is no such entry; the message lists the names.
    """
    zoo = find_zoo()
    names = zoo.names()
    if name not in names:
        raise ValueError(
            f"There are no weights {name!r} in the zoo.{known(name, names)}"
        )
    return zoo.entry(name)


def known(name: str, names: list[str]) -> str:
    """Returns the end of an error: what could have been meant."""
    close = difflib.get_close_matches(str(name), names, n=3)
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    return f"{hint} There are: {', '.join(names) or 'none'}"


def _json(content, address):
    try:
        return json.loads(content)
    except ValueError as error:
        raise ValueError(f"{address} is not JSON: {error}") from error
