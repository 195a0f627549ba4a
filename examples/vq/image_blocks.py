"""Code photographs in blocks of 4x4 pixels with 256 codewords: 0.5 bit per pixel.

Two scalar quantizers spend the same 8 bits on each block. The first codes the means of 1, 2, 4 or 8
parts of the block, whichever number is best. The second codes the cosine transform of the block,
and gives the bits to the coefficients that need them most. All quantizers are designed for the
first photograph and code both.
"""

import numpy as np
from common import Array, Result, from_blocks, gray, main, photographs, show_images, to_blocks
from matplotlib.figure import Figure
from scipy.fft import dctn, idctn

from celpvq.vq import LBG, psnr

BITS = 8  # per block


def scalar(train: Array, test: Array, bits: int) -> Array:
    """Return `test`, values of any shape, quantized with 2**bits levels designed for `train`."""
    levels = LBG(2**bits, random_state=1).fit(train.reshape(-1, 1))
    return levels.decode(levels.encode(test.reshape(-1, 1))).reshape(test.shape)


def of_means(train: Array, test: Array, rows: int, columns: int) -> Array:
    """Return blocks (n, 16) of which the means of rows x columns parts are quantized."""
    parts = [x.reshape(-1, rows, 4 // rows, columns, 4 // columns).mean((2, 4))
             for x in (train, test)]  # fmt: skip
    coded = scalar(*parts, bits=BITS // (rows * columns))
    return coded.repeat(4 // rows, axis=1).repeat(4 // columns, axis=2).reshape(len(test), 16)


def of_transform(train: Array, test: Array) -> Array:
    """Return blocks (n, 16) of which the coefficients of the cosine transform are quantized."""
    a, b = (dctn(x.reshape(-1, 4, 4), axes=(1, 2), norm="ortho").reshape(-1, 16)
            for x in (train, test))  # fmt: skip
    bits, error = [0] * 16, a.var(axis=0)
    for _ in range(BITS):
        worst = int(np.argmax(error))
        bits[worst] += 1
        error[worst] = ((a[:, worst] - scalar(a[:, worst], a[:, worst], bits[worst])) ** 2).mean()
    coded = np.column_stack([scalar(a[:, i], b[:, i], bits[i]) for i in range(16)])
    return idctn(coded.reshape(-1, 4, 4), axes=(1, 2), norm="ortho").reshape(-1, 16)


def measure() -> Result:
    """Code the photograph that the quantizers are designed for, and the other one."""
    figures, pictures = {}, {}
    images = [gray(image) for image in photographs()]
    train = to_blocks(images[0], 4)
    vq = LBG(2**BITS, random_state=1).fit(train)
    for name, image in zip(["pagoda (trained on)", "flower"], images, strict=True):
        test = to_blocks(image, 4)
        means = [of_means(train, test, *parts) for parts in [(1, 1), (1, 2), (2, 2), (2, 4)]]
        pictures[f"{name}\noriginal"] = image
        coded = {
            "scalar, means": max(means, key=lambda x: psnr(test, x)),
            "scalar, transform": of_transform(train, test),
            "VQ, 256 codewords": vq.decode(vq.encode(test)),
        }
        for kind, blocks in coded.items():
            quality = psnr(test, blocks)
            figures[f"{name}: {kind} [dB PSNR]"] = quality
            pictures[f"{name}\n{kind}, {quality:.1f} dB"] = from_blocks(blocks, image.shape)
    return Result(figures, pictures)


def draw(result: Result) -> Figure:
    """Show a detail of each coded photograph."""
    figure = Figure(figsize=(12, 6), layout="constrained")
    details = [slice(100, 280), slice(240, 420)]
    show_images(figure, {title: image[90:250, details["flower" in title]]
                         for title, image in result.pictures.items()}, n_rows=2)  # fmt: skip
    return figure


if __name__ == "__main__":
    main(__doc__, measure, draw)
