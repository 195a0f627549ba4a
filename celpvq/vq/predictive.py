"""Predictive quantization of a sequence: only the error of a prediction is coded."""

from dataclasses import KW_ONLY, dataclass, field
from typing import ClassVar, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from .._random import generator
from .._types import F64, I64, Floats
from . import _check, _prediction
from ._files import check_shape
from .base import VectorQuantizer
from .lbg import LBG
from .lloyd import Design, descend, record_of
from .measures import distortion

_PATIENCE = (
    5  # iterations without a gain before the design ends: in a closed loop an iteration can do harm
)


class _State(NamedTuple):
    """Predictors and codebooks, and their results for the training vectors in the closed loop."""

    coefs: F64
    books: Floats
    codes: I64
    past: F64  # the memory before each vector
    distortion: float


@dataclass(eq=False, repr=False)
class PredictiveVQ(VectorQuantizer):
    """A quantizer of sequences that predicts each vector and codes the error of the prediction.

    The predictor sees what the decoder knows. It can see the last quantized vectors, as an
    autoregressive (AR) model does: that predicts best, but an error of transmission fades slowly.
    Or it can see the last codewords, as a moving average (MA) does: that predicts less, but an
    error of transmission is forgotten after `order` vectors. Of several predictors, each with its
    own codebook, the better one is chosen for each vector.

    Parameters
    ----------
    n_codewords : int
        Size of the codebook of each predictor.
    predictor : {"matrix", "ar", "ma"}
        "matrix" predicts each component from all components of the last quantized vectors; use it
        for blocks of a signal. "ar" predicts it from the same component of these vectors, and "ma"
        from the same component of the last codewords; use these for vectors of parameters whose
        components hardly depend on each other, such as line spectral frequencies.
    order : int
        Number of past vectors that the predictor sees.
    n_predictors : int
        Number of predictors to switch between. With two or more, the last one predicts nothing at
        the start of the design; it is for vectors that do not depend on the past.
    distortion
        As in `VectorQuantizer`.
    tol : float
        Stop the first design of each codebook when an iteration lowers the distortion by less
        than this fraction of it, and the design in the closed loop when several do.
    max_iter : int
        Stop each of them after this many iterations.
    random_state, n_threads, verbose
        As in `VectorQuantizer`.

    Attributes
    ----------
    mean_ : ndarray, shape (k,)
        Mean of the training vectors.
    coefs_ : ndarray, shape (n_predictors, order, k, k), or (n_predictors, order, k)
        For each past vector, the last one first: its matrix, or with "ar" and "ma" the diagonal.
    codebooks_ : ndarray, shape (n_predictors, n_codewords, k)
        The codewords.
    distortion_history_ : ndarray, shape (n_iter_ + 1,)
        Weighted mean squared error per component in the closed loop: the least so far, at the
        start and after each iteration. Its last value belongs to the final codebooks.
    n_iter_
        As in `VectorQuantizer`.

    References
    ----------
    .. [1] V. Cuperman and A. Gersho, "Vector predictive coding of speech at 16 kbits/s", IEEE
       Trans. Commun. 33(7), 1985: the predictor "matrix".
    .. [2] T. Eriksson, J. Linden and J. Skoglund, "Interframe LSF quantization for noisy
       channels", IEEE Trans. Speech Audio Process. 7(5), 1999.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(1).normal(size=(2000, 2)).cumsum(axis=0) % 7
    >>> quantizer = PredictiveVQ(16, n_predictors=2, random_state=1).fit(X)
    >>> quantizer.encode(X).shape
    (2000, 2)
    """

    n_codewords: int = 256
    _: KW_ONLY
    predictor: Literal["matrix", "ar", "ma"] = "matrix"
    order: int = 1
    n_predictors: int = 1
    distortion: Literal["squared", "weighted"] = "squared"
    tol: float = 1e-4
    max_iter: int = 50
    random_state: int | np.random.Generator | None = None
    n_threads: int | None = None
    verbose: bool = False

    _fitted: ClassVar[tuple[str, ...]] = (
        "mean_", "coefs_", "codebooks_", "distortion_history_", "n_iter_",
    )  # fmt: skip

    mean_: Floats = field(init=False)
    coefs_: F64 = field(init=False)
    codebooks_: Floats = field(init=False)

    def fit(self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None, *,
            lengths: ArrayLike | None = None) -> Self:  # fmt: skip
        """Design predictors and codebooks, first without and then with quantization in the loop.

        Parameters
        ----------
        X, y, sample_weight
            As for any quantizer; the vectors in the order of time.
        lengths : array_like of int, optional
            Number of vectors of each of the sequences that X consists of; one of all if not given.

        Returns
        -------
        PredictiveVQ
            Itself.

        Raises
        ------
        ArgumentError
            As for any quantizer, and if `lengths` do not fit.
        """
        self._check_params()
        self._fit(X, sample_weight, lengths)
        return self

    def _fit(self, X: ArrayLike, sample_weight: ArrayLike | None,
             lengths: ArrayLike | None = None) -> None:  # fmt: skip
        X = _check.vectors(X, "X", least=self.n_codewords)
        weight = self._weight(sample_weight, X)
        starts = _prediction.starts(lengths, len(X))
        full = np.broadcast_to(weight, X.shape)
        searched = full if weight.shape[1] > 1 else full[:0]
        total = full.sum(axis=0, dtype=np.float64)
        mean = (full * X).sum(axis=0, dtype=np.float64) / np.where(total > 0, total, 1)
        self.mean_ = mean.astype(X.dtype)
        rng = generator(self.random_state, "random_state")

        def state(coefs: F64, books: Floats) -> _State:
            codes, past = self._run(X, searched, starts, coefs, books)
            rebuilt = self._rebuilt(codes, starts, coefs, books)
            return _State(coefs, books, codes, past, distortion(X, rebuilt, sample_weight))

        record, start = record_of(self), state(*self._open_loop(X, full, starts, rng))
        record.start(start.distortion)
        best, _ = descend(
            start, lambda now: state(*self._moved(X, full, now, rng)), lambda now: now.distortion,
            max_iter=self.max_iter, tol=self.tol, patience=_PATIENCE,
            report=lambda _, least: record.add(least),
        )  # fmt: skip
        self.coefs_, self.codebooks_ = best.coefs, best.books
        self._keep(record)

    def encode(self, X: ArrayLike, weight: ArrayLike | None = None, *,
               lengths: ArrayLike | None = None) -> I64:  # fmt: skip
        """Return predictor and index for each vector.

        Parameters
        ----------
        X, weight
            As for any quantizer; the vectors in the order of time.
        lengths : array_like of int, optional
            As for `fit`.

        Returns
        -------
        ndarray of int64, shape (n, 2)
            Number of the predictor, and row of its codebook.

        Raises
        ------
        ArgumentError
            If a shape is wrong, a value not finite, or `lengths` do not fit.
        NotFittedError
            Before `fit`.
        """
        X = self._vectors(X)
        return self._encode(X, self._search_weight(weight, X), lengths)

    def decode(self, indices: ArrayLike, *, lengths: ArrayLike | None = None) -> Floats:
        """Return the vectors that predictors and indices stand for.

        Parameters
        ----------
        indices : array_like of int, shape (n, 2)
            Number of the predictor, and row of its codebook.
        lengths : array_like of int, optional
            As for `fit`.

        Returns
        -------
        ndarray, shape (n, k)
            The vectors.

        Raises
        ------
        ArgumentError
            If an index is not in its codebook, or `lengths` do not fit.
        NotFittedError
            Before `fit`.
        """
        return self._decode(self._indices(indices), lengths)

    def score(self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None, *,
              lengths: ArrayLike | None = None) -> float:  # fmt: skip
        """Return the negative distortion of `X`, as any quantizer does; `lengths` as for `fit`."""
        X = self._vectors(X, least=1)
        searched = sample_weight if np.ndim(sample_weight) == 2 else None  # type: ignore[arg-type]
        codes = self.encode(X, searched, lengths=lengths)
        return -distortion(X, self.decode(codes, lengths=lengths), sample_weight)

    @property
    def _n_components(self) -> int:
        return len(self.mean_)

    @property
    def _code_sizes(self) -> tuple[int, ...]:
        return self.codebooks_.shape[:2]

    def _encode(self, X: Floats, weight: Floats, lengths: ArrayLike | None = None) -> I64:
        starts = _prediction.starts(lengths, len(X))
        return self._run(X, weight, starts, self.coefs_, self.codebooks_)[0]

    def _decode(self, indices: I64, lengths: ArrayLike | None = None) -> Floats:
        starts = _prediction.starts(lengths, len(indices))
        return self._rebuilt(indices, starts, self.coefs_, self.codebooks_)

    def _open_loop(self, X: Floats, weight: Floats, starts: I64,
                   rng: np.random.Generator) -> tuple[F64, Floats]:  # fmt: skip
        """Return predictors and codebooks for unquantized pasts.

        An MA predictor begins with the coefficients of the AR one: to first order they are equal.
        """
        centred = (X - self.mean_).astype(np.float64)
        past = _prediction.lagged(centred, starts, self.order)
        best = self._regression(centred, weight, past)
        share = np.linspace(1, 0, self.n_predictors) if self.n_predictors > 1 else np.ones(1)
        coefs = share.reshape(-1, *[1] * best.ndim) * best
        books = []
        for coef in coefs:
            left = (centred - _predicted(past, coef)).astype(X.dtype)
            design = LBG(self.n_codewords, distortion=self.distortion,
                         tol=self.tol, max_iter=self.max_iter, random_state=rng,
                         n_threads=self.n_threads)  # fmt: skip
            design.fit(
                left, sample_weight=weight if self.distortion == "weighted" else weight[:, 0]
            )
            books.append(design.codebook_)
        return coefs, np.stack(books)

    def _regression(self, X: F64, weight: Floats, past: F64) -> F64:
        coefs = _prediction.regression(X, weight, past, full=self.predictor == "matrix")
        return coefs if self.predictor == "ma" else _prediction.stable(coefs)

    def _run(self, X: Floats, weight: Floats, starts: I64, coefs: F64,
             books: Floats) -> tuple[I64, F64]:  # fmt: skip
        """Return the codes (n, 2) of X (n, k), and the memory (n, order, k) before each vector."""
        centred = X.astype(np.float64) - self.mean_
        return _prediction.encode(centred, weight, starts, coefs, books, self.predictor != "ma")

    def _rebuilt(self, codes: I64, starts: I64, coefs: F64, books: Floats) -> Floats:
        """Return the vectors (n, k) of codes (n, 2)."""
        out = _prediction.decode(codes, starts, coefs, books, self.predictor != "ma")
        return (out + self.mean_).astype(books.dtype)

    def _moved(self, X: Floats, weight: Floats, now: _State,
               rng: np.random.Generator) -> tuple[F64, Floats]:  # fmt: skip
        """Return the best predictors for the memories met, and codebooks one iteration on."""
        centred = X.astype(np.float64) - self.mean_
        coefs, books = now.coefs.copy(), now.books.copy()
        for p in range(self.n_predictors):
            rows = now.codes[:, 0] == p
            w, past = np.ascontiguousarray(weight[rows]), now.past[rows]
            if not w.any():
                continue
            if coefs[p].any():  # a predictor that began as zero stays so
                coefs[p] = self._regression(centred[rows], w, past)
            left = (centred[rows] - _predicted(past, coefs[p])).astype(X.dtype)
            design = Design(left, w, self, rng)
            books[p] = design.moved(design.measured(books[p]).codebook)
        return coefs, books

    def _check_restored(self) -> None:
        check_shape("mean_", self.mean_, ("k",))
        k = len(self.mean_)
        columns = (k,) if self.predictor == "matrix" else ()
        check_shape("coefs_", self.coefs_, (self.n_predictors, self.order, k, *columns))
        check_shape("codebooks_", self.codebooks_, (self.n_predictors, self.n_codewords, k))


def _predicted(past: F64, coef: F64) -> F64:
    """Return the predictions (n, k) from past (n, order, k) by the coefficients of a predictor."""
    predicted: F64 = np.einsum("njk,jk->nk" if coef.ndim == 2 else "njh,jkh->nk", past, coef)
    return predicted
