"""Small files with faults, and the error that each one raises."""

import io
import struct
from typing import Any

import numpy as np

import celpvq
from celpvq.codec.format.modes import DELAY, FRAME_LEN, SAMPLERATE, SID_BYTES
from celpvq.container import header
from celpvq.container.header import HEADER_LEN
from celpvq.lab.clips import clip_paths, read_clip

HEADER = "<4sBBH8sIQ"  # without its CRC
TRAILER_LEN = 1 + header.N_SAMPLES.size + header.CRC_LEN


def small_files() -> dict[str, bytes]:
    """Return a small file of each form of the container, of 53 packets, so of two blocks."""
    samples = read_clip(clip_paths()[0])[: 53 * FRAME_LEN - DELAY - 3]
    samples[20 * FRAME_LEN : 45 * FRAME_LEN] = 0.0
    pipe = _Pipe()
    with celpvq.open(pipe, "w", samplerate=SAMPLERATE, mode=4800, preset="fast", dtx=True) as file:
        file.write(samples)
    return {
        "fixed": celpvq.encode(samples, SAMPLERATE, 4800, "fast"),
        "variable": celpvq.encode(samples, SAMPLERATE, 4800, "fast", dtx=True),
        "pipe": pipe.getvalue(),
    }


class _Pipe(io.BytesIO):
    """A file that cannot seek."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: Any) -> int:
        raise io.UnsupportedOperation("seek")

    tell = seek  # type: ignore[assignment]


def with_fault(data: bytes, fault: dict[str, Any]) -> bytes:
    """Return a file with a fault, which may be none: cut, longer, or with other bytes."""
    if not fault.keys() & {"cut", "append", "at"}:
        return data
    if "cut" in fault:
        return data[: fault["cut"]]
    if "append" in fault:
        return data + bytes(fault["append"])
    changed = bytearray(data)
    at = fault["at"]
    if "put" in fault:
        part = bytes.fromhex(fault["put"])
        changed[at : at + len(part)] = part
    else:
        changed[at] ^= fault["xor"]
    return bytes(changed)


def with_header(data: bytes, **fields: Any) -> dict[str, Any]:
    """Return the fault of a header with other fields, whose CRC is right."""
    names = ("magic", "version", "flags", "bitrate", "tables", "samplerate", "n_samples")
    old = struct.unpack_from(HEADER, data)
    new = struct.pack(HEADER, *{**dict(zip(names, old, strict=True)), **fields}.values())
    return {"at": 0, "put": (new + header.crc_bytes(new)).hex()}


def header_faults(data: bytes) -> list[dict[str, Any]]:
    """Return headers with one unusual field, or two, and a right CRC; some are no faults."""
    flags, (samplerate, n_samples) = data[5], struct.unpack_from("<IQ", data, 16)
    other = b"\1" * header.ID_LEN
    changes: list[dict[str, Any]] = [
        {"version": 2}, {"flags": flags | 4}, {"flags": flags | 128}, {"bitrate": 5000},
        {"bitrate": 0}, {"samplerate": 3999}, {"samplerate": 192001}, {"tables": other},
        {"flags": flags ^ header.UNKNOWN_LENGTH}, {"flags": 4, "bitrate": 1, "samplerate": 0},
        {"samplerate": 4000}, {"bitrate": 8000},
    ]  # fmt: skip
    if n_samples:  # the length of the packets stays, in any rate
        changes += [{"samplerate": samplerate * 6, "n_samples": n_samples * 6}]
        changes += [{"samplerate": 44100, "n_samples": n_samples * 441 // 80}]
        lengths = (0, 1, n_samples - FRAME_LEN, n_samples + FRAME_LEN, 2**63, 2**64 - 1)
        changes += [{"n_samples": n} for n in lengths]
        changes += [{"n_samples": 2**64 - 1, "tables": other}]
    else:
        changes += [{"n_samples": 1}, {"samplerate": 192000}]
    return [with_header(data, **change) for change in changes]


def block_faults(name: str, data: bytes) -> list[dict[str, Any]]:
    """Return faults within the blocks and the trailer that their CRC does not show."""
    faults: list[dict[str, Any]] = []
    if name == "pipe":
        faults += [{"at": HEADER_LEN, "put": f"{n:02x}"} for n in (0, 51, 255)]
        at = len(data) - TRAILER_LEN
        for n in (0, 1, 2**64 - 1):
            text = b"\0" + n.to_bytes(8, "little")
            faults += [{"at": at, "put": (text + header.crc_bytes(text)).hex()}]
    if name == "variable":
        faults += [{"at": HEADER_LEN, "put": f"{n:02x}"} for n in (1, 13, 21)]
        packets = celpvq.read_packets(data)
        i = [len(packet) for packet in packets].index(SID_BYTES)
        packets[i] = bytes([packets[i][0], packets[i][1] | 1])  # the last bit of a SID is 0
        file = io.BytesIO()
        n_samples = celpvq.info(data).n_samples
        celpvq.write_packets(file, packets, samplerate=SAMPLERATE, n_samples=n_samples)
        faults += [{"at": HEADER_LEN, "put": file.getvalue()[HEADER_LEN:].hex()}]
    return faults


def outcome(data: bytes) -> dict[str, Any]:
    """Return the error of a file, and the packets that can be read from it all the same."""
    try:
        celpvq.decode(data)
        error = None
    except celpvq.errors.CelpvqError as raised:
        error = type(raised).__name__
    try:
        n_packets = len(celpvq.read_packets(data, strict=False))
    except celpvq.errors.CelpvqError:
        n_packets = None
    return {"error": error, "packets": n_packets}


def damaged_vectors() -> dict[str, Any]:
    """Return small files, and faults with their outcomes."""
    rng = np.random.default_rng(2)
    files = small_files()
    cases = []
    for name, data in files.items():
        faults: list[dict[str, Any]] = [
            {"cut": int(n)} for n in (0, 3, 31, 32, *rng.integers(33, len(data), 20))
        ]
        faults += [{"cut": len(data) - 1}, {"append": 1}]
        faults += [{"at": at, "xor": int(rng.integers(1, 256))} for at in range(32)]
        faults += [
            {"at": int(at), "xor": int(rng.integers(1, 256))}
            for at in (32, len(data) - 1, *rng.integers(33, len(data) - 1, 30))
        ]
        faults += [{}, *header_faults(data), *block_faults(name, data)]
        cases += [{"file": name, **f, **outcome(with_fault(data, f))} for f in faults]
    return {"files": {name: data.hex() for name, data in files.items()}, "cases": cases}
