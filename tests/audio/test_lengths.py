"""How long sound is, when headers lie, lack or contradict the data."""

import io
import struct

import numpy as np
import pytest
import soundfile
from formats import ID3V1, ape, id3v2, sound_file, with_number

from celpvq import SoundFileError, TruncatedStream
from celpvq.audio import read_sound
from celpvq.audio.mpeg import parse
from celpvq.audio.ogg import with_checksums

UNCOMPRESSED = ["WAV", "WAVEX", "RF64", "AIFF", "AU", "CAF", "W64", "NIST", "VOC", "SVX", "AVR",
                "HTK", "MPC2K", "WVE", "MAT4", "MAT5", "SDS"]  # fmt: skip
NO_LENGTH = ["PAF", "PVF", "IRCAM", "XI"]  # the format declares none: the data go to the end
CHAINABLE = ["WAV", "WAVEX", "RF64", "AIFF", "AU", "CAF", "W64", "NIST", "VOC", "SVX", "AVR",
             "WVE", "FLAC", "OGG", "MP3"]  # fmt: skip


def read(data, strict=True):
    """Return the samples of a file, and what the reader notes."""
    sound = read_sound(io.BytesIO(data), "file", strict=strict)
    x = np.concatenate([np.zeros(0), *sound.mono()])
    return x, sound.notes


def refused(data, message="--partial"):
    with pytest.raises((TruncatedStream, SoundFileError), match=f"^file: .*{message}"):
        read(data)
    return read(data, strict=False)


def decoded(data):
    """Return what soundfile makes of a sound file."""
    return soundfile.read(io.BytesIO(data), dtype="float64")[0]


def samples_of(data):
    """Return what soundfile makes of a file with a tag in front, which it needs for MP3."""
    return decoded(id3v2(100) + data if data[:1] == b"\xff" else data)


def test_every_format_of_libsndfile_has_a_row_here():
    known = {*UNCOMPRESSED, *NO_LENGTH, "FLAC", "OGG", "MP3"}
    assert set(soundfile.available_formats()) == known | {"RAW", "SD2"}


# whole, cut, tagged, chained ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*UNCOMPRESSED, *NO_LENGTH, "FLAC", "OGG", "MP3"])
def test_whole_files_are_read_whole(kind):
    data = sound_file(kind)
    x, notes = read(data)
    np.testing.assert_allclose(x, samples_of(data), atol=1e-6)
    assert len(x) == 8000
    assert notes == []


@pytest.mark.parametrize("kind", [*UNCOMPRESSED, "FLAC", "OGG", "MP3"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_files_that_are_cut_are_refused_and_give_what_they_have(kind, share):
    data = sound_file(kind, seconds=3)
    whole, _ = read(data)
    x, notes = refused(data[: round(share * len(data))])
    assert 0.3 * share * len(whole) < len(x) <= 1.1 * share * len(whole)
    np.testing.assert_allclose(x[:-1600], whole[: len(x) - 1600], atol=1e-6)
    assert notes


@pytest.mark.parametrize("kind", [*UNCOMPRESSED, *NO_LENGTH, "FLAC", "OGG", "MP3"])
@pytest.mark.parametrize("tag", [ID3V1, ape(50), ape(50) + ID3V1])
def test_tags_behind_the_sound_are_no_sound(kind, tag):
    data = sound_file(kind)
    for strict in (True, False):
        x, notes = read(data + tag, strict)
        np.testing.assert_allclose(x, samples_of(data), atol=1e-6)
        assert notes == []


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "MP3", "AIFF"])
def test_tags_before_the_sound_are_no_sound(kind):
    data = sound_file(kind)
    x, _ = read(id3v2(60000) + id3v2(30) + data)
    np.testing.assert_allclose(x, samples_of(data), atol=1e-6)


