"""Code a short video by motion compensation and vector quantization of the prediction error.

Each block of 8x8 pixels is predicted from the last decoded frame, at the displacement that fits
best. The prediction error is coded in blocks of 4x4 pixels. For comparison every frame is coded
alone in such blocks, at a higher rate. The video is synthetic: a camera moves over one photograph,
and a disc cut from the other crosses the view. The codebooks are designed for the first frames,
coded alone.
"""

from itertools import pairwise

import numpy as np
from common import Array, Result, from_blocks, gray, main, photographs, show_images, to_blocks
from matplotlib.figure import Figure

from celpvq.vq import LBG, psnr

SIZE, REACH = 160, 7  # pixels
ALONE, MOVING = 512, 64  # codewords


def make_video(n_frames: int) -> Array:
    """Return frames (n_frames, 160, 160) in [0, 255], with a little noise."""
    ground, flower = (gray(image) for image in photographs())
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:SIZE, :SIZE]
    frames = []
    for t in range(n_frames):
        frame = ground[80 + t : 80 + t + SIZE, 120 + 3 * t : 120 + 3 * t + SIZE].copy()
        cy, cx = 110 - 2 * t, 30 + 5 * t
        disc = (y - cy) ** 2 + (x - cx) ** 2 < 28**2
        frame[disc] = flower[220 - cy + y[disc], 312 - cx + x[disc]]
        frames.append((frame + rng.normal(scale=2, size=frame.shape)).clip(0, 255))
    return np.array(frames)


def predict(last: Array, frame: Array) -> Array:
    """Return `frame` put together of blocks of `last`, displaced by up to `REACH` pixels."""
    padded = np.pad(last, REACH, mode="edge")
    shifts = range(2 * REACH + 1)
    moved = [to_blocks(padded[dy : dy + SIZE, dx : dx + SIZE], 8) for dy in shifts for dx in shifts]
    errors = [((blocks - to_blocks(frame, 8)) ** 2).sum(axis=1) for blocks in moved]
    best = np.argmin(errors, axis=0)
    return from_blocks(np.array(moved)[best, np.arange(len(best))], frame.shape)


def code(image: Array, vq: LBG) -> Array:
    """Return the image as the quantizer decodes it."""
    return from_blocks(vq.decode(vq.encode(to_blocks(image, 4))), image.shape)


def measure(n_frames: int = 24, n_learnt: int = 6) -> Result:
    """Design the codebooks for the first frames, and return rate and PSNR of the others."""
    video = make_video(n_frames)
    learnt = video[:n_learnt]
    alone = LBG(ALONE, random_state=1).fit(np.concatenate([to_blocks(f, 4) for f in learnt]))
    rests = [now - predict(code(before, alone), now)
             for before, now in pairwise(learnt)]  # fmt: skip
    moving = LBG(MOVING, random_state=1).fit(np.concatenate([to_blocks(r, 4) for r in rests]))
    last = code(learnt[-1], alone)
    single, compensated = [], []
    for frame in video[n_learnt:]:
        prediction = predict(last, frame)
        last = prediction + code(frame - prediction, moving)
        single.append(psnr(frame, code(frame, alone)))
        compensated.append(psnr(frame, last))
    figures = {
        "each frame alone [bit/pixel]": np.log2(ALONE) / 16,
        "motion compensated [bit/pixel]": np.log2(MOVING) / 16 + 2 * np.log2(2 * REACH + 1) / 64,
        "each frame alone [dB PSNR]": float(np.mean(single)),
        "motion compensated [dB PSNR]": float(np.mean(compensated)),
    }
    shown = {"last frame": frame, "coded alone": code(frame, alone), "its prediction": prediction,
             "motion compensated": last}  # fmt: skip
    return Result(figures, {"shown": shown, "single": single, "compensated": compensated})


def draw(result: Result) -> Figure:
    """Show the last frame in all versions, and the quality over time."""
    figure = Figure(figsize=(13, 6), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[3, 2])
    show_images(above, result.pictures["shown"])
    axes = below.subplots()
    for name, key in {"motion compensated": "compensated", "each frame alone": "single"}.items():
        quality = result.pictures[key]
        axes.plot(range(1, len(quality) + 1), quality, "o-", label=name)
    axes.set(
        xlabel="frame after those learnt", ylabel="PSNR [dB]", xticks=range(1, len(quality) + 1)
    )
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


if __name__ == "__main__":
    main(__doc__, measure, draw)
