"""Predictive quantization of a sequence: only what the past does not tell is coded."""

from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from .._random import generator
from . import _check, _prediction
from ._lloyd import Design
from ._types import F64, Floats, Indices
from .base import VectorQuantizer, check_shape
from .lbg import LBG
from .measures import distortion

_PATIENCE = 5  # iterations without a gain before the design ends: in a closed loop some do harm


class PredictiveVQ(VectorQuantizer):
    """A quantizer of what is left of each vector of a sequence after prediction from those before.

    An MA predictor weighs the last codewords, so that an error of transmission is forgotten after
    `order` vectors; an AR predictor weighs the last quantized vectors, predicts more, and forgets
    slowly. Of several predictors, each with its codebook, the better one is chosen per vector.

    Parameters
    ----------
    n_codewords : int
        Size of the codebook of each predictor.
    predictor : {"ma", "ar"}
        What it predicts from.
    order : int
        Number of past vectors that it sees.
    n_predictors : int
        Number of predictors to switch between; with two or more the last begins its design as
        none at all, for what the past does not tell.
    distortion : {"squared", "weighted"}
        Whether errors may have weights per component, those of `fit`'s `sample_weight`.
    tol : float
        Stop the start of each codebook when an iteration gains less than this part, and the
        design in the closed loop when several do.
    max_iter : int
        Stop either after this many iterations.
    random_state : int, numpy.random.Generator or None
        Seed of whatever is drawn; a number makes the result repeat exactly.
    n_threads : int, optional
        Number of threads; all processors of this process if not given. The result is the same.
    verbose : bool
        Print the distortion after each iteration.

    Attributes
    ----------
    mean_ : ndarray, shape (k,)
        Mean of the training vectors.
    coefs_ : ndarray, shape (n_predictors, order, k)
        Weight of each past vector, the last one first, per component.
    codebooks_ : ndarray, shape (n_predictors, n_codewords, k)
        The codewords.
    distortion_history_ : ndarray, shape (n_iter_ + 1,)
        Weighted mean squared error per component in the closed loop: the least so far, at the
        start and after each iteration. Its last value belongs to the codebooks.
    n_iter_ : int
        Number of iterations.

    References
    ----------
    .. [1] V. Cuperman and A. Gersho, "Vector predictive coding of speech at 16 kbits/s", IEEE
       Trans. Commun. 33(7), 1985.
    .. [2] T. Eriksson, J. Linden and J. Skoglund, "Interframe LSF quantization for noisy
       channels", IEEE Trans. Speech Audio Process. 7(5), 1999.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(1).normal(size=(2000, 2)).cumsum(axis=0) % 7
    >>> quantizer = PredictiveVQ(16, predictor="ar", n_predictors=2, random_state=1).fit(X)
    >>> quantizer.encode(X).shape
    (2000, 2)
    """

    _fitted: ClassVar[tuple[str, ...]] = (
        "mean_", "coefs_", "codebooks_", "distortion_history_", "n_iter_",
    )  # fmt: skip

    mean_: Floats
    coefs_: F64
    codebooks_: Floats
    distortion_history_: F64
    n_iter_: int

    def __init__(self, n_codewords: int, *, predictor: Literal["ma", "ar"] = "ma", order: int = 1,
                 n_predictors: int = 1, distortion: Literal["squared", "weighted"] = "squared",
                 tol: float = 1e-4, max_iter: int = 50,
                 random_state: int | np.random.Generator | None = None,
                 n_threads: int | None = None, verbose: bool = False) -> None:  # fmt: skip
        self.n_codewords = n_codewords
        self.predictor = predictor
        self.order = order
        self.n_predictors = n_predictors
        self.distortion = distortion
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.n_threads = n_threads
        self.verbose = verbose

    def fit(self, X: ArrayLike, sample_weight: ArrayLike | None = None, *,
            lengths: ArrayLike | None = None) -> Self:  # fmt: skip
        """Design predictors and codebooks, first without and then with quantization in the loop.

        Parameters
        ----------
        X, sample_weight
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
        self._fit(X, sample_weight, lengths)
        return self

    def _fit(self, X: ArrayLike, sample_weight: ArrayLike | None,
             lengths: ArrayLike | None = None) -> None:  # fmt: skip
        self._check_params()
        X = _check.vectors(X, "X", least=self.n_codewords)
        weight = self._weight(sample_weight, X)
        starts = _prediction.starts(lengths, len(X))
        full = np.broadcast_to(weight, X.shape)
        searched = full if weight.shape[1] > 1 else full[:0]
        total = full.sum(axis=0, dtype=np.float64)
        mean = (full * X).sum(axis=0, dtype=np.float64) / np.where(total > 0, total, 1)
        self.mean_ = mean.astype(X.dtype)
        rng = generator(self.random_state, "random_state")
        self.coefs_, self.codebooks_ = self._open_loop(X, full, starts, rng)
        best, history, since = (self.coefs_, self.codebooks_), [np.inf], 0
        for iteration in range(self.max_iter + 1):
            codes, past = self._run(X, searched, starts)
            now = distortion(X, self._rebuilt(codes, starts), sample_weight)
            since = 0 if now < history[-1] * (1 - self.tol) else since + 1
            if now < history[-1]:
                best = self.coefs_, self.codebooks_
            history.append(min(now, history[-1]))
            if self.verbose and iteration:
                print(f"PredictiveVQ: iteration {iteration}: {now:.6g}")
            if since == _PATIENCE or iteration == self.max_iter:
                break
            self.coefs_, self.codebooks_ = self._moved(X, full, codes, past, rng)
        self.coefs_, self.codebooks_ = best
        self.distortion_history_ = np.array(history[1:])
        self.n_iter_ = len(history) - 2

    def encode(self, X: ArrayLike, weight: ArrayLike | None = None, *,
               lengths: ArrayLike | None = None) -> Indices:  # fmt: skip
        """Return predictor and codeword for each vector.

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
        self._check_fitted()
        X = _check.vectors(X, "X", k=self._n_components)
        return self._encode(X, self._search_weight(weight, X), lengths)

    def decode(self, indices: ArrayLike, *, lengths: ArrayLike | None = None) -> Floats:
        """Return the vectors of predictors and codewords.

        Parameters
        ----------
        indices : array_like of int, shape (n, 2)
            Predictors and rows of their codebooks.
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
        self._check_fitted()
        return self._decode(_check.codes(indices, self._code_sizes), lengths)

    def score(self, X: ArrayLike, sample_weight: ArrayLike | None = None, *,
              lengths: ArrayLike | None = None) -> float:  # fmt: skip
        """Return the negative distortion of `X`, as any quantizer does; `lengths` as for `fit`."""
        searched = sample_weight if np.ndim(sample_weight) == 2 else None  # type: ignore[arg-type]
        codes = self.encode(X, searched, lengths=lengths)
        return -distortion(X, self.decode(codes, lengths=lengths), sample_weight)

    @property
    def _n_components(self) -> int:
        return len(self.mean_)

    @property
    def _code_sizes(self) -> tuple[int, ...]:
        return self.codebooks_.shape[:2]

    def _encode(self, X: Floats, weight: Floats, lengths: ArrayLike | None = None) -> Indices:
        return self._run(X, weight, _prediction.starts(lengths, len(X)))[0]

    def _decode(self, indices: Indices, lengths: ArrayLike | None = None) -> Floats:
        return self._rebuilt(indices, _prediction.starts(lengths, len(indices)))

    def _check_params(self) -> None:
        _check.count(self.n_codewords, "n_codewords", least=1)
        _check.count(self.order, "order", least=1)
        _check.count(self.n_predictors, "n_predictors", least=1)
        _check.count(self.max_iter, "max_iter", least=0)
        _check.number(self.tol, "tol")
        _check.choice(self.predictor, "predictor", ("ma", "ar"))

    def _open_loop(self, X: Floats, weight: Floats, starts: Indices,
                   rng: np.random.Generator) -> tuple[F64, Floats]:  # fmt: skip
        """Return predictors and codebooks for unquantized pasts.

        An MA predictor begins as the first coefficients of the AR one: to first order the same.
        """
        centred = (X - self.mean_).astype(np.float64)
        past = _prediction.lagged(centred, starts, self.order)
        full = _prediction.regression(centred, weight, past)
        share = np.linspace(1, 0, self.n_predictors) if self.n_predictors > 1 else np.ones(1)
        coefs = share[:, None, None] * full
        books = []
        for coef in coefs:
            left = (centred - np.einsum("njk,jk->nk", past, coef)).astype(X.dtype)
            design = LBG(self.n_codewords, distortion=self.distortion,  # type: ignore[arg-type]
                         tol=self.tol, max_iter=self.max_iter, random_state=rng,
                         n_threads=self.n_threads)  # fmt: skip
            design.fit(left, weight if self.distortion == "weighted" else weight[:, 0])
            books.append(design.codebook_)
        return coefs, np.stack(books)

    def _run(self, X: Floats, weight: Floats, starts: Indices) -> tuple[Indices, F64]:
        """Return the codes (n, 2) of X (n, k), and the memory (n, order, k) that each met."""
        ar, centred = self.predictor == "ar", X.astype(np.float64) - self.mean_
        return _prediction.encode(centred, weight, starts, self.coefs_, self.codebooks_, ar)

    def _rebuilt(self, codes: Indices, starts: Indices) -> Floats:
        """Return the vectors (n, k) of codes (n, 2)."""
        ar = self.predictor == "ar"
        out = _prediction.decode(codes, starts, self.coefs_, self.codebooks_, ar)
        return (out + self.mean_).astype(self.codebooks_.dtype)

    def _moved(self, X: Floats, weight: Floats, codes: Indices, past: F64,
               rng: np.random.Generator) -> tuple[F64, Floats]:  # fmt: skip
        """Return the best predictors for the memories met, and codebooks one iteration on."""
        centred = X.astype(np.float64) - self.mean_
        coefs, books = self.coefs_.copy(), self.codebooks_.copy()
        for p in range(self.n_predictors):
            rows = codes[:, 0] == p
            w = np.ascontiguousarray(weight[rows])
            if not w.any():
                continue
            if coefs[p].any():  # the one that began as none stays so
                coefs[p] = _prediction.regression(centred[rows], w, past[rows])
            left = centred[rows] - np.einsum("njk,jk->nk", past[rows], coefs[p])
            design = Design(left.astype(X.dtype), w, self, rng)
            design.cells = design.survey(books[p])
            books[p] = design.moved(books[p])
        return coefs, books

    def _check_restored(self) -> None:
        check_shape("mean_", self.mean_, ("k",))
        k = len(self.mean_)
        check_shape("coefs_", self.coefs_, (self.n_predictors, self.order, k))
        check_shape("codebooks_", self.codebooks_, (self.n_predictors, self.n_codewords, k))
