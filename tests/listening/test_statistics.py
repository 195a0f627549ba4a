import numpy as np
import pytest
from scipy import stats

from celpvq.errors import ArgumentError
from celpvq.listening import estimate, holm


def crossed(rng, n_listeners, n_clips, listener_sd, clip_sd, sd):
    listeners, clips = np.divmod(np.arange(n_listeners * n_clips), n_clips)
    values = (
        listener_sd * rng.normal(size=n_listeners)[listeners]
        + clip_sd * rng.normal(size=n_clips)[clips]
        + sd * rng.normal(size=listeners.size)
    )
    return values, listeners, clips


def test_the_interval_over_listeners_is_that_of_their_means():
    values, listeners, clips = crossed(np.random.default_rng(1), 8, 5, 1, 1, 1)
    found = estimate(values, listeners, clips)
    means = values.reshape(8, 5).mean(axis=1)
    low, high = stats.t.interval(0.95, 7, means.mean(), stats.sem(means))
    assert found.mean == pytest.approx(means.mean())
    assert found.by_listeners == pytest.approx((high - low) / 2)
    assert found.by_both >= found.by_listeners


def test_the_wider_population_has_the_wider_interval():
    rng = np.random.default_rng(5)
    for _ in range(50):
        found = estimate(*crossed(rng, 5, 4, 1, 0, 1))
        assert found.by_both >= found.by_listeners > 0


def test_the_variance_over_both_is_that_of_the_components():
    rng = np.random.default_rng(2)
    halves = [estimate(*crossed(rng, 60, 50, 0.5, 1.0, 2.0)).by_both for _ in range(20)]
    expected = np.sqrt(0.5**2 / 60 + 1 / 50 + 4 / 3000)
    assert np.median(halves) / 2.0 == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("n", [1, 3])
def test_one_clip_leaves_the_interval_over_listeners(n):
    values = [1.0, 2.0, 4.0] * n
    found = estimate(values, [0, 1, 2] * n, [7] * 3 * n)
    assert found.by_both == pytest.approx(found.by_listeners)
    p = stats.ttest_1samp([1.0, 2.0, 4.0], 0).pvalue
    assert found.p == pytest.approx(p)


def test_one_listener_has_no_interval():
    found = estimate([1.0, 2.0], ["a", "a"], ["x", "y"])
    assert found.mean == 1.5
    assert np.isnan([found.by_listeners, found.by_both, found.p]).all()


def test_equal_ratings_have_no_width():
    found = estimate([2.0] * 6, [0, 0, 1, 1, 2, 2], [0, 1] * 3)
    assert (found.by_listeners, found.by_both, found.p) == (0, 0, 0)
    assert estimate([0.0] * 4, [0, 0, 1, 1], [0, 1] * 2).p == 1


@pytest.mark.parametrize("arguments", [([], [], []), ([1.0], [0, 1], [0]), ([[1.0]], [[0]], [[0]])])
def test_ratings_without_their_listeners_are_refused(arguments):
    with pytest.raises(ArgumentError, match="values"):
        estimate(*arguments)


def test_holm_keeps_unknown_values():
    np.testing.assert_allclose(holm([0.5, np.nan, 0.02, 0.9]), [1.0, np.nan, 0.06, 1.0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_listeners", "n_clips", "sds"),
    [(20, 8, (0.7, 0.3, 1.0)), (8, 20, (0.3, 0.7, 1.0)), (24, 24, (0.5, 0.5, 1.0))],
)
def test_intervals_cover_the_truth(n_listeners, n_clips, sds):
    """With 1000 simulations, 0.95 has a standard error of 0.007; small samples cost a little."""
    rng = np.random.default_rng(3)
    n, both, fixed = 1000, 0, 0
    for _ in range(n):
        values, listeners, clips = crossed(rng, n_listeners, n_clips, *sds)
        found = estimate(values, listeners, clips)
        both += abs(found.mean) <= found.by_both
        effects = np.zeros(n_clips)  # the same clips again: only listeners are drawn
        values, *_ = crossed(rng, n_listeners, n_clips, sds[0], 0, sds[2])
        found = estimate(values + effects[clips], listeners, clips)
        fixed += abs(found.mean) <= found.by_listeners
    assert 0.925 <= both / n <= 0.985
    assert 0.93 <= fixed / n <= 0.97
