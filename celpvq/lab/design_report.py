"""The report on the design of a quantizer: Markdown with pictures."""

from collections.abc import Mapping
from pathlib import Path

from ..output import write_file
from . import design_pictures as pictures
from .tabular import markdown
from .trials import Study, variable_rate

QUANTIZER, REPORT = "quantizer.npz", "report.md"
HISTORY, CELLS, USAGE, RATES = "history.png", "cells.png", "usage.png", "rates.png"
_BOUND = """\
Signal to quantization noise over rate. The dashed line is the distortion-rate function of
independent Gaussian vectors with the covariance of the training vectors. It bounds every quantizer
of such vectors. Vectors that are not Gaussian, or that depend on each other, can lie above it. So
can the training vectors, since the quantizer was designed for them.
"""
_ZADOR = """\
The dotted line is the approximation of Zador and Gersho for the best quantizers of single Gaussian
vectors. It holds at high rates; at low rates such quantizers may do better.
"""
_NO_ZADOR = """\
There is no line for the high-rate approximation of Zador and Gersho: it needs 1 to 8, or 24,
components, each with some variance.
"""
_CELLS = "The cells, the training vectors (black) and the codewords (red).\n"
_CUT = """\
The cells, cut by the plane of the first two principal components through the mean, and the
training vectors (black) and codewords (red), projected on it.
"""
FILES = (QUANTIZER, REPORT, HISTORY, CELLS, USAGE, RATES)


def draw(folder: Path, study: Study) -> dict[str, str]:
    """Draw the pictures that suit the method of a study, into a folder.

    Returns
    -------
    dict of str to str
        The caption of each picture, by name of the file.

    Raises
    ------
    MissingPackageError
        If matplotlib is not installed; then no picture is drawn.
    OutputError
        If a picture cannot be written.
    """
    main, model = study.main, study.model
    captions = {}
    pictures.draw_rates(folder / RATES, study)
    captions[RATES] = _BOUND + (_ZADOR if model.zador(1) is not None else _NO_ZADOR)
    if len(getattr(main.quantizer, "distortion_history_", ())) > 0:
        pictures.draw_history(folder / HISTORY, main)
        captions[HISTORY] = "Distortion of the training vectors over the iterations of the design."
    pictures.draw_usage(folder / USAGE, main)
    captions[USAGE] = "How often the training vectors use each codeword."
    if len(model.mean) > 1 and not hasattr(main.quantizer, "coefs_"):  # without prediction
        pictures.draw_cells(folder / CELLS, study)
        captions[CELLS] = _CELLS if len(model.mean) == 2 else _CUT
    return captions


def write(folder: Path, study: Study, captions: Mapping[str, str]) -> None:
    """Write the report, with the pictures whose captions `draw` returned."""
    main, (n, k) = study.main, study.vectors.train.shape
    name = type(main.quantizer).__name__
    rates = "the entropy" if variable_rate(main.quantizer) else "the length"
    parts = [
        f"# {name} on {study.vectors.name}",
        f"{n} vectors for training and {len(study.vectors.test)} held back, of {k} components.",
        f"`{main.quantizer!r}`, designed in {main.seconds:.1f} s:"
        f" `celpvq.vq.{name}.load(\"{QUANTIZER}\")`.",
        rate_table(study),
        f"The column *bits* gives {rates} of the indices of a vector. *Entropy* is the rate of an"
        " ideal code for each index by itself. *Distortion* is the mean squared error per"
        " component; SQNR is the mean variance of a component over the distortion. The bound holds"
        " for Gaussian vectors of the same covariance.",
        *(f"![{picture.split('.')[0]}]({picture})\n\n{caption}"
          for picture, caption in captions.items()),
    ]  # fmt: skip
    write_file(folder / REPORT, ("\n\n".join(part.strip() for part in parts) + "\n").encode())


def rate_table(study: Study) -> str:
    """Return a table of rates, distortions and the bound for Gaussian vectors."""
    model, k = study.model, len(study.model.variances)
    head = ["bits", "bits/component", "entropy", "distortion, training", "held back",
            "SQNR [dB], training", "held back", "bound"]  # fmt: skip
    return markdown(head, [
        [f"{t.rate:.2f}", f"{t.rate / k:.3f}", f"{t.entropy:.2f}",
         f"{t.train:.5g}", f"{t.test:.5g}", f"{study.sqnr(t.train):.2f}",
         f"{study.sqnr(t.test):.2f}", f"{study.sqnr(model.shannon(t.rate / k)):.2f}"]
        for t in study.trials
    ])  # fmt: skip
