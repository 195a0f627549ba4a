"""Sound from pipes, sockets and compressed files; from objects that do not keep their promises."""

import bz2
import gzip
import io
import socket
import threading

import numpy as np
import pytest
from files import Pipe
from formats import sound_file

from celpvq import ArgumentTypeError, SoundFileError
from celpvq.audio import read_sound

DATA = sound_file("WAV")


def samples(file):
    return np.concatenate(list(read_sound(file, "file").mono()))


WHOLE = samples(io.BytesIO(DATA))


class Liar(io.BytesIO):
    """A file that says it can seek, and stays where it is."""

    def seek(self, *_):
        return 0


class NoDescriptor(io.RawIOBase):
    """A file that only reads."""

    def __init__(self, data):
        self._rest = data

    def read(self, size=-1):
        data, self._rest = self._rest[:1000], self._rest[1000:]
        return data

    def readable(self):
        return True


def test_compressed_files_are_read(tmp_path):
    for module, name in ((gzip, "a.gz"), (bz2, "a.bz2")):
        with module.open(tmp_path / name, "wb") as file:
            file.write(DATA)
        with module.open(tmp_path / name) as file:
            np.testing.assert_array_equal(samples(file), WHOLE)


@pytest.mark.parametrize("make", [Pipe, NoDescriptor, lambda data: Pipe(data, 7)])
def test_files_that_cannot_seek_are_read(make):
    np.testing.assert_array_equal(samples(make(DATA)), WHOLE)


def test_a_socket_is_read():
    ours, theirs = socket.socketpair()

    def write():
        theirs.sendall(DATA)
        theirs.close()

    writer = threading.Thread(target=write)
    writer.start()
    with ours, ours.makefile("rb") as file:
        np.testing.assert_array_equal(samples(file), WHOLE)
    writer.join()


def test_sound_begins_where_the_file_stands(tmp_path):
    path = tmp_path / "sound"
    path.write_bytes(b"something before" + DATA)
    with path.open("rb") as file:
        file.seek(16)
        np.testing.assert_array_equal(samples(file), WHOLE)


def test_a_file_that_lies_about_seeking_is_read():
    np.testing.assert_array_equal(samples(Liar(DATA)), WHOLE)


@pytest.mark.parametrize("file", [io.StringIO("RIFF"), "name.wav", None, b"RIFF"])
def test_other_objects_are_refused(file):
    with pytest.raises(ArgumentTypeError, match="expected a binary file, got"):
        read_sound(file, "file")


def test_text_from_read_is_refused():
    class Text(NoDescriptor):
        def read(self, size=-1):
            return "text"

    with pytest.raises(ArgumentTypeError, match="file: expected bytes, got str"):
        read_sound(Text(b""), "file")


def test_a_file_that_does_not_wait_is_refused():
    class Empty(NoDescriptor):
        def read(self, size=-1):
            return super().read(size) or None

    with pytest.raises(SoundFileError, match="non-blocking"):
        read_sound(Empty(DATA), "file")


def test_an_error_of_the_disk_is_an_error():
    class Broken(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > 5000:
                raise OSError(5, "Input/output error")
            return super().read(size)

    with pytest.raises(OSError, match="Input/output error"):
        samples(Broken(DATA))
