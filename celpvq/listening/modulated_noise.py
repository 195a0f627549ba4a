"""The modulated noise reference unit: noise that follows the speech, at a set distance."""

import numpy as np
from numpy.typing import ArrayLike

from .._random import generator
from .._types import F64
from ..errors import ArgumentError


def mnru(x: ArrayLike, q_db: float, seed: int | np.random.Generator | None = 0) -> F64:
    """Add noise in proportion to each sample.

    Parameters
    ----------
    x : array_like, shape (n,)
        Speech. Its mean is removed.
    q_db : float
        Level of the speech in comparison with the noise [dB]. At 30 dB the noise is hardly
        audible, at 5 dB the quality is bad.
    seed : int, Generator or None
        Source of the noise.

    Returns
    -------
    ndarray, shape (n,)
        ``x * (1 + 10**(-q_db / 20) * noise)`` with Gaussian noise of mean 0 and variance 1.

    Raises
    ------
    ArgumentError
        If x is not one channel of finite samples, or `q_db` is not finite.

    Notes
    -----
    The standard also limits the result to the band up to 3400 Hz. This function keeps the whole
    band, so that the anchor differs from the reference by its noise only.

    References
    ----------
    ITU-T Recommendation P.810 (2023), *Modulated noise reference unit*, digital narrowband
    implementation.
    """
    samples = np.asarray(x, dtype=np.float64)
    if samples.ndim != 1 or not samples.size or not np.isfinite(samples).all():
        raise ArgumentError(f"x: expected finite samples, shape (n,), got shape {samples.shape}")
    if not np.isfinite(q_db):
        raise ArgumentError(f"q_db: expected a finite number of dB, got {q_db}")
    samples = samples - samples.mean()
    noise = generator(seed, "seed").standard_normal(samples.size)
    return np.asarray(samples * (1 + 10 ** (-q_db / 20) * noise))
