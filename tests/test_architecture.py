"""The rooms of the package: nobody imports upwards, nobody in a circle."""

import ast
import pathlib

import pytest

import keras_twostream

ROOT = pathlib.Path(keras_twostream.__file__).parent
MODEL_WING = {"backbones", "layers", "models", "weights"}
VIDEO_WING = {"clips", "data", "flow", "preparation", "remote", "video"}
# Room -> rooms that it may import.
ROOMS = {
    "transforms": set(),
    "layers": {"flow", "transforms"},
    "backbones": {"layers"},
    "remote": set(),
    "weights": {"backbones", "flow", "remote"},
    "models": {"backbones", "flow", "layers", "weights"},
    "converters": MODEL_WING | {"flow"},
    "zoo": MODEL_WING | {"converters", "flow", "remote"},
    "video": {"remote"},
    "flow": set(),
    "clips": {"remote", "video"},
    "preparation": {"clips", "flow", "remote", "video"},
    "data": {
        *("clips", "flow", "preparation", "remote", "transforms", "video"),
    },
    "evaluation": MODEL_WING | VIDEO_WING | {"zoo"},
    "report": {"evaluation", "flow", "models"},
    "doctor": VIDEO_WING | {"report"},
    "training": MODEL_WING | VIDEO_WING | {"evaluation", "report", "zoo"},
    "search": MODEL_WING | VIDEO_WING | {"evaluation", "report", "training"},
    "demo": MODEL_WING | VIDEO_WING | {"evaluation", "report", "training"},
    "_serializable": {"layers", "models"},
}
ALWAYS = {"_lazy", "_runtime", "__version__"}
FILES = sorted(ROOT.rglob("*.py"))


def imports_of(path):
    """Yields the full names of the modules that a file imports, anywhere."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def room_of(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def test_every_room_has_its_rule():
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert rooms - {"cli"} == {*ROOMS} - {"_serializable"}


def test_the_rules_have_no_circle():
    left = dict(ROOMS)
    while left:
        free = [room for room, uses in left.items() if not uses & {*left}]
        assert free, f"a circle among {[*left]}"
        for room in free:
            del left[room]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_rooms_import_downwards(path):
    room = room_of(path)
    allowed = ROOMS.get(room, set()) | ALWAYS | {room}
    for name in imports_of(path) if room != "cli" else ():
        package, _, rest = name.partition(".")
        if package == "keras_twostream" and rest:
            assert rest.partition(".")[0] in allowed, name
        if (room, package) == ("layers", "keras_twostream") and "flow" in name:
            assert name.startswith("keras_twostream.flow.spec")


def test_the_video_wing_knows_no_keras():
    for path in FILES:
        if room_of(path) in ("clips", "flow", "preparation", "video"):
            packages = {name.partition(".")[0] for name in imports_of(path)}
            assert not packages & {"keras", "tensorflow"}, path


def test_files_are_short():
    for path in FILES:
        assert len(path.read_text().splitlines()) <= 240, path
