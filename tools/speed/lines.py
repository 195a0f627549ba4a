"""The speed of telephone lines, and of `roundtrip`."""

from functools import partial

import numpy as np

import celpvq
from celpvq._types import F64
from celpvq.audio import Resampler
from celpvq.augment import TelephoneLine
from celpvq.codec.format.modes import SAMPLERATE

from . import timing

LINES = {
    "4800": TelephoneLine(mode=4800),
    "6400": TelephoneLine(),
    "8000": TelephoneLine(mode=8000),
    "6400 default": TelephoneLine(preset="default"),
    "6400, 300-3400 Hz, 5 % lost": TelephoneLine(low_hz=300, high_hz=3400, loss=0.05),
}
CHANNELS = {
    "no errors": {},
    "10 % lost": {"loss": 0.1},
    "10 % lost, bit errors 1e-3": {"loss": 0.1, "ber": 1e-3},
}


def augment(x: F64) -> None:
    """Print the speed of telephone lines, and the time of `roundtrip` relative to its parts."""
    rows, ratios = [], []
    for samplerate in (8000, 16000, 48000):
        resampler = Resampler(SAMPLERATE, samplerate)
        y = np.concatenate([resampler.write(x), resampler.flush()]).astype(np.float32)
        y *= np.float32(0.5 / np.abs(y).max())
        seconds = len(y) / samplerate
        for line in LINES.values():  # loads scipy's filters, and tables
            line(y[:1000], samplerate, seed=1)
        times = [timing.timed(partial(line, y, samplerate, seed=1))[0] for line in LINES.values()]
        rows.append([samplerate, *(f"{seconds / cpu:.0f}" for cpu in times)])
        options = {"samplerate": samplerate, "mode": 6400, "preset": "fast"}
        data = celpvq.encode(y, **options)
        encode = timing.timed(partial(celpvq.encode, y, **options))[0]
        parts = encode + timing.timed(partial(celpvq.decode, data, samplerate))[0]
        whole = [
            timing.timed(partial(celpvq.roundtrip, y, **options, **channel, seed=1))[0]
            for channel in CHANNELS.values()
        ]
        ratios.append([samplerate, *(f"{cpu / parts:.2f}" for cpu in whole)])
    timing.show(
        "Telephone lines, preset fast unless named, times real time per CPU second",
        ["Hz", *LINES], rows,
    )  # fmt: skip
    timing.show(
        "CPU time of roundtrip divided by that of encode and decode, 6400 bit/s, preset fast",
        ["Hz", *CHANNELS], ratios,
    )  # fmt: skip
