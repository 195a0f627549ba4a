"""Photographs, blocks of pixels, pictures and the command line of all examples."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure, FigureBase
from numpy.typing import NDArray
from sklearn.datasets import load_sample_images

Array = NDArray[Any]


@dataclass(frozen=True)
class Result:
    """The figures that an example has measured, and the data of its picture."""

    figures: Mapping[str, float]
    pictures: Mapping[str, Any]


def photographs() -> tuple[Array, Array]:
    """Return scikit-learn's photographs, (424, 640, 3) in [0, 255]: a pagoda and a flower."""
    pagoda, flower = (image[:424].astype(np.float64) for image in load_sample_images().images)
    return pagoda, flower


def gray(image: Array) -> Array:
    """Return the luminance (h, w) of image (h, w, 3)."""
    luminance: Array = image @ [0.299, 0.587, 0.114]
    return luminance


def to_blocks(image: Array, size: int) -> Array:
    """Cut image (h, w) into the rows of an array (h * w / size**2, size**2)."""
    h, w = image.shape
    return image.reshape(h // size, size, w // size, size).swapaxes(1, 2).reshape(-1, size**2)


def from_blocks(blocks: Array, shape: tuple[int, ...]) -> Array:
    """Put blocks from `to_blocks` together into an image of `shape`."""
    h, w = shape
    size = round(blocks.shape[1] ** 0.5)
    return blocks.reshape(h // size, w // size, size, size).swapaxes(1, 2).reshape(h, w)


def show_images(figure: FigureBase, images: Mapping[str, Array], n_rows: int = 1) -> None:
    """Draw images, gray ones in [0, 255], each under its title."""
    panels = figure.subplots(n_rows, -(-len(images) // n_rows), squeeze=False).ravel()
    for panel in panels:
        panel.set_axis_off()
    for panel, (title, image) in zip(panels, images.items(), strict=False):
        panel.imshow(image, cmap="gray", vmin=0, vmax=255)
        panel.set_title(title)


def main(
    description: str | None,
    measure: Callable[..., Result],
    draw: Callable[[Result], Figure],
    *folders: str,
) -> None:
    """Print the figures that an example measures, and save its picture to ``--out``."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for folder in folders:
        parser.add_argument("folders", metavar=folder, type=Path, action="append")
    parser.add_argument("--out", type=Path, metavar="PNG", help="where the picture goes")
    args = parser.parse_args()
    result = measure(*(args.folders if folders else ()))
    for name, value in result.figures.items():
        print(f"{name:<52} {value:10.{0 if float(value).is_integer() else 3}f}")
    if args.out is not None:
        draw(result).savefig(args.out, dpi=80)
