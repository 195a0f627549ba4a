"""Theory for Gaussian vectors with the mean and covariance of the data."""

from typing import NamedTuple, Self

import numpy as np

from .._types import F64, Floats
from ..errors import ArgumentError
from ..vq import zador_bound
from ..vq.theory import gersho_constant


class Gaussian(NamedTuple):
    """A Gaussian vector in its principal components."""

    mean: F64  # (k,)
    variances: F64  # (k,) falling
    axes: F64  # (k, k) a principal component per row

    @classmethod
    def of(cls, X: Floats) -> Self:
        """Return the Gaussian vector with mean and covariance of X (n, k), n > 0.

        Raises
        ------
        ArgumentError
            If the squares of the values overflow.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            mean = X.mean(axis=0, dtype=np.float64)
            covariance = np.atleast_2d(np.cov(X, rowvar=False, bias=True, dtype=np.float64))
        if not np.isfinite(covariance).all():
            raise ArgumentError(
                f"expected values whose squares are finite, got {np.abs(X).max():g}"
            )
        variances, axes = np.linalg.eigh(covariance)
        return cls(mean, np.maximum(variances[::-1], 0), axes.T[::-1])

    def shannon(self, rate: float) -> float:
        """Return the distortion-rate function.

        Parameters
        ----------
        rate : float
            Bits per component [>= 0].

        Returns
        -------
        float
            Least mean squared error per component, by reverse water-filling. Other vectors with
            the same covariance can be coded with less error.

        References
        ----------
        .. [1] T. M. Cover and J. A. Thomas, "Elements of Information Theory", 2nd ed., Wiley, 2006,
           theorem 10.3.3.
        """
        active = self.variances[self.variances > 0]
        bits = rate * len(self.variances)
        if len(active) == 0:
            return 0.0
        # the water level is the highest over all numbers of active components
        levels = (np.log2(active).cumsum() - 2 * bits) / np.arange(1, len(active) + 1)
        return float(np.minimum(self.variances, 2.0 ** levels.max()).mean())

    def zador(self, rate: float) -> float | None:
        """Return the high-rate distortion of the best quantizer for single vectors.

        Parameters
        ----------
        rate : float
            Bits per component.

        Returns
        -------
        float or None
            Mean squared error per component; None if the constant for this dimension is unknown,
            or a component has no variance.
        """
        k = len(self.variances)
        try:
            gersho_constant(k)
        except ArgumentError:
            return None
        if self.variances[-1] <= 0:
            return None
        return zador_bound(k, rate, float(np.exp(np.log(self.variances).mean())))
