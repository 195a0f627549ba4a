"""Coded speech as material: what the decoder knows, and the recording that it should have played.

Each coding of a clip has a mode, preset, level, voice and channel drawn for it.
"""

import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..._threads import in_order
from ..._types import F32, F64
from ...channel import losses
from ...codec.common import lpc
from ...codec.common.table_set import TableSet
from ...codec.decoder.decoder import FrameDecoder
from ...codec.decoder.enhancement_features import PAST_LEN
from ...codec.encoder.encoder import FrameEncoder
from ...codec.format.modes import DELAY, FRAME_LEN, SAMPLERATE, modes
from ...output import write_file

SHORTEST = 8 * FRAME_LEN
_UP = 40  # samples that resampling makes another number of


@dataclass(frozen=True, slots=True)
class Conditions:
    """How clips are coded: shares of the clips, and ranges that are drawn from uniformly."""

    level_db: float = 12.0  # up and down
    fast: float = 0.3  # coded with preset fast
    best: float = 0.2  # coded with preset best, the others with default
    lossy: float = 0.5
    loss_rate: float = 0.1
    burst: float = 3.0  # mean length of a loss [frames], in half of the lossy clips
    look_ahead: float = 0.3  # of the lossy clips: the packet after a loss is known
    redundant: float = 0.2  # of the lossy clips: a redundant frame is known
    noisy: float = 0.2
    snr_db: tuple[float, float] = (5.0, 25.0)
    dtx: float = 0.1
    switched: float = 0.1  # the mode changes
    tandem: float = 0.05  # coded twice
    resampled: float = 0.5  # played faster or slower, as a voice with a shorter or longer throat
    speed: tuple[float, float] = (0.85, 1.15)
    tilted: float = 0.5  # with another slope of the spectrum
    tilt: float = 0.3  # coefficient of the filter, up and down


CLEAN = Conditions(
    level_db=0, fast=0, best=0, lossy=0, noisy=0, dtx=0, switched=0, tandem=0, resampled=0, tilted=0
)


class Coded(NamedTuple):
    """A clip: n frames, as the decoder saw them."""

    bitrate: int  # of the first frame
    ref: F32  # (n * FRAME_LEN,)
    speech: F32  # (n * FRAME_LEN,) output of the synthesis filter
    features: npt.NDArray[np.float16]  # (n * N_SUBFRAMES, N_FEATURES)
    lag: npt.NDArray[np.int16]  # (n * N_SUBFRAMES,) whole samples

    @property
    def n_frames(self) -> int:
        """Length in frames."""
        return len(self.ref) // FRAME_LEN


def code(
    recordings: Sequence[F64], conditions: Conditions, tables: TableSet, seed: int, times: int = 1
) -> list[Coded]:
    """Return the recordings coded `times` times, each time with another mode.

    Those shorter than `SHORTEST` are left out.
    """
    usable = [x for x in recordings if len(x) >= SHORTEST]
    bitrates = [mode.bitrate for mode in modes()]

    def one(index: int) -> Coded:
        rng = np.random.default_rng([seed, index])
        turn, which = divmod(index, len(usable))
        bitrate = bitrates[(which + 2 * turn) % len(bitrates)]
        return _code(usable, which, bitrate, conditions, tables, rng)

    return list(in_order(one, range(times * len(usable))))


def save(path: Path, key: str, coded: Sequence[Coded]) -> None:
    """Keep coded clips in a file, with a key of all that they depend on."""
    arrays = {
        name: np.concatenate([getattr(clip, name) for clip in coded]) for name in Coded._fields[1:]
    }
    counts = np.array([[clip.bitrate, clip.n_frames] for clip in coded])
    data = io.BytesIO()
    np.savez(data, key=np.array(key), counts=counts, **arrays)  # type: ignore[arg-type]
    write_file(path, data.getvalue())


