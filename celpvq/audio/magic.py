"""The first bytes of files: sound in formats that libsndfile reads, and what it does not read."""

from typing import IO

from .view import read_at

# first bytes, or first bytes and those from 8 on
_SOUND = (
    (b"RIFF", b"WAVE"), (b"RIFX", b"WAVE"), (b"RF64", b"WAVE"), (b"FORM", b"AIF"),
    (b"FORM", b"8SVX"), (b"FORM", b"16SV"), (b"riff", b""), (b".snd", b""), (b"dns.", b""),
    (b"caff", b""), (b"fLaC", b""), (b"OggS", b""), (b"NIST_1A", b""), (b"2BIT", b""),
    (b"Creative Voice File", b""), (b"ALawSoundFile", b""), (b"Extended Instrument", b""),
)  # fmt: skip

_MPEG_4 = b"ftyp"  # behind the length of the first box
_FOREIGN = {
    b"\x1aE\xdf\xa3": "Matroska or WebM", b"0&\xb2u": "Windows Media", b"#!AMR": "AMR",
    b"\xff\xf1": "AAC", b"\xff\xf9": "AAC", b"wvpk": "WavPack", b"MAC ": "Monkey's Audio",
    b"MPCK": "Musepack", b"MP+": "Musepack", b"TTA1": "True Audio", b"DSD ": "DSD",
    b"FRM8": "DSD", b"MThd": "MIDI", b"\x0bw": "AC-3", b"\x1f\x8b": "gzip", b"PK\3\4": "ZIP",
    b"\xfd7zXZ": "xz", b"BZh": "bzip2", b"%PDF": "PDF", b"<!DOCTYPE": "HTML", b"<html": "HTML",
    b"{": "JSON", b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"\x93NUMPY": "NumPy",
    b"FLV\1": "Flash video", b".RMF": "RealMedia", b"ajkg": "Shorten",
}  # fmt: skip


def starts_sound(file: IO[bytes], start: int) -> bool:
    """Return whether a sound file of a known format may begin here."""
    return is_sound(read_at(file, start, 24))


def is_sound(head: bytes) -> bool:
    """Return whether the first bytes of a file are those of a format that libsndfile reads."""
    return any(head.startswith(a) and head[8:].startswith(b) for a, b in _SOUND)


def foreign(head: bytes) -> str | None:
    """Return the name of a format that libsndfile does not read, None if it is not known."""
    if head[4:8] == _MPEG_4:
        return "MPEG-4 (M4A, MP4)"
    return next((name for magic, name in _FOREIGN.items() if head.startswith(magic)), None)
