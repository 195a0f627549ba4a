import io

import numpy as np
import pytest
import soundfile
from files import Pipe

from celpvq import ArgumentError, SoundFileError, TruncatedStream
from celpvq.audio import SoundWriter, read_raw
from celpvq.audio.rawfiles import compress, expansion


@pytest.mark.parametrize("step", [1, 3, 1 << 20])
def test_headerless_sound_is_16_bits_little_endian(step):
    x = np.arange(-500, 500).astype("<i2")
    sound = read_raw(Pipe(x.tobytes(), step), 8000, "raw")
    np.testing.assert_array_equal(np.concatenate(list(sound.blocks)), x[:, None])
    odd = x.tobytes() + b"\0"
    with pytest.raises(TruncatedStream, match="one byte at the end"):
        list(read_raw(Pipe(odd, step), 8000, "raw").blocks)
    sound = read_raw(Pipe(odd, step), 8000, "raw", strict=False)
    assert sum(map(len, sound.blocks)) == 1000


@pytest.mark.parametrize("subtype", ["ALAW", "ULAW"])
def test_telephone_bytes_are_those_of_soundfile(subtype):
    data = bytes(range(256))
    expected, _ = soundfile.read(
        io.BytesIO(data), format="RAW", subtype=subtype, channels=1, samplerate=8000, dtype="int16"
    )
    np.testing.assert_array_equal(expansion(subtype), expected)
    sound = read_raw(Pipe(data, 7), 8000, "call", subtype=subtype.lower())
    np.testing.assert_array_equal(np.concatenate(list(sound.blocks))[:, 0], expected)


@pytest.mark.parametrize("subtype", ["ALAW", "ULAW"])
def test_telephone_bytes_are_the_nearest(subtype):
    table = expansion(subtype).astype(int)
    x = np.arange(-32768, 32768).astype(np.int16)
    written = table[np.frombuffer(compress(x, subtype), np.uint8)]
    nearest = np.sort(table)
    at = np.searchsorted(nearest, x).clip(1, 255)
    distance = np.minimum(abs(nearest[at] - x), abs(nearest[at - 1] - x))
    np.testing.assert_array_equal(abs(written - x), distance)
    file = io.BytesIO()
    SoundWriter(file, ".raw", 8000, subtype=subtype).write(x)
    assert file.getvalue() == compress(x, subtype)


@pytest.mark.parametrize("subtype", ["alaw2", "PCM_24", None, 3])
def test_other_headerless_formats_are_refused(subtype):
    with pytest.raises(ArgumentError, match="subtype: expected PCM_16, ALAW, ULAW, got"):
        read_raw(io.BytesIO(b""), 8000, "raw", subtype=subtype)


def test_a_file_that_does_not_wait_is_refused():
    class Empty(io.BytesIO):
        def read(self, size=-1):
            return super().read(size) or None

    with pytest.raises(SoundFileError, match="non-blocking"):
        list(read_raw(Empty(bytes(10)), 8000, "raw").blocks)
