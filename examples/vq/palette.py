"""Show a photograph in 16 colours: a palette is a codebook of colours.

LBG designs one palette. Pillow makes another one by median cut, and the third is a regular grid.
"""

import numpy as np
from common import Array, Result, main, photographs, show_images
from matplotlib.figure import Figure
from PIL import Image

from celpvq.vq import LBG, nearest, psnr


def median_cut(image: Array, n_colours: int) -> Array:
    """Return the palette (n_colours, 3) of Pillow's median cut."""
    indexed = Image.fromarray(image.astype(np.uint8)).quantize(n_colours, Image.Quantize.MEDIANCUT)
    return np.array(indexed.getpalette(), np.float64).reshape(-1, 3)[:n_colours]


def grid() -> Array:
    """Return 16 colours, evenly spaced: two of red, four of green, two of blue."""
    axes = [(np.arange(n) + 0.5) * 256 / n for n in (2, 4, 2)]
    return np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 3)


def measure(n_colours: int = 16, every: int = 4) -> Result:
    """Colour the photographs with palettes designed on one in `every` pixels."""
    figures, pictures = {}, {}
    for name, image in zip(["pagoda", "flower"], photographs(), strict=True):
        pixels = image.reshape(-1, 3)
        palettes = {
            "regular grid, 16": grid(),
            f"median cut, {n_colours}": median_cut(image, n_colours),
            f"LBG, {n_colours}": LBG(n_colours, random_state=1).fit(pixels[::every]).codebook_,
        }
        for kind, palette in palettes.items():
            coded = palette[nearest(pixels, palette)[0]]
            figures[f"{name}: {kind} [dB PSNR]"] = psnr(pixels, coded)
            title = f"{kind} colours, {psnr(pixels, coded):.1f} dB"
            pictures[f"{name}: {title}"] = coded.reshape(image.shape).clip(0, 255).astype(np.uint8)
    return Result(figures, pictures)


def draw(result: Result) -> Figure:
    """Show the photographs in few colours."""
    figure = Figure(figsize=(13, 6.2), layout="constrained")
    show_images(figure, result.pictures, n_rows=2)
    return figure


if __name__ == "__main__":
    main(__doc__, measure, draw)
