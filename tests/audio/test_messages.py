"""What is said of files that are not sound."""

import io

import pytest
from formats import sound_file

from celpvq import SoundFileError
from celpvq.audio import read_sound


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom", "MPEG-4"), (b"\x1aE\xdf\xa3", "Matroska"),
        (b"#!AMR\n", "AMR"), (b"wvpk", "WavPack"), (b"\x1f\x8b\x08", "gzip"), (b"PK\3\4", "ZIP"),
        (b"<!DOCTYPE html>", "HTML"),
    ],
)  # fmt: skip
def test_known_formats_are_named_and_not_called_headerless(head, name):
    with pytest.raises(SoundFileError, match=f"^a.x: {name}.* convert it first") as error:
        read_sound(io.BytesIO(head + bytes(1000)), "a.x")
    assert "--raw" not in str(error.value)


def test_unknown_data_may_be_headerless():
    with pytest.raises(SoundFileError, match=r"^a.x: not a sound file .* --raw$"):
        read_sound(io.BytesIO(bytes(range(256)) * 9), "a.x")


def test_damaged_sound_is_not_called_headerless():
    data = bytearray(sound_file("WAV"))
    data[20:36] = b"\xff" * 16
    with pytest.raises(SoundFileError, match=r"^a.x: not a sound file") as error:
        read_sound(io.BytesIO(bytes(data)), "a.x")
    assert "--raw" not in str(error.value)
