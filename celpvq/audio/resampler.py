"""The sampling rate converter: one polyphase filter for arrays and for streams.

The output is computed in blocks on a fixed grid, each from the same stretch of the input whatever
chunks it came in: streamed equals whole, to the bit, because every block sees the same numbers.

    window of a block:  |<- context ->|<- n_blocks_in * down, this block ->|<- context ->|
"""

from functools import cache, lru_cache
from math import ceil, gcd
from typing import Any

import numpy as np

from .._types import F64
from ..errors import ArgumentError
from .arrays import check_samplerate, converted_len

PASSBAND, STOPBAND = 0.45, 0.5  # edges, of the lower of both rates
ATTENUATION_DB = 90.0
MAX_FACTOR = 48000  # bounds the filter at about 5.5 million taps (a rate without a common factor)
BLOCK_LEN = 4096  # samples of a block at the lower rate, at least


@cache
def _upfirdn() -> Any:
    """Return scipy's polyphase filter; its package takes most of a second to import."""
    from scipy.signal import upfirdn

    return upfirdn


@lru_cache(maxsize=4)
def _lowpass(up: int, down: int) -> F64:
    """Return the Kaiser-windowed sinc (2 * half + 1,) at the common multiple of both rates."""
    factor = max(up, down)
    half = ceil((ATTENUATION_DB - 7.95) / (2.285 * 2 * np.pi * (STOPBAND - PASSBAND)) * factor / 2)
    cutoff = (PASSBAND + STOPBAND) / factor  # of half the common multiple
    taps = np.sinc(cutoff * np.arange(-half, half + 1)) * np.kaiser(
        2 * half + 1, 0.1102 * (ATTENUATION_DB - 8.7)
    )
    return np.asarray(taps * (up / taps.sum()))


class Resampler:
    """Convert the sampling rate of a stream of samples, without delay.

    Parameters
    ----------
    from_hz, to_hz : int
        Rates [Hz], 4000 to 192000. Ratios whose reduced terms exceed 48000 are refused: that is
        some rates above 48 kHz that share no factor with the other rate, and none in use.

    Raises
    ------
    ArgumentError
        If a rate is not whole, out of range, or of an absurd ratio to the other.

    Notes
    -----
    Sample k of the output lies at time k / `to_hz`. The passband ends at 0.45 of the lower rate,
    the stopband begins at 0.5 and is 90 dB down.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self.from_hz = check_samplerate(from_hz)
        self.to_hz = check_samplerate(to_hz)
        common = gcd(self.from_hz, self.to_hz)
        up, down = self.to_hz // common, self.from_hz // common
        if max(up, down) > MAX_FACTOR:
            raise ArgumentError(
                f"samplerate: the ratio of {from_hz} to {to_hz} Hz is {down}:{up};"
                f" its terms may not exceed {MAX_FACTOR}"
            )
        self._up, self._down = up, down
        if up != down:
            half = len(_lowpass(up, down)) // 2
            self._context = ceil(half / up)
            runs = ceil(BLOCK_LEN / min(up, down))
            self._block_in, self._block_out = runs * down, runs * up
            # zeros in front bring the centre of the filter onto the grid of the outputs
            pad = -(self._context * up + half) % down
            self._taps = np.concatenate([np.zeros(pad), _lowpass(up, down)])
            self._first = (self._context * up + half + pad) // down
        self._start()

    def _start(self) -> None:
        self._n_in = self._n_out = 0
        if self._up != self._down:
            self._pending = [np.zeros(self._context)]
            self._n_pending = self._context

    def write(self, chunk: F64) -> F64:
        """Return the output samples that the next input samples, (n,) of any n, complete."""
        self._n_in += len(chunk)
        if self._up == self._down:
            self._n_out += len(chunk)
            return chunk
        self._pending.append(np.array(chunk, dtype=np.float64))
        self._n_pending += len(chunk)
        return self._whole_blocks()

    def flush(self, n_out: int | None = None) -> F64:
        """Return the rest of the output, and start a new stream.

        Parameters
        ----------
        n_out : int, optional
            Samples of the whole output; by default the length of the input times
            `to_hz` / `from_hz`, rounded, halves to even. The input is followed by zeros.
        """
        if n_out is None:
            n_out = converted_len(self._n_in, self.from_hz, self.to_hz)
        missing = n_out - self._n_out
        if self._up == self._down:
            tail = np.zeros(max(missing, 0))
        else:
            tail = np.zeros(0)
            while len(tail) < missing:
                need = self._block_in + 2 * self._context - self._n_pending
                self._pending.append(np.zeros(need))
                self._n_pending += need
                tail = np.concatenate([tail, self._whole_blocks()])
            tail = tail[: max(missing, 0)]
        self._start()
        return tail

    def _whole_blocks(self) -> F64:
        """Return the output of all complete blocks; drop input that no later block needs."""
        window_len = self._block_in + 2 * self._context
        if self._n_pending < window_len:
            return np.zeros(0)
        samples = np.concatenate(self._pending)
        blocks = []
        start = 0
        while start + window_len <= len(samples):
            window = samples[start : start + window_len]
            out = _upfirdn()(self._taps, window, self._up, self._down)
            blocks.append(out[self._first : self._first + self._block_out])
            start += self._block_in
        self._pending = [samples[start:].copy()]
        self._n_pending = len(samples) - start
        self._n_out += len(blocks) * self._block_out
        return np.concatenate(blocks)
