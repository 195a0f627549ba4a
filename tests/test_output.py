"""Where results go: files that can go back, files that cannot, writers that nobody closes."""

import bz2
import gc
import gzip
import io
import os
import subprocess
import sys

import numpy as np
import pytest
from files import Pipe

import celpvq
from celpvq import OutputExistsError
from celpvq.errors import OutputError
from celpvq.output import Output, write_first

x = np.sin(np.arange(8000) / 9) / 3


def encode_into(file):
    with celpvq.open(file, "w", samplerate=8000, preset="fast") as writer:
        writer.write(x)


@pytest.mark.parametrize("module", [gzip, bz2])
def test_a_stream_goes_into_a_compressed_file(module, tmp_path):
    with module.open(tmp_path / "a", "wb") as file:
        encode_into(file)
    with module.open(tmp_path / "a") as file:
        assert celpvq.info(file).n_samples == 8000


@pytest.mark.parametrize("before", [b"", b"before"])
def test_a_stream_goes_to_the_end_of_a_file_in_append_mode(before, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(before)
    with path.open("ab") as file:
        encode_into(file)
    flags = os.O_APPEND | os.O_WRONLY
    with os.fdopen(os.open(path, flags), "wb") as file:
        encode_into(file)
    with path.open("rb") as file:
        file.seek(len(before))
        one = (path.stat().st_size - len(before)) // 2
        for _ in range(2):
            assert celpvq.info(io.BytesIO(file.read(one))).n_samples == 8000


class Stays(io.BytesIO):
    """A file that says it can seek, and stays where it is."""

    def seek(self, *_):
        return self.tell()


class Raises(io.BytesIO):
    """A file that says it can seek, and cannot."""

    def seek(self, *_):
        raise OSError("no")


class GoesToTheEnd(io.BytesIO):
    """A file that seeks, and writes at its end all the same."""

    def write(self, data):
        super().seek(0, 2)
        return super().write(data)


@pytest.mark.parametrize("kind", [Pipe, Stays, Raises])
def test_objects_that_lie_about_seeking_get_a_whole_stream(kind):
    file = kind()
    encode_into(file)
    assert celpvq.info(file.getvalue()).whole


def test_an_object_that_writes_elsewhere_is_refused_at_once():
    file = GoesToTheEnd()
    with pytest.raises(OutputError, match="append mode"):
        celpvq.open(file, "w", samplerate=8000)
    assert len(file.getvalue()) == 8


def test_a_stream_begins_where_a_file_stands():
    file = io.BytesIO(b"before")
    file.seek(6)
    encode_into(file)
    assert celpvq.info(file.getvalue()[6:]).n_samples == 8000
    assert write_first(file, b"first") == len(file.getvalue()) - 5


def test_a_writer_that_is_never_closed_leaves_nothing_and_warns(tmp_path):
    outputs = [Output(tmp_path / "a")]
    outputs[0].write(b"some")
    with pytest.warns(ResourceWarning, match="a: its writer was never closed"):
        outputs.clear()
    assert os.listdir(tmp_path) == []


def test_a_process_that_forgets_its_writer_leaves_nothing(tmp_path):
    text = (
        "import numpy as np, celpvq\n"
        "writer = celpvq.open('never.cvq', 'w', samplerate=8000, preset='fast')\n"
        "writer.write(np.zeros(8000))\n"
    )
    command = [sys.executable, "-W", "default", "-c", text]
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0
    assert "ResourceWarning: never.cvq: its writer was never closed" in done.stderr
    assert os.listdir(tmp_path) == []


def test_a_writer_that_is_closed_does_not_warn(tmp_path):
    for end in (Output.commit, Output.discard):
        output = Output(tmp_path / "a")
        end(output)
        del output
        gc.collect()


def test_an_output_keeps_links_and_permissions(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    with Output(link) as output:
        output.write(b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o640


def test_an_output_replaces_only_what_it_may(tmp_path):
    path = tmp_path / "a"
    output = Output(path, overwrite=False)
    path.write_bytes(b"somebody else's")
    with pytest.raises(OutputExistsError, match="exists already"):
        output.commit()
    with pytest.raises(OutputExistsError, match="exists already"):
        Output(path, overwrite=False)
    assert os.listdir(tmp_path) == ["a"]
    assert path.read_bytes() == b"somebody else's"
