"""The enhancement network and its filters in PyTorch: the twin of the decoder's kernels."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...codec.common.enhancement_tables import (
    FRAME_UNITS,
    GATE_UNITS,
    LAG_UNITS,
    LAYERS,
    N_COMB,
    N_FEATURES,
    N_FIR,
    N_LAGS,
)
from ...codec.decoder.enhancement import FADE, FADE_LEN
from ...codec.decoder.enhancement_features import COMFORT_NOISE
from ...codec.decoder.enhancement_network import COMB_LIMIT, FEATURE_LIMIT, FIR_LIMIT
from ...codec.format.modes import FRAME_LEN, MAX_LAG, MIN_LAG, N_SUBFRAMES, SUBFRAME_LEN

_AROUND = MAX_LAG + N_COMB  # samples before and after a signal that its combs reach


def _bounded(x: Tensor, limit: float) -> Tensor:
    return x / (1.0 + x.abs() / limit)


def _before(x: Tensor) -> Tensor:
    """Return x (batch, n, ...) one step later, the first step repeated."""
    return torch.cat([x[:, :1], x[:, :-1]], dim=1)


def _recur(gates: Tensor, weight: Tensor, bias: Tensor, hidden: Tensor) -> Tensor:
    """Return the states (batch, n, units) of the recurrent layer for gates (batch, n, 3 units)."""
    states, soft = [], functional.softsign
    for now in gates.unbind(1):
        update, reset, new = now.chunk(3, 1)
        past_update, past_reset, past = torch.addmm(bias, hidden, weight).chunk(3, 1)
        update = 0.5 + 0.5 * soft(update + past_update)
        reset = 0.5 + 0.5 * soft(reset + past_reset)
        new = soft(new + reset * past)
        hidden = new + update * (hidden - new)
        states.append(hidden)
    return torch.stack(states, 1)


class Enhancer(nn.Module):
    """Features of subframes -> taps -> comb and FIR filter of the speech."""

    mean: Tensor
    scale: Tensor
    fade: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(N_FEATURES))
        self.register_buffer("scale", torch.ones(N_FEATURES))
        self.register_buffer("fade", torch.tensor(FADE, dtype=torch.float32))
        self.lags = nn.Embedding(N_LAGS, LAG_UNITS)
        self.layers = nn.ModuleDict({name: nn.Linear(*layer) for name, layer in LAYERS.items()})
        with torch.no_grad():  # begin near the filter that changes nothing
            taps = self.layers["taps"]
            taps.weight *= 0.1
            taps.bias.zero_()

    def taps(self, features: Tensor, lag: Tensor) -> Tensor:
        """Return the taps (batch, K, N_TAPS) of features (batch, K, N_FEATURES), lag (batch, K)."""
        layer, soft = self.layers, functional.softsign
        batch, n = lag.shape
        x = ((features - self.mean) * self.scale).clamp(-FEATURE_LIMIT, FEATURE_LIMIT)
        own = soft(layer["subframe"](torch.cat([x, self.lags(lag - MIN_LAG)], dim=-1)))
        frame = soft(layer["frame"](own.reshape(batch, n // N_SUBFRAMES, -1)))
        past = layer["past"]
        start = frame.new_zeros(batch, FRAME_UNITS)
        states = _recur(layer["gates"](frame), past.weight.t(), past.bias, start)
        shared = soft(layer["split"](states)).reshape(batch, n, -1)
        out = layer["taps"](functional.relu(layer["output"](torch.cat([own, shared], dim=-1))))
        out = out * (1.0 - features[..., COMFORT_NOISE, None])  # it stays as it is
        comb, fir = out.split([2 * N_COMB, N_FIR], dim=-1)
        return torch.cat([_bounded(comb, COMB_LIMIT), _bounded(fir, FIR_LIMIT)], dim=-1)

    def forward(self, speech: Tensor, features: Tensor, lag: Tensor) -> Tensor:
        """Return the enhanced speech (batch, SUBFRAME_LEN * K)."""
        past, ahead, fir = self.taps(features, lag).split([N_COMB, N_COMB, N_FIR], dim=-1)
        combed = speech + self._comb(speech, past, -lag) + self._comb(speech, ahead, lag)
        return self._fir(combed, fir)

    def _comb(self, speech: Tensor, taps: Tensor, shift: Tensor) -> Tensor:
        """Return the sums of the samples `shift` (batch, K) later; those after a frame are 0."""
        batch, n = shift.shape
        line = functional.pad(speech, (_AROUND, _AROUND))
        first = torch.arange(n, device=shift.device)[:, None] * SUBFRAME_LEN
        at = first + torch.arange(SUBFRAME_LEN + N_COMB - 1, device=shift.device)
        at = at + _AROUND - N_COMB // 2
        end = (first // FRAME_LEN + 1) * FRAME_LEN + _AROUND

        def sums(shift: Tensor, taps: Tensor, length: int) -> Tensor:
            where = at[:, : length + N_COMB - 1] + shift[..., None]
            near = torch.gather(line, 1, where.reshape(batch, -1)).reshape(batch, n, -1)
            near = (near * (where < end)).unfold(2, N_COMB, 1)  # (batch, n, length, taps)
            return torch.einsum("bnlt,bnt->bnl", near, taps.flip(-1))

        new = sums(shift, taps, SUBFRAME_LEN)
        old = sums(_before(shift), _before(taps), FADE_LEN)
        return self._blend(new, old).reshape(speech.shape)

    def _fir(self, x: Tensor, taps: Tensor) -> Tensor:
        line = functional.pad(x, (N_FIR - 1, 0))
        shape = (x.shape[0], taps.shape[1], SUBFRAME_LEN)
        new = torch.zeros(shape, device=x.device)
        old = torch.zeros((*shape[:2], FADE_LEN), device=x.device)
        before = _before(taps)
        for j in range(N_FIR):  # three times as fast as one product of all delays
            delayed = line[:, N_FIR - 1 - j :][:, : x.shape[1]].reshape(shape)
            new = torch.addcmul(new, delayed, taps[..., j, None])
            old = torch.addcmul(old, delayed[..., :FADE_LEN], before[..., j, None])
        return x + self._blend(new, old).reshape(x.shape)

    def _blend(self, new: Tensor, old: Tensor) -> Tensor:
        """Fade from `old` (..., FADE_LEN) into `new` (..., SUBFRAME_LEN)."""
        faded = torch.lerp(old, new[..., :FADE_LEN], self.fade)
        return torch.cat([faded, new[..., FADE_LEN:]], dim=-1)

    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """Return the weights by the names that `enhancement_tables.quantize` takes."""

        def plain(x: Tensor) -> npt.NDArray[np.float32]:
            return np.asarray(x.detach().cpu().numpy(), dtype=np.float32)

        found = {"mean": plain(self.mean), "scale": plain(self.scale)}
        found["lags"] = plain(self.lags.weight)
        for name, layer in self.layers.items():
            found[name], found[f"{name}_bias"] = plain(layer.weight).T, plain(layer.bias)
        return found


assert GATE_UNITS == 3 * FRAME_UNITS