def load(path: Path, key: str) -> list[Coded] | None:
    """Return the coded clips in a file; None if it is missing or was made from something else."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            if str(data["key"]) != key:
                return None
            arrays = {name: data[name] for name in data.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    ends = np.cumsum(arrays["counts"][:, 1])
    per_frame = {name: len(arrays[name]) // int(ends[-1]) for name in Coded._fields[1:]}
    return [
        Coded(int(bitrate), *(arrays[k][(end - n) * m : end * m] for k, m in per_frame.items()))
        for (bitrate, n), end in zip(arrays["counts"], ends, strict=True)
    ]


def _code(
    recordings: Sequence[F64], index: int, bitrate: int, conditions: Conditions, tables: TableSet,
    rng: np.random.Generator,
) -> Coded:  # fmt: skip
    """Return recording `index`, coded from bit rate `bitrate` on."""
    x = _voice(recordings[index], conditions, rng)
    x = x * 10 ** (rng.uniform(-1, 1) * conditions.level_db / 20)
    if rng.random() < conditions.noisy:
        x = x + _noise(recordings, x, rng.uniform(*conditions.snr_db), rng)
    n = -(-(len(x) + DELAY) // FRAME_LEN)
    source = np.zeros(n * FRAME_LEN + DELAY)
    source[DELAY : DELAY + len(x)] = np.clip(x, -1, 1)  # as late as the decoder plays it
    shares = [conditions.fast, 1 - conditions.fast - conditions.best, conditions.best]
    preset = str(rng.choice(["fast", "default", "best"], p=shares))
    encoder = FrameEncoder(bitrate, preset, dtx=rng.random() < conditions.dtx, tables=tables)
    fed = source[DELAY:]
    if rng.random() < conditions.tandem:
        first = FrameDecoder(enhancement=False, tables=tables)
        packets = FrameEncoder(bitrate, "fast", tables=tables).encode(fed)
        fed = np.concatenate([*(first.decode(p) for p in packets), np.zeros(DELAY, np.int16)])
        fed = fed[DELAY:] / 32768.0
    switches = rng.random() < conditions.switched
    packets, redundancy = _packets(encoder, fed, switches, rng)
    lost = _losses(n, conditions, rng)
    ahead, redundant = (rng.random() < p for p in (conditions.look_ahead, conditions.redundant))

    decoder = FrameDecoder(tables=tables)
    state = decoder.state.enhancement.features
    speech, features, lag = [], [], []
    for i, packet in enumerate(packets):
        if not lost[i]:
            decoder.decode(packet)
        else:
            after = packets[i + 1] if ahead and i + 1 < n and not lost[i + 1] else None
            decoder.decode(None, next_packet=after, redundancy=redundancy[i] if redundant else None)
        speech.append(state.speech[PAST_LEN:].astype(np.float32))
        features.append(state.values.astype(np.float16))
        lag.append(state.lag.astype(np.int16))
    ref = source[: n * FRAME_LEN].astype(np.float32)
    return Coded(bitrate, ref, *(np.concatenate(part) for part in (speech, features, lag)))


def _voice(x: F64, conditions: Conditions, rng: np.random.Generator) -> F64:
    """Return x as another voice might say it, by the conditions."""
    from scipy.signal import lfilter, resample_poly

    if rng.random() < conditions.resampled:
        x = resample_poly(x, round(_UP / rng.uniform(*conditions.speed)), _UP)
    if rng.random() < conditions.tilted:
        tilt = rng.uniform(-1, 1) * conditions.tilt
        x = lfilter([1.0, tilt], [1.0 + abs(tilt)], x)
    return x


def _packets(
    encoder: FrameEncoder, x: F64, switches: bool, rng: np.random.Generator
) -> tuple[list[bytes], list[bytes]]:
    """Return the packets of x and a redundant frame for each; perhaps the mode changes at times."""
    packets, redundancy = [], []
    rates = [mode.bitrate for mode in modes()]
    for i in range(0, len(x), FRAME_LEN):
        if switches and rng.random() < 0.05:
            encoder.mode = int(rng.choice(rates))
        packets += encoder.encode(x[i : i + FRAME_LEN])
        redundancy.append(encoder.redundancy if encoder.last_frame else b"")
    return packets, redundancy


def _losses(n: int, conditions: Conditions, rng: np.random.Generator) -> losses.Mask:
    """Return which of n frames are lost."""
    if rng.random() >= conditions.lossy:
        return np.zeros(n, dtype=np.bool_)
    burst = conditions.burst if rng.random() < 0.5 else None
    return losses.draw_losses(n, conditions.loss_rate, burst, int(rng.integers(1 << 31)))


def _noise(recordings: Sequence[F64], x: F64, snr_db: float, rng: np.random.Generator) -> F64:
    """Return noise for x: babble of several recordings, or noise with the spectrum of one."""
    n = len(x)
    if rng.random() < 0.5:
        chosen = rng.integers(len(recordings), size=6)
        noise = np.sum([np.resize(recordings[i], n) for i in chosen], axis=0)
    else:
        from scipy.signal import lfilter

        r, a = np.empty(13), np.empty(12)
        lpc.autocorrelation(recordings[int(rng.integers(len(recordings)))], r)
        r[0] = r[0] * 1.001 + 1e-6
        lpc.levinson(r, a)
        noise = lfilter([1.0], [1.0, *a], rng.normal(size=n))
        depth, period = rng.uniform(0, 0.8), rng.uniform(0.5, 3) * SAMPLERATE
        noise = noise * (1 + depth * np.sin(2 * np.pi * np.arange(n) / period))
    level = np.sqrt((x**2).mean() / max((noise**2).mean(), 1e-12))
    return np.asarray(noise * level * 10 ** (-snr_db / 20))
