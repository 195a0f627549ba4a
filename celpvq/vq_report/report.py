"""What trials of a quantizer have shown, as Markdown with pictures."""

from collections.abc import Mapping
from pathlib import Path

from ..output import write_file
from ..quality.report import markdown_table
from . import pictures
from .trials import Study, variable_rate

QUANTIZER, REPORT = "quantizer.npz", "report.md"
HISTORY, CELLS, USAGE, RATES = "history.png", "cells.png", "usage.png", "rates.png"
_BOUND = """\
Signal to quantization noise over rate. The dashed line is the distortion-rate function of
independent Gaussian vectors with the covariance of the training vectors: no quantizer of such
vectors gets above it. Vectors that are not Gaussian, or depend on each other, may allow more, and
vectors that the quantizer was designed for can come out too well.
"""
_ZADOR = """\
The dotted line is what the best quantizers of single Gaussian vectors come near at high rate
(Zador, Gersho); at low rates they may do better.
"""
_NO_ZADOR = """\
There is no line for the high-rate theory of Zador and Gersho: it needs one to eight, or 24,
components, each with some variance.
"""
_CELLS = "The cells, the training vectors (black) and the codewords (red).\n"
_CUT = """\
The cells where the plane of the first two principal components through the mean cuts them, and the
training vectors (black) and codewords (red) as they project on it.
"""
FILES = (QUANTIZER, REPORT, HISTORY, CELLS, USAGE, RATES)


def draw(folder: Path, study: Study) -> dict[str, str]:
    """Draw the pictures that there can be.

    Parameters
    ----------
    folder : Path
        Where they go.
    study : Study
        What they are of.

    Returns
    -------
    dict of str to str
        What is to be said below each picture, by name of the file.

    Raises
    ------
    MissingPackageError
        If matplotlib is not installed; then there are none.
    OutputError
        If one cannot be written.
    """
    main, model = study.main, study.model
    captions = {}
    pictures.draw_rates(folder / RATES, study)
    captions[RATES] = _BOUND + (_ZADOR if model.zador(1) is not None else _NO_ZADOR)
    if len(getattr(main.quantizer, "distortion_history_", ())) > 0:
        pictures.draw_history(folder / HISTORY, main)
        captions[HISTORY] = "Distortion of the training vectors as the design goes on."
    pictures.draw_usage(folder / USAGE, main)
    captions[USAGE] = "How often each codeword is used by the training vectors."
    if len(model.mean) > 1 and not hasattr(main.quantizer, "coefs_"):  # nothing is predicted
        pictures.draw_cells(folder / CELLS, study)
        captions[CELLS] = _CELLS if len(model.mean) == 2 else _CUT
    return captions


def write(folder: Path, study: Study, captions: Mapping[str, str]) -> None:
    """Write the report, with the pictures that `draw` has told of."""
    main, (n, k) = study.main, study.vectors.train.shape
    name = type(main.quantizer).__name__
    rates = (
        "the entropy of the indices" if variable_rate(main.quantizer) else "those of the indices"
    )
    parts = [
        f"# {name} on {study.vectors.name}",
        f"{n} training vectors and {len(study.vectors.test)} held back, of {k} components.",
        f"`{main.quantizer!r}`, designed in {main.seconds:.1f} s:"
        f" `celpvq.vq.{name}.load(\"{QUANTIZER}\")`.",
        rate_table(study),
        f"Bits are {rates}, for a whole vector; the entropy is what codes of the indices one by one"
        " would take. Distortion is the mean squared error per component, and SQNR the mean"
        " variance of a component over it. The bound is that for Gaussian vectors of the same"
        " covariance.",
        *(f"![{picture.split('.')[0]}]({picture})\n\n{caption}"
          for picture, caption in captions.items()),
    ]  # fmt: skip
    write_file(folder / REPORT, ("\n\n".join(part.strip() for part in parts) + "\n").encode())


def rate_table(study: Study) -> str:
    """Return rates and what is reached there, beside the bound for Gaussian vectors."""
    model, k = study.model, len(study.model.variances)
    head = ["bits", "bits/component", "entropy", "distortion, training", "held back",
            "SQNR [dB], training", "held back", "bound"]  # fmt: skip
    return markdown_table(head, [
        [f"{t.rate:.2f}", f"{t.rate / k:.3f}", f"{t.entropy:.2f}",
         f"{t.train:.5g}", f"{t.test:.5g}", f"{study.sqnr(t.train):.2f}",
         f"{study.sqnr(t.test):.2f}", f"{study.sqnr(model.shannon(t.rate / k)):.2f}"]
        for t in study.trials
    ])  # fmt: skip
