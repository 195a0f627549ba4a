"""Losses of the enhancement network: differentiable measures of how speech differs from speech.

All take a reference and a degraded signal (batch, n), full scale 1, and return one value per
signal (batch,). `Disturbance` follows ITU-T P.862, `Intelligibility` follows ESTOI; both leave out
what has no gradient: time alignment, and the search for silent frames.
"""

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ..._types import F64
from ...codec.format.modes import SAMPLERATE


def _powers(x: Tensor, length: int, hop: int, window: Tensor, n_fft: int | None = None) -> Tensor:
    """Return the power spectra (batch, frames, bins) of x (batch, n)."""
    spectra = torch.stft(x, n_fft or length, hop, length, window, center=False, return_complex=True)
    return (spectra.real**2 + spectra.imag**2).transpose(1, 2)


def _bin_hz(n_fft: int) -> F64:
    return np.asarray(np.arange(n_fft // 2 + 1) * SAMPLERATE / n_fft)


def _tensor(x: npt.ArrayLike) -> Tensor:
    return torch.tensor(x, dtype=torch.float32)


def _quiet_threshold_db(khz: F64) -> F64:
    """Return Terhardt's threshold in quiet."""
    return np.asarray(3.64 * khz**-0.8 - 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) + 0.001 * khz**4)


class Disturbance(nn.Module):
    """The disturbances of ITU-T P.862, narrowband: 4.5 minus the raw score, but for a constant.

    Spectra of 32 ms frames at a common level become densities on the Bark scale, then loudness by
    Zwicker's law. The reference is equalized to the degraded signal's mean spectrum, the degraded
    one to the reference's level of each frame. The loudness difference counts where it exceeds a
    masking dead zone; what was added to the reference counts once more.
    """

    _LEN = 256
    # bins of 31.25 Hz in each of the 42 bands
    _N_BINS = (1,) * 8 + (2,) + (1,) * 5 + (2, 1, 1) + (2,) * 8 + (3,) * 4 + (
        4, 3, 4, 5, 4, 5, 6, 6, 7, 8, 9, 9, 11,
    )  # fmt: skip
    # modified intermediate reference system: Hz, dB
    _RECEIVER = (
        (0, -200), (50, -40), (100, -20), (125, -12), (160, -6), (200, 0), (300, 6), (400, 10),
        (600, 12), (3250, 12), (3500, 4), (4000, -200),
    )  # fmt: skip
    _POWER, _LOUDNESS = 2.764344e-5, 0.1866055  # calibration of P.862
    _LEVEL = 1e7  # mean power that both signals are set to

    bands: Tensor
    threshold: Tensor
    width: Tensor
    exponent: Tensor
    loudness: Tensor
    level_bins: Tensor
    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        hz = _bin_hz(self._LEN)
        edges = np.concatenate([[0], np.cumsum(self._N_BINS)])
        edges_hz = edges * SAMPLERATE / self._LEN
        bark = 13 * np.arctan(0.00076 * edges_hz) + 3.5 * np.arctan((edges_hz / 7500) ** 2)
        width, centre = np.maximum(np.diff(bark), 0.05), (bark[1:] + bark[:-1]) / 2
        receiver = 10 ** (np.interp(hz, *np.array(self._RECEIVER, dtype=float).T) / 10)
        receiver[[0, -1]] = 0
        bands = np.zeros((len(hz), len(width)))
        for b, wide in enumerate(width):  # power per 0.309 Bark: the width of one low bin
            bands[edges[b] : edges[b + 1], b] = 100 * min(0.309 / wide, 1)
        quiet = _quiet_threshold_db(np.maximum(edges[:-1] + edges[1:], 1) / 2 * hz[1] / 1000)
        threshold = np.minimum(10 ** ((quiet - quiet.min()) / 10) * 0.25, 5e7)
        low = np.minimum(6 / (np.minimum(centre, 4) + 2), 2) ** 0.15
        exponent = 0.23 * np.where(centre < 4, low, 1)
        self.register_buffer("bands", _tensor(bands * self._POWER * receiver[:, None]))
        self.register_buffer("threshold", _tensor(threshold))
        self.register_buffer("width", _tensor(width[1:]))  # the lowest band does not count
        self.register_buffer("exponent", _tensor(exponent))
        scale = self._LOUDNESS * (threshold / 0.5) ** exponent
        self.register_buffer("loudness", _tensor(scale))
        self.register_buffer("level_bins", _tensor((hz >= 350) & (hz <= 3250)))
        self.register_buffer("window", torch.hann_window(self._LEN))

    def _density(self, x: Tensor) -> Tensor:
        """Return the Bark densities (batch, frames, bands) of x at the common level."""
        powers = _powers(x, self._LEN, self._LEN // 2, self.window)
        mean = 2 * (powers * self.level_bins).sum(-1).mean(1) / (self._LEN**2 * 0.375)
        return (powers * (self._LEVEL / (mean + 1e-9))[:, None, None]) @ self.bands

    def _loud(self, density: Tensor) -> Tensor:
        relative = (0.5 + 0.5 * density / self.threshold).clamp_min(1)
        return self.loudness * (relative**self.exponent - 1)

    def _equalized(self, ref: Tensor, deg: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return both densities, equalized, and the audible power of the reference's frames."""
        ref_audible = ref * (ref > 100 * self.threshold)
        active = (ref_audible[..., 1:].sum(-1, keepdim=True) >= 1e7).float()
        ref_mean = (ref_audible * active).mean(1)
        deg_mean = (deg * (deg > 100 * self.threshold) * active).mean(1)
        ref = ref * ((deg_mean + 1000) / (ref_mean + 1000)).clamp(0.01, 100)[:, None]
        ref_power, deg_power = ((x * (x > self.threshold))[..., 1:].sum(-1) for x in (ref, deg))
        gain = (ref_power + 5e3) / (deg_power + 5e3)
        past = torch.cat([gain[:, :1].expand(-1, 3), gain], dim=1)
        weights = (0.8, 0.16, 0.032, 0.008)  # of P.862's first-order smoothing
        n = gain.shape[1]
        gain = sum((w * past[:, 3 - i :][:, :n] for i, w in enumerate(weights)), gain * 0)
        return ref, deg * gain.clamp(3e-4, 5)[..., None], ref_power

    def forward(self, ref: Tensor, deg: Tensor) -> Tensor:
        """Return the loss (batch,)."""
        x, y, power = self._equalized(self._density(ref), self._density(deg))
        loud_x, loud_y = self._loud(x), self._loud(y)
        change = loud_y - loud_x
        masked = (change.abs() - 0.25 * torch.minimum(loud_x, loud_y)).clamp_min(0)
        change = (change.sign() * masked)[..., 1:] * self.width
        added = ((y + 50) / (x + 50))[..., 1:] ** 1.2
        added = torch.where(added < 3, 0.0, added.clamp_max(12))
        total = self.width.sum()
        plain = ((change**2).sum(-1) / total + 1e-6).sqrt() * total
        skewed = (change.clamp_min(0) * added).sum(-1)
        weight = ((power + 1e5) / 1e7) ** 0.04
        # L6 over 320 ms, then L2
        plain, skewed = (
            ((x / weight).clamp(1e-6, 45).unfold(1, 20, 10) ** 6).mean(-1).pow(1 / 3).mean(1).sqrt()
            for x in (plain, skewed)
        )
        return 0.1 * plain + 0.0309 * skewed


class Intelligibility(nn.Module):
    """1 minus ESTOI: the correlation of normalized spectrograms of 384 ms."""

    _LEN, _HOP, _N_FFT = 204, 102, 512
    _N_FRAMES, _STEP = 30, 6

    bands: Tensor
    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        hz, centres = _bin_hz(self._N_FFT)[:, None], 150 * 2 ** (np.arange(15) / 3)
        bands = (hz >= centres * 2 ** (-1 / 6)) & (hz < centres * 2 ** (1 / 6))
        self.register_buffer("bands", _tensor(bands))
        self.register_buffer("window", torch.hann_window(self._LEN + 2)[1:-1].clone())

    def _normalized(self, x: Tensor) -> Tensor:
        powers = _powers(x, self._LEN, self._HOP, self.window, self._N_FFT)
        segments = (powers @ self.bands + 1e-8).sqrt().unfold(1, self._N_FRAMES, self._STEP)
        for dim in (-1, -2):
            segments = segments - segments.mean(dim, keepdim=True)
            segments = segments / (segments.norm(dim=dim, keepdim=True) + 1e-3)
        return segments

    def forward(self, ref: Tensor, deg: Tensor) -> Tensor:
        """Return the loss (batch,)."""
        return 1 - (self._normalized(ref) * self._normalized(deg)).sum(-2).mean((1, 2))


def _auditory_bands(n_fft: int) -> tuple[Tensor, Tensor]:
    """Return bands (bins, bins), one around each bin, and the weight (bins,) of each band."""
    hz = _bin_hz(n_fft)
    width = np.maximum(24.7 + 0.108 * hz, SAMPLERATE / n_fft)  # equivalent rectangular band
    bands = np.exp(-0.5 * ((hz[:, None] - hz) / width / 0.6) ** 2)
    bands[hz < 80] = 0
    weight = np.where(hz < 100, 0, 1 / width)
    return _tensor(bands / bands.sum(axis=0)), _tensor(weight / weight.sum())


class LogSpectra(nn.Module):
    """Mean distance of log powers [nat] in auditory bands, at two time resolutions.

    It keeps level and spectrum in place, which `Disturbance` equalizes for free.
    """

    _LENGTHS = (512, 160)

    def __init__(self) -> None:
        super().__init__()
        for n in self._LENGTHS:
            bands, weight = _auditory_bands(n)
            self.register_buffer(f"bands{n}", bands)
            self.register_buffer(f"weight{n}", weight)
            self.register_buffer(f"window{n}", torch.hann_window(n))

    def forward(self, ref: Tensor, deg: Tensor) -> Tensor:
        """Return the loss (batch,)."""
        floor = (ref**2).mean(1)[:, None, None] * 10**-4.5 + 1e-9
        total = torch.zeros(len(ref), device=ref.device)
        for n in self._LENGTHS:
            bands, weight = self.get_buffer(f"bands{n}"), self.get_buffer(f"weight{n}")
            window = self.get_buffer(f"window{n}")
            x, y = (
                (_powers(s, n, n // 2, window) / (window**2).sum()) @ bands + floor
                for s in (ref, deg)
            )
            total = total + ((x.log() - y.log()).abs() * weight).sum(-1).mean(1)
        return total / len(self._LENGTHS)


class LongTermSpectrum(nn.Module):
    """How far the levels of third octaves are from the reference's, beyond a tolerance [nat].

    Signals alone may differ by more than their mean: what they share is the fault of the network.
    """

    _LEN = 512
    _CENTRES_HZ = 250 * 2 ** (np.arange(-1, 12) / 3)
    _SHARE = 4.0  # of the shared part
    _OWN, _SHARED = 2.0, 1.2  # tolerances of one signal and of the mean of all [dB]

    bands: Tensor
    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        hz, centres = _bin_hz(self._LEN)[:, None], self._CENTRES_HZ
        bands = (hz >= centres * 2 ** (-1 / 6)) & (hz < np.minimum(centres * 2 ** (1 / 6), 3400))
        self.register_buffer("bands", _tensor(bands / bands.sum(axis=0)))
        self.register_buffer("window", torch.hann_window(self._LEN))

    def forward(self, ref: Tensor, deg: Tensor) -> Tensor:
        """Return the loss (batch,)."""
        floor = (ref**2).mean(1)[:, None] * 10**-4.5 + 1e-9
        x, y = (
            _powers(s, self._LEN, self._LEN // 2, self.window).mean(1)
            / (self.window**2).sum()
            @ self.bands
            + floor
            for s in (ref, deg)
        )
        change = y.log() - x.log()
        nat = math.log(10) / 10
        own = (change.abs() - self._OWN * nat).clamp_min(0).mean(-1)
        shared = (change.mean(0).abs() - self._SHARED * nat).clamp_min(0).mean()
        return own + shared * self._SHARE


class RootSpectra(nn.Module):
    """Relative distance of compressed magnitudes, bin by bin: it weighs loud parts more."""

    _LENGTHS = (512, 160)

    def __init__(self) -> None:
        super().__init__()
        for n in self._LENGTHS:
            self.register_buffer(f"window{n}", torch.hann_window(n))

    def forward(self, ref: Tensor, deg: Tensor) -> Tensor:
        """Return the loss (batch,)."""
        total = torch.zeros(len(ref), device=ref.device)
        for n in self._LENGTHS:
            window = self.get_buffer(f"window{n}")
            x, y = (
                (_powers(s, n, n // 2, window) / (window**2).sum() + 1e-9).sqrt().sqrt()
                for s in (ref, deg)
            )
            total = total + (x - y).abs().sum((1, 2)) / x.sum((1, 2))
        return total