@pytest.mark.parametrize("kind", CHAINABLE)
@pytest.mark.parametrize("between", [b"", ID3V1])
def test_files_one_after_the_other_are_all_read(kind, between):
    one, two = sound_file(kind), sound_file(kind, seconds=0.5)
    x, _ = read(one + between + two + one)
    expected = np.concatenate([samples_of(f) for f in (one, two, one)])
    np.testing.assert_allclose(x, expected, atol=1e-6)


def test_opus_is_chained_too():
    one = sound_file("OGG", "OPUS")
    x, _ = read(one + one)
    np.testing.assert_array_equal(x, np.tile(decoded(one), 2))


def test_files_of_different_rates_are_not_one_sound():
    one, two = sound_file("FLAC"), sound_file("FLAC", rate=16000)
    x, notes = refused(one + two, "part 2 of 2 has 16000 Hz")
    assert len(x) == 8000
    assert "part 2" in notes[0]


# WAV and its kin ----------------------------------------------------------------------------------


def bare_wav(n_bytes, declared, riff, big_endian=False, tail=b""):
    order, name = (">", b"RIFX") if big_endian else ("<", b"RIFF")
    x = np.arange(n_bytes // 2).astype(f"{order}i2").tobytes()
    fmt = struct.pack(f"{order}IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    head = name + struct.pack(f"{order}I", riff) + b"WAVEfmt " + fmt
    return head + b"data" + struct.pack(f"{order}I", declared) + x + tail


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize(
    ("declared", "riff"),
    [
        (0, 36), (0, 0), (0xFFFFFFFF, 0xFFFFFFFF), (0x80000000, 0x80000024), (0x7FFFF000, 36),
        (0x7FFFFFFF, 0x7FFFFFFF), (0xFFFFFFFF - 36, 0xFFFFFFFF), (0x7FFFFFFF - 36, 0),
        (0xFFFFFF00, 0xFFFFFF24),
    ],
)  # fmt: skip
def test_numbers_that_stand_for_unknown_are_no_length(declared, riff, big_endian):
    x, _ = read(bare_wav(4000, declared, riff, big_endian))
    np.testing.assert_array_equal(x * 32768, np.arange(2000))


@pytest.mark.parametrize("big_endian", [False, True])
def test_more_sound_than_declared_is_taken_and_said(big_endian):
    x, notes = read(bare_wav(4000, 1500, 1536, big_endian))
    assert len(x) == 2000
    assert notes == ["the header says 1500 bytes of sound, 4000 are there and were all taken"]


@pytest.mark.parametrize(
    "tail", [b"", b"\0" * 7, b"LIST\4\0\0\0INFO", b"LIST\xff\0\0\0INFO", b"abcd\1\0\0\0x\0", ID3V1]
)
def test_what_may_follow_the_sound_is_no_sound(tail):
    x, notes = read(bare_wav(4000, 4000, 4036, tail=tail))
    assert len(x) == 2000
    assert notes == []


def test_a_length_of_0_is_true_if_the_rest_is_in_order():
    data = bare_wav(0, 0, 36, tail=b"LIST\4\0\0\0INFO")
    assert len(read(data)[0]) == 0


def test_a_second_run_of_samples_is_read_too():
    data = bare_wav(4000, 4000, 8044, tail=b"data" + struct.pack("<I", 4000) + bytes(4000))
    assert len(read(data)[0]) == 4000


@pytest.mark.parametrize("subtype", ["ULAW", "ALAW", "FLOAT", "PCM_24", "GSM610", "MS_ADPCM"])
@pytest.mark.parametrize("declared", [0, 0xFFFFFFFF, 500])
def test_wrong_lengths_do_no_harm_to_coded_samples(subtype, declared):
    data = sound_file("WAV", subtype)
    x, _ = read(with_number(data, b"data", declared))
    np.testing.assert_array_equal(x, decoded(data))


@pytest.mark.parametrize("declared", [0, 500, (1 << 64) - 1, (1 << 63) - 1])
def test_64_bits_may_be_wrong_as_well(declared):
    wave, rf64 = sound_file("W64"), sound_file("RF64")
    x, _ = read(with_number(rf64, b"ds64", declared, "<Q", skip=12))
    np.testing.assert_array_equal(x, decoded(rf64))
    guid = bytes.fromhex("64617461f3acd3118cd100c04f8edb8a")
    size = min(declared + 24, (1 << 64) - 1)
    x, _ = read(with_number(wave, guid, size, "<Q"))
    np.testing.assert_array_equal(x, decoded(wave))


@pytest.mark.slow
def test_a_wav_file_beyond_4_gib_is_read_to_its_end(tmp_path):
    """The file is sparse: it takes no space on the disk."""
    path, n = tmp_path / "long.wav", (1 << 32) + 8_000_000
    with path.open("wb") as file:
        file.write(bare_wav(0, n % (1 << 32), (n + 36) % (1 << 32)))
        file.seek(44 + n - 4)
        file.write(b"\1\2\3\4")
    with path.open("rb") as file:
        sound = read_sound(file, "long.wav")
        assert sound.n_samples == n // 2


@pytest.mark.parametrize("declared", [8, 500, 0xFFFFFFFF, 0])
def test_aiff_lengths(declared):
    data = sound_file("AIFF")
    x, _ = read(with_number(data, b"SSND", declared, ">I"))
    np.testing.assert_array_equal(x, decoded(data))
    x, _ = read(with_number(data, b"COMM", 3, ">I", skip=6))
    np.testing.assert_array_equal(x, decoded(data))


@pytest.mark.parametrize("declared", [0, 500, 0xFFFFFFFF])
def test_au_lengths(declared):
    data = sound_file("AU")
    x, _ = read(with_number(data, b".snd", declared, ">I", skip=4))
    np.testing.assert_array_equal(x, decoded(data))


@pytest.mark.parametrize("declared", [-1, 4, 500])
def test_caf_lengths(declared):
    data = sound_file("CAF")
    x, _ = read(with_number(data, b"data", declared, ">q"))
    np.testing.assert_array_equal(x, decoded(data))


@pytest.mark.parametrize("text", [b"sample_count -i 0   ", b"sample_count -i 500 ", b"# "])
def test_nist_lengths(text):
    data = sound_file("NIST")
    x, _ = read(data.replace(b"sample_count -i 8000", text.ljust(20)))
    np.testing.assert_array_equal(x, decoded(data))


def test_voc_with_continued_blocks():
    data = sound_file("VOC")
    head, x = data[:26], data[42:-1]
    blocks = b"\x09" + (12 + 6000).to_bytes(3, "little") + data[30:42] + x[:6000]
    blocks += b"\x02" + (len(x) - 6000).to_bytes(3, "little") + x[6000:] + b"\0"
    np.testing.assert_array_equal(read(head + blocks)[0], decoded(data))


# MPEG audio ---------------------------------------------------------------------------------------


def mp3(rate=16000, channels=1, mode="VARIABLE", seconds=3.0):
    """Return an MP3 file, and the same without its Info frame, as a pipe gets it."""
    data = sound_file("MP3", None, rate, seconds, channels, bitrate_mode=mode)
    return data, data[parse(data[:4]).length :]


@pytest.mark.parametrize("mode", ["VARIABLE", "CONSTANT"])
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16000, 2), (44100, 1), (48000, 2)])
def test_mp3_without_an_info_frame_is_read_whole(rate, channels, mode):
    data, bare = mp3(rate, channels, mode)
    x, notes = read(bare)
    whole = samples_of(data)
    whole = whole if whole.ndim == 1 else whole.mean(axis=1)
    delay = 1105 - 529  # of the encoder, which an Info frame tells
    assert 0 <= len(x) - len(whole) <= 2 * 1152
    np.testing.assert_allclose(x[delay : delay + len(whole)][2000:], whole[2000:], atol=1e-4)
    assert notes == []


