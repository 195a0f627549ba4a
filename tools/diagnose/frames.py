"""Losses of each class of frames: signal-to-noise ratios and levels of bands."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfilt

from celpvq._types import F64, I64
from celpvq.codec.common import lsf
from celpvq.codec.common.filters import LINE
from celpvq.codec.encoder import weighting
from celpvq.codec.encoder.presets import HIGHPASS_HZ
from celpvq.codec.format.modes import FRAME_LEN, LPC_ORDER, N_SUBFRAMES, SAMPLERATE, SUBFRAME_LEN
from celpvq.lab.clips import padded
from celpvq.lab.tabular import markdown
from celpvq.quality import segmental_snr
from celpvq.training import lsf_books

from .classes import CLASSES, to_frames

BANDS_HZ = ((100, 1000), (1000, 2000), (2000, 3000), (3000, 3800))
_FLOOR = 1e-9  # added to the powers of bands on both sides; lower powers are inaudible


@dataclass(frozen=True, slots=True)
class Frames:
    """The frames of a recording."""

    kind: I64  # (n,) class, a place in `CLASSES`
    ref: F64  # (n, FRAME_LEN) original, high-pass filtered as in the encoder
    synthesis: F64  # (n, FRAME_LEN) of the encoder's search
    ref_w: F64  # both, weighted as in the search
    synthesis_w: F64
    change_db: F64  # (n, bands) level of the decoder's output relative to the original

    @classmethod
    def of(cls, kind: I64, x: F64, synthesis: F64, out: F64) -> "Frames":
        """Return the frames of x (n,), its synthesis in the search, and the decoder's output."""
        sos = butter(2, HIGHPASS_HZ, "highpass", fs=SAMPLERATE, output="sos")
        ref = to_frames(np.asarray(sosfilt(sos, x)))
        own = to_frames(synthesis)
        change = 10 * np.log10(_band_powers(to_frames(out)) / _band_powers(ref))
        spectra = lsf_books.analyze([padded(x)]).lsf
        return cls(kind, ref, own, _weigh(ref, spectra), _weigh(own, spectra), change)


def _band_powers(frames: F64) -> F64:
    """Return the mean power of each band of frames (n, FRAME_LEN), (n, bands)."""
    window = np.hanning(FRAME_LEN)
    power = np.square(np.abs(np.fft.rfft(frames * window))) / np.square(window).sum()
    hz = np.fft.rfftfreq(FRAME_LEN, 1 / SAMPLERATE)
    bands = [power[:, (hz >= low) & (hz < high)].mean(axis=1) for low, high in BANDS_HZ]
    return np.stack(bands, axis=1) + _FLOOR


def _weigh(frames: F64, spectra: F64) -> F64:
    """Return frames (n, FRAME_LEN) filtered by W(z) of their LSF (n, p)."""
    lpc, num, den = np.empty(LPC_ORDER), np.empty(LPC_ORDER), np.empty(LPC_ORDER)
    line, out = np.zeros(LINE), np.zeros(LINE)
    subframes = frames.reshape(-1, SUBFRAME_LEN)
    weighted = np.empty_like(subframes)
    for k, subframe in enumerate(subframes):
        lsf.to_lpc(spectra[k // N_SUBFRAMES], lpc)
        weighting.coefficients(lpc, num, den)
        line[:LPC_ORDER], out[:LPC_ORDER] = line[-LPC_ORDER:], out[-LPC_ORDER:]
        line[LPC_ORDER:] = subframe
        weighting.weight(line, num, den, out)
        weighted[k] = out[LPC_ORDER:]
    return weighted.reshape(frames.shape)


def frame_table(recordings: Iterable[Frames]) -> str:
    """Return shares, ratios and changes of level by class over all frames, as Markdown."""
    recordings = list(recordings)
    kind = np.concatenate([r.kind for r in recordings])
    ref, synthesis, ref_w, synthesis_w, change_db = (
        np.concatenate([getattr(r, name) for r in recordings])
        for name in ("ref", "synthesis", "ref_w", "synthesis_w", "change_db")
    )
    rows = []
    for place, name in enumerate(CLASSES):
        own = kind == place
        if own.any():
            snr = segmental_snr(ref[own].ravel(), synthesis[own].ravel())
            snr_w = segmental_snr(ref_w[own].ravel(), synthesis_w[own].ravel())
            levels = [f"{db:+.1f}" for db in change_db[own].mean(axis=0)]
            rows.append([name, f"{own.mean():.1%}", f"{snr:.2f}", f"{snr_w:.2f}", *levels])
    bands = [f"{low / 1000:g}-{high / 1000:g} kHz" for low, high in BANDS_HZ]
    return markdown(["frames", "share", "segSNR [dB]", "weighted [dB]", *bands], rows)
