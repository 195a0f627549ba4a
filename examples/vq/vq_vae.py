"""Learn a codebook within a network (a VQ-VAE) for speech, and compare with LBG at the same rate.

FOLDER holds speech. Its log power spectra, 50 per second in 32 bands, go through a small
convolutional encoder, one of 256 codewords each, and a decoder. All are trained together, at 8 bits
per frame. LBG spends the same 8 bits, but codes each frame alone; encoder and decoder also see the
frames around it. Every fifth clip is held back for the figures.
"""

from pathlib import Path

import numpy as np
import torch
from common import Array, Result, main
from matplotlib.figure import Figure
from torch import nn

from celpvq.training.corpus import find_clips
from celpvq.vq import LBG, cell_usage, perplexity
from celpvq.vq.nn import StraightThrough

BANDS, STEP, SEGMENT = 32, 160, 64  # bands of a frame, samples between frames, frames


def spectra(x: Array) -> Array:
    """Return the log power (n, 64, 32) of segments of x [dB], at least 60 dB below the peak."""
    frames = np.lib.stride_tricks.sliding_window_view(x, 256)[::STEP] * np.hanning(256)
    power = np.square(np.abs(np.fft.rfft(frames)))[:, 1:].reshape(-1, BANDS, 4).mean(axis=2)
    level = 10 * np.log10(np.maximum(power, power.max() * 1e-6))
    n = len(level) // SEGMENT
    return level[: n * SEGMENT].reshape(n, SEGMENT, BANDS)


class VQVAE(nn.Module):
    """An encoder, a codebook and a decoder, for frames (n, 64, 32)."""

    def __init__(self, n_codewords: int, k: int = 16) -> None:
        super().__init__()
        self.encoder, self.decoder = self.convolutions(BANDS, k), self.convolutions(k, BANDS)
        self.vq = StraightThrough(n_codewords, k)

    @staticmethod
    def convolutions(inner: int, outer: int, width: int = 96) -> nn.Sequential:
        """Return a network that looks at four frames before and after each."""
        return nn.Sequential(nn.Conv1d(inner, width, 5, padding=2), nn.ReLU(),
                             nn.Conv1d(width, width, 5, padding=2), nn.ReLU(),
                             nn.Conv1d(width, outer, 1))  # fmt: skip

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return frames of the same shape, their indices (n, 64), and the loss of the encoder."""
        vectors, indices, loss = self.vq(self.encoder(x.mT).mT)
        return self.decoder(vectors.mT).mT, indices, loss


def learn(model: VQVAE, x: torch.Tensor, n_epochs: int) -> None:
    """Train the model on segments x (n, 64, 32)."""
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_epochs)
    for _ in range(n_epochs):
        for rows in torch.randperm(len(x)).split(16):
            y, _, commitment = model(x[rows])
            optimizer.zero_grad()
            (((y - x[rows]) ** 2).mean() + commitment).backward()
            optimizer.step()
        schedule.step()


def measure(folder: Path, n_clips: int | None = None, n_epochs: int = 25,
            n_codewords: int = 256) -> Result:  # fmt: skip
    """Return error and use of the codewords on speech held back, for network and LBG."""
    segments = [spectra(clip.read()) for clip in find_clips(folder)[:n_clips]]
    test = np.concatenate(segments[::5])
    train = np.concatenate([s for i, s in enumerate(segments) if i % 5])
    mean, scale = train.mean(axis=(0, 1)), train.std()
    learnt, held = (torch.tensor((x - mean) / scale, dtype=torch.float32) for x in (train, test))
    torch.manual_seed(1)
    model = VQVAE(n_codewords)
    learn(model, learnt, n_epochs)
    with torch.no_grad():
        y, indices, _ = model.eval()(held)
    vq = LBG(n_codewords, random_state=1).fit(train.reshape(-1, BANDS))
    cells = vq.encode(test.reshape(-1, BANDS))
    coded = {"VQ-VAE": (y.numpy() * scale + mean, indices.numpy()),
             "LBG": (vq.decode(cells).reshape(test.shape), cells)}  # fmt: skip
    figures = {"frames learnt": float(len(train) * SEGMENT)}
    figures["mean alone: rms error [dB]"] = float(np.sqrt(((test - mean) ** 2).mean()))
    for name, (x, used) in coded.items():
        figures[f"{name}: rms error [dB]"] = float(np.sqrt(((x - test) ** 2).mean()))
        figures[f"{name}: perplexity of the codewords"] = perplexity(used)
        figures[f"{name}: codewords used [%]"] = 100.0 * cell_usage(used.ravel(), n_codewords)
    return Result(figures, {"original": test, **{name: x for name, (x, _) in coded.items()}})


def draw(result: Result) -> Figure:
    """Show some speech held back, before and after coding."""
    figure = Figure(figsize=(11, 6), layout="constrained")
    panels = figure.subplots(3, 1, sharex=True)
    low, high = np.percentile(result.pictures["original"][-4:], [0, 100])
    for panel, (name, x) in zip(panels, result.pictures.items(), strict=True):
        picture = x[-4:].reshape(-1, BANDS).T
        panel.imshow(picture, origin="lower", aspect="auto", cmap="magma", vmin=low, vmax=high,
                     extent=(0, picture.shape[1] / 50, 0, 4))  # fmt: skip
        error = result.figures.get(f"{name}: rms error [dB]")
        panel.set(title=name if error is None else f"{name}, {error:.2f} dB", ylabel="kHz")
    panels[-1].set_xlabel("time [s]")
    return figure


if __name__ == "__main__":
    main(__doc__, measure, draw, "FOLDER")
