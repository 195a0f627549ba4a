import io
import os
import struct
import threading

import numpy as np
import pytest
import soundfile

from celpvq import SoundFileError, TruncatedStream
from celpvq.audio import read_sound

CELLS = [
    ("WAV", "PCM_U8"), ("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "PCM_32"), ("WAV", "FLOAT"),
    ("WAV", "DOUBLE"), ("WAV", "ULAW"), ("WAV", "ALAW"), ("RF64", "PCM_16"), ("WAVEX", "PCM_16"),
    ("AIFF", "PCM_16"), ("AU", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("MP3", None),
]  # fmt: skip
every_cell = pytest.mark.parametrize(("kind", "subtype"), CELLS)


def sound_bytes(kind, subtype, channels=1, n=70000, rate=16000):
    x = 0.3 * np.random.default_rng(0).normal(size=(n, channels)).clip(-3, 3)
    file = io.BytesIO()
    soundfile.write(file, x, rate, format=kind, subtype=subtype)
    return file.getvalue()


def blocks_of(path, **options):
    with path.open("rb") as file:
        sound = read_sound(file, path.name, **options)
        return sound, np.concatenate([np.zeros((0, sound.channels)), *sound.blocks])


@pytest.mark.parametrize(
    ("kind", "subtype", "channels"),
    [(*cell, n) for cell in CELLS for n in (1, 2, 6) if (cell[0], n) != ("MP3", 6)],
)
def test_sound_files_are_read_in_blocks(kind, subtype, channels, tmp_path):
    path = tmp_path / "sound"
    path.write_bytes(sound_bytes(kind, subtype, channels))
    sound, x = blocks_of(path)
    assert (sound.samplerate, sound.channels, sound.n_samples) == (16000, channels, 70000)
    with path.open("rb") as file:
        np.testing.assert_allclose(x, soundfile.read(file, always_2d=True)[0], atol=1e-6)


@every_cell
def test_a_truncated_sound_file_is_refused_unless_asked_for(kind, subtype, tmp_path):
    data = sound_bytes(kind, subtype)
    path = tmp_path / "sound"
    path.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises((TruncatedStream, SoundFileError), match=r"^sound: "):
        blocks_of(path)
    _, x = blocks_of(path, strict=False)
    assert 25000 < len(x) < 60000


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFF000, 0x7FFFFFFF])
def test_a_wav_file_that_came_through_a_pipe_says_no_length(length, tmp_path):
    data = sound_bytes("WAV", "PCM_16", n=1000)
    path = tmp_path / "sound"
    path.write_bytes(data[:40] + struct.pack("<I", length) + data[44:])
    assert len(blocks_of(path)[1]) == 1000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n" * 30,
        b"\x89CVQ" + bytes(60),
        sound_bytes("WAV", "PCM_16", n=9)[:20],
        bytes(99),
    ],
)
def test_what_is_not_sound_is_refused(data, tmp_path):
    path = tmp_path / "sound.raw"  # an ending that soundfile takes for headerless sound
    path.write_bytes(data)
    with pytest.raises(SoundFileError, match=r"^sound\.raw: .*(expected|not) a sound file"):
        blocks_of(path)


def test_a_flac_file_need_not_say_its_length(tmp_path):
    data = bytearray(sound_bytes("FLAC", "PCM_16"))
    data[21] &= 0xF0  # 36 bits of STREAMINFO
    data[22:26] = bytes(4)
    (tmp_path / "sound").write_bytes(data)
    sound, x = blocks_of(tmp_path / "sound")
    assert sound.n_samples is None
    assert len(x) == 70000


def test_sound_comes_through_a_pipe():
    data = sound_bytes("FLAC", "PCM_16")
    read_fd, write_fd = os.pipe()

    def write():
        with os.fdopen(write_fd, "wb") as pipe:
            pipe.write(data)

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(read_fd, "rb") as pipe:
        sound = read_sound(pipe, "pipe")
        x = np.concatenate(list(sound.blocks))
    writer.join()
    np.testing.assert_array_equal(x, soundfile.read(io.BytesIO(data), always_2d=True)[0])