@pytest.mark.parametrize("front", [b"", id3v2(500), id3v2(60000), id3v2(5) + id3v2(9), bytes(300)])
@pytest.mark.parametrize("back", [b"", ID3V1, ape(200) + ID3V1, bytes(3000)])
def test_tags_do_not_change_an_mp3_file_without_an_info_frame(front, back):
    _, bare = mp3()
    np.testing.assert_array_equal(read(front + bare + back)[0], read(bare)[0])


def test_a_wrong_info_frame_is_put_right():
    data, bare = mp3()
    few = with_number(data, b"Xing", 20, ">I", skip=4)
    x, notes = read(few)
    assert len(x) == 48000
    assert "20 MPEG frames" in notes[0]
    refused(with_number(data, b"Xing", 400, ">I", skip=4), "expected 400 MPEG frames")
    without_number = with_number(data, b"Xing", 0, ">I")
    assert len(read(without_number)[0]) == len(read(bare)[0])


def test_damage_within_mpeg_frames_is_refused():
    _, bare = mp3()
    x, notes = refused(bare[:5000] + b"\xff" * 700 + bare[5000:], "are no MPEG audio")
    assert len(x) > 45000
    assert notes
    refused(bare[:5000] + bare[5900:], "are no MPEG audio")
    refused(bare[:-50], "expected a frame of")


