"""Presets of Hugging Face and Kaggle: their libraries, played by others."""

import importlib
import inspect
import sys
import types

import pytest

from keras_twostream.weights.hub import PATTERNS, fetch_folder, is_hub_address


class Played:
    """Stands for both libraries and remembers what it was asked."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.asked, self.error = str(folder), [], None
        for name, function in (
            ("huggingface_hub", "snapshot_download"),
            ("kagglehub", "model_download"),
        ):
            module = types.ModuleType(name)
            setattr(module, function, getattr(self, function))
            monkeypatch.setitem(sys.modules, name, module)

    def snapshot_download(
        self,
        repo_id,
        *,
        repo_type=None,
        revision=None,
        cache_dir=None,
        local_dir=None,
        library_name=None,
        library_version=None,
        user_agent=None,
        etag_timeout=10,
        force_download=False,
        token=None,
        local_files_only=False,
        allow_patterns=None,
        ignore_patterns=None,
        max_workers=8,
        tqdm_class=None,
        headers=None,
        endpoint=None,
    ):
        return self._answer(repo_id, revision, local_files_only, allow_patterns)

    def model_download(
        self, handle, path=None, *, force_download=False, output_dir=None
    ):
        return self._answer(handle, path, force_download, output_dir)

    def _answer(self, *asked):
        self.asked.append(asked)
        if self.error:
            raise self.error
        return self.folder


@pytest.fixture(autouse=True)
def environment(tmp_path, monkeypatch):
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "kaggle"))
    for name in ("KERAS_TWOSTREAM_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def hubs(tmp_path, monkeypatch):
    return Played(tmp_path, monkeypatch)


def test_addresses_of_hubs():
    assert is_hub_address("hf://user/repository")
    assert is_hub_address("kaggle://user/model/keras/base")
    assert not is_hub_address("https://huggingface.co/user/repository")
    assert not is_hub_address("spatial.test")


def test_only_files_of_presets_are_asked_of_hugging_face(hubs, tmp_path):
    assert fetch_folder("hf://user/my.repo-1") == tmp_path
    assert fetch_folder("hf://user/repo@refs/pr/1") == tmp_path
    assert hubs.asked == [
        ("user/my.repo-1", None, False, PATTERNS),
        ("user/repo", "refs/pr/1", False, PATTERNS),
    ]
    assert not any(
        pattern.endswith((".py", ".pkl", "*")) for pattern in PATTERNS
    )


def test_kaggle_is_asked_by_its_handle(hubs, tmp_path):
    assert fetch_folder("kaggle://user/model/keras/base") == tmp_path
    assert fetch_folder("kaggle://user/model/keras/base/3") == tmp_path
    handles = [asked[0] for asked in hubs.asked]
    assert handles == ["user/model/keras/base", "user/model/keras/base/3"]


@pytest.mark.parametrize(
    "address",
    [
        "hf://",
        "hf://user",
        "hf://user/repository/file",
        "hf://../repository",
        "hf://user/repository@",
        "kaggle://user/model",
        "kaggle://user/model/keras",
        "kaggle://user/model/keras/base/latest",
        "kaggle://user/model/keras/base/3/file",
        "kaggle://user/model/../base",
    ],
)
def test_a_wrong_address_is_named(hubs, address):
    with pytest.raises(ValueError, match="Addresses of hubs") as caught:
        fetch_folder(address)
    assert repr(address) in str(caught.value)
    assert hubs.asked == []


@pytest.mark.parametrize(
    "variable", ["KERAS_TWOSTREAM_OFFLINE", "HF_HUB_OFFLINE"]
)
def test_hugging_face_offline_asks_only_its_cache(hubs, monkeypatch, variable):
    monkeypatch.setenv(variable, "1")
    fetch_folder("hf://user/repo")
    assert hubs.asked == [("user/repo", None, True, PATTERNS)]
    hubs.error = FileNotFoundError("no such snapshot")
    with pytest.raises(ValueError, match="OFFLINE is set.*no such snapshot"):
        fetch_folder("hf://user/repo")


def test_kaggle_offline_is_what_it_has_kept(hubs, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_TWOSTREAM_OFFLINE", "1")
    address = "kaggle://user/model/keras/base"
    folder = tmp_path / "kaggle" / "models" / "user/model/keras/base"
    with pytest.raises(ValueError, match="OFFLINE is set.*no copy in"):
        fetch_folder(address)
    for version in ("2", "9", "10", "11"):
        (folder / version).mkdir(parents=True)
    # Version 11 was interrupted, 12 removed.
    for version in ("2", "9", "10", "12"):
        (folder / f"{version}.complete").touch()
    assert fetch_folder(address) == folder / "10"
    assert fetch_folder(f"{address}/2") == folder / "2"
    with pytest.raises(ValueError, match="no copy in"):
        fetch_folder(f"{address}/11")
    assert hubs.asked == []


@pytest.mark.parametrize(
    "address", ["hf://user/repo", "kaggle://user/model/keras/base"]
)
def test_what_a_hub_refuses_is_one_sentence(hubs, address):
    for error in (OSError("404\n\nlong story"), Exception("404"), KeyError()):
        hubs.error = error
        with pytest.raises(ValueError, match=f"{address} cannot be had") as got:
            fetch_folder(address)
        assert "long story" not in str(got.value)


@pytest.mark.parametrize(
    ("address", "library"),
    [
        ("hf://user/repo", "huggingface_hub"),
        ("kaggle://user/model/keras/base", "kagglehub"),
    ],
)
def test_a_missing_library_is_named(monkeypatch, address, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=library) as caught:
        fetch_folder(address)
    assert "pip install 'keras_twostream[hub]'" in str(caught.value)


@pytest.mark.parametrize(
    ("library", "function"),
    [
        ("huggingface_hub", "snapshot_download"),
        ("kagglehub", "model_download"),
    ],
)
def test_who_plays_knows_the_part(library, function):
    pytest.importorskip(library)
    real = getattr(importlib.import_module(library), function)
    played = inspect.signature(getattr(Played, function)).parameters
    known = inspect.signature(real).parameters
    for name, parameter in list(played.items())[1:]:
        assert known[name].kind == parameter.kind, name


def test_the_real_library_has_no_such_snapshot(monkeypatch):
    pytest.importorskip("huggingface_hub")
    monkeypatch.setenv("KERAS_TWOSTREAM_OFFLINE", "1")
    with pytest.raises(ValueError, match="hf://no-such-user-1/x cannot be had"):
        fetch_folder("hf://no-such-user-1/x")
