"""Index assignment: less distortion from bit errors, and the same speech."""

import numpy as np
import pytest

from celpvq import TableSet, vq
from celpvq.codec.common import table_set as table_sets
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.format.modes import MODES
from celpvq.training import assignment

MODE = MODES[6400]


def shuffled(books, rng):
    """Books whose codewords stand in any order."""
    flat = books.reshape(-1, *books.shape[-2:])
    return np.stack([rng.permutation(book) for book in flat]).reshape(books.shape)


@pytest.fixture(scope="module")
def tables():
    """The default set with small books shuffled, their new order, and the log."""
    rng, log = np.random.default_rng(1), []
    old = dict(table_sets.default().arrays)
    small = {n for n, a in old.items() if assignment.is_book(n) and a.shape[-2] <= 128}
    assert {"lsf22_low", "fcb16_1", "fcb16_2", "gain8000_5"} <= small
    old |= {name: shuffled(old[name], rng) for name in sorted(small)}
    some = {name: old[name] for name in (*small, "lsf_mean", "lsf_rho", "predictor6400")}
    new = assignment.assign(some, 1, log.append)
    assert new.keys() == some.keys()
    return old, new, log


def test_every_book_holds_the_same_codewords_and_nothing_else_changes(tables):
    old, new, _ = tables
    for name, array in new.items():
        before, after = (a.reshape(-1, *a.shape[-2:]) for a in (old[name], array))
        assert after.dtype == before.dtype
        if not assignment.is_book(name):
            np.testing.assert_array_equal(after, before)
            continue
        for a, b in zip(before, after, strict=True):
            assert not np.array_equal(a, b)
            np.testing.assert_array_equal(a[np.lexsort(a.T)], b[np.lexsort(b.T)])


def test_bit_errors_cause_less_distortion(tables):
    old, new, log = tables
    for name in ("lsf22_low", "fcb16_1", "gain8000_5"):
        units = [1.0, 12.0] if name.startswith("gain") else 1.0
        for before, after in zip(
            old[name].reshape(-1, *old[name].shape[-2:]),
            new[name].reshape(-1, *new[name].shape[-2:]),
            strict=True,
        ):
            distortion = [vq.channel_distortion(b / units, 0.01) for b in (before, after)]
            assert distortion[1] < 0.9 * distortion[0]
    books = sum(
        a.size // a.shape[-1] // a.shape[-2] for n, a in new.items() if assignment.is_book(n)
    )
    assert len(log) == books
    assert any(text.startswith("lsf22_low: bit errors now cause 0.") for text in log)


def coded(x, tables):
    """The indices of x, and the decoded speech."""
    indices = FrameEncoder(MODE, "fast", tables=tables).indices(x)
    return indices, FrameDecoder(tables=tables).decode_indices(indices, MODE)


def test_the_order_of_lsf_books_changes_indices_but_no_sample(tables, clips):
    old, new, _ = tables
    x = clips["espeak-f-es"][: 160 * 100]
    lsf = {name: new[name] for name in ("lsf22_low", "lsf22_high")}
    indices, speech = zip(*(coded(x, TableSet(t)) for t in (old, old | lsf)), strict=True)
    changed = (indices[0] != indices[1]).any(axis=0)
    assert np.flatnonzero(changed).tolist() == [2, 3]
    np.testing.assert_array_equal(*speech)


def test_a_seed_gives_one_order(tables):
    book = {"fcb16_1": tables[0]["fcb16_1"]}
    one, again = (assignment.assign(book, 3, lambda _: None)["fcb16_1"] for _ in range(2))
    np.testing.assert_array_equal(one, again)