def layer_2(n, kbps_ix=8):
    """Return frames of silence of MPEG-1 layer II, 44100 Hz, one channel."""
    kbps = (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)[kbps_ix]
    size = 144 * kbps * 1000 // 44100
    return (bytes([0xFF, 0xFD, kbps_ix << 4, 0xC0]) + bytes(size - 4)) * n


@pytest.mark.parametrize(
    ("data", "n"), [(layer_2(100), 100), (layer_2(10, 14) + layer_2(290, 1), 300)]
)
@pytest.mark.parametrize("front", [b"", id3v2(70000)])
def test_mp2_is_read_whole(data, n, front):
    assert len(read(front + data + ID3V1)[0]) == 1152 * n
    refused(data[:-9], "expected a frame of")


# Ogg and FLAC -------------------------------------------------------------------------------------


def page_starts(data):
    return [i for i in range(len(data)) if data[i : i + 5] == b"OggS\0"]


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_an_ogg_file_without_an_end_flag_gives_all_it_has(subtype):
    data = bytearray(sound_file("OGG", subtype, seconds=5))
    data[page_starts(data)[-1] + 5] &= ~4
    x, notes = refused(with_checksums(bytes(data)), "ends before its last page")
    assert len(x) == 40000
    assert notes == ["the Ogg file ends before its last page"]


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_a_missing_or_damaged_page_is_refused(subtype):
    data = sound_file("OGG", subtype, seconds=20)
    starts = page_starts(data)
    assert len(starts) > 5
    refused(data[: starts[-3]] + data[starts[-2] :], "expected page")
    wrong = bytearray(data)
    wrong[starts[-2] + 200] ^= 1
    refused(bytes(wrong), "checksum does not agree")
    refused(data[: starts[-2]] + b"junk" * 9 + data[starts[-2] :], "36 bytes at .* are no page")


def test_whole_packets_of_a_cut_page_are_saved():
    data = sound_file("OGG", "VORBIS", seconds=3)
    last = page_starts(data)[-1]
    x, _ = refused(data[: (last + len(data)) // 2], "is cut")
    before, _ = refused(data[:last])
    assert len(x) > len(before) + 500


def test_a_flac_file_of_unknown_or_wrong_length():
    data = sound_file("FLAC", seconds=3)
    for declared in (0, 9000):
        wrong = bytearray(data)
        wrong[21:26] = (int.from_bytes(data[21:26]) >> 36 << 36 | declared).to_bytes(5)
        x, notes = read(bytes(wrong))
        np.testing.assert_array_equal(x, decoded(data))
        assert bool(notes) == bool(declared)
    for cut in range(len(data) - 2000, len(data), 333):
        refused(data[:cut])
        wrong[21:26] = (int.from_bytes(data[21:26]) >> 36 << 36).to_bytes(5)
        refused(bytes(wrong[:cut]))
