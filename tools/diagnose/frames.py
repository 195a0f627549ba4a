"""What each class of frames loses: signal-to-noise ratios and levels of bands."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from celpvq.codec.common import lsf
from celpvq.codec.encoder import weighting
from celpvq.codec.format.modes import FRAME_LEN, LPC_ORDER, SAMPLERATE
from celpvq.codec.encoder.presets import HIGHPASS_HZ
from celpvq.quality import segmental_snr
from celpvq.quality.report import markdown_table
from celpvq.training import lsf_books

from .classes import CLASSES, Signal, padded, to_frames

BANDS_HZ = ((100, 1000), (1000, 2000), (2000, 3000), (3000, 3800))
_FLOOR = 1e-9  # power of a band added to both sides: what is below cannot be heard


@dataclass(frozen=True, slots=True)
class Frames:
    """The frames of a recording."""

    kind: NDArray[np.int64]  # (n,) class, a place in `CLASSES`
    ref: Signal  # (n, FRAME_LEN) original, high-pass filtered as in the encoder
    heard: Signal  # (n, FRAME_LEN) what the encoder's search heard
    ref_w: Signal  # both, weighted as in the search
    heard_w: Signal
    change_db: Signal  # (n, bands) level of the decoder's output less the original's

    @classmethod
    def of(cls, kind: NDArray[np.int64], x: Signal, heard: Signal, out: Signal) -> "Frames":
        """Return the frames of x (n,), given what the search and the listener make of it (n,)."""
        sos = butter(2, HIGHPASS_HZ, "highpass", fs=SAMPLERATE, output="sos")
        ref = to_frames(np.asarray(sosfilt(sos, x)))
        own = to_frames(heard)
        change = 10 * np.log10(_band_powers(to_frames(out)) / _band_powers(ref))
        spectra = lsf_books.analyze([padded(x)]).lsf
        return cls(kind, ref, own, _weigh(ref, spectra), _weigh(own, spectra), change)


def _band_powers(frames: Signal) -> Signal:
    """Return the mean power of each band of frames (n, FRAME_LEN), (n, bands)."""
    window = np.hanning(FRAME_LEN)
    power = np.square(np.abs(np.fft.rfft(frames * window))) / np.square(window).sum()
    hz = np.fft.rfftfreq(FRAME_LEN, 1 / SAMPLERATE)
    bands = [power[:, (hz >= low) & (hz < high)].mean(axis=1) for low, high in BANDS_HZ]
    return np.stack(bands, axis=1) + _FLOOR


def _weigh(frames: Signal, spectra: Signal) -> Signal:
    """Return frames (n, FRAME_LEN) filtered by W(z) of their LSF (n, p)."""
    lpc, num, den = np.empty(LPC_ORDER), np.empty(LPC_ORDER), np.empty(LPC_ORDER)
    line, out = np.zeros(LPC_ORDER + FRAME_LEN), np.zeros(LPC_ORDER + FRAME_LEN)
    weighted = np.empty_like(frames)
    for k, frame in enumerate(frames):
        lsf.to_lpc(spectra[k], lpc)
        weighting.coefficients(lpc, num, den)
        line[:LPC_ORDER], out[:LPC_ORDER] = line[-LPC_ORDER:], out[-LPC_ORDER:]
        line[LPC_ORDER:] = frame
        weighting.weight(line, num, den, out)
        weighted[k] = out[LPC_ORDER:]
    return weighted


def frame_table(recordings: Iterable[Frames]) -> str:
    """Return shares, ratios and changes of level by class, all frames together, as Markdown."""
    recordings = list(recordings)
    kind = np.concatenate([r.kind for r in recordings])
    ref, heard, ref_w, heard_w, change_db = (
        np.concatenate([getattr(r, name) for r in recordings])
        for name in ("ref", "heard", "ref_w", "heard_w", "change_db")
    )
    rows = []
    for place, name in enumerate(CLASSES):
        own = kind == place
        if own.any():
            snr = segmental_snr(ref[own].ravel(), heard[own].ravel())
            snr_w = segmental_snr(ref_w[own].ravel(), heard_w[own].ravel())
            levels = [f"{db:+.1f}" for db in change_db[own].mean(axis=0)]
            rows.append([name, f"{own.mean():.1%}", f"{snr:.2f}", f"{snr_w:.2f}", *levels])
    bands = [f"{low / 1000:g}-{high / 1000:g} kHz" for low, high in BANDS_HZ]
    return markdown_table(["frames", "share", "segSNR [dB]", "weighted [dB]", *bands], rows)
