"""Stores that tests read from and write to."""

import contextlib

import pytest
import remote_cases
from remote_servers import s3_environment, serving, serving_s3

from keras_twostream.remote import as_path
from keras_twostream.remote.stores import fsspec_lacks, schemes, store_of


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A folder of copies for every test of a module that imports this."""
    monkeypatch.setenv("KERAS_TWOSTREAM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def web(tmp_path):
    """A folder, its address and the requests for it."""
    folder = tmp_path / "web"
    folder.mkdir()
    with serving(folder) as (base, asked):
        yield folder, base, asked


@pytest.fixture(params=["ram", "memory"])
def store(request, tmp_path):
    """A folder in a store of TensorFlow, and in one of fsspec."""
    pytest.importorskip("tensorflow" if request.param == "ram" else "fsspec")
    address = f"{request.param}://{tmp_path.name}"
    files, source = store_of(request.param), tmp_path / "file"
    for name in ("a/1.txt", "a/b/2.txt", "3.bin"):
        source.write_bytes(name.encode())
        files.put(source, f"{address}/{name}")
    return as_path(address)


@pytest.fixture(scope="session")
def local(tmp_path_factory):
    """Videos and a prepared set of them."""
    return remote_cases.write_local(tmp_path_factory.mktemp("local"))


@pytest.fixture
def served(local):
    """The address of the same, and the requests for it."""
    with serving(local) as told:
        yield told


@pytest.fixture(scope="session")
def s3():
    """The address of an empty bucket; clients keep the port they saw first."""
    pytest.importorskip("moto")
    if "s3" not in schemes() and (why := fsspec_lacks("s3")):
        pytest.skip(why)
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(serving_s3("bucket"))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in s3_environment(port).items():
            patch.setenv(name, value)
        yield "s3://bucket"
