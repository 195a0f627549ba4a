import numpy as np
import pytest
from blind import QUALITY, small_design, write_results
from scipy import stats

from celpvq.errors import ArgumentError
from celpvq.listening import Listener, read_results, score, screen, simulate
from celpvq.listening.report import write_report

ORDER = ["reference", "fine codec", "middling codec", "rough codec", "MNRU 0 dB"]
ACR = {name: 1 + value / 25 for name, value in QUALITY.items()}
CCR = {name: (value - 100) / 33 for name, value in QUALITY.items()}
GUESSER = Listener(QUALITY, guesses=True)


def simulated(design, listeners, tmp_path, first_seed=0):
    """Return the results of listeners, and their names."""
    data = [simulate(design, one, first_seed + i) for i, one in enumerate(listeners)]
    results, refused = read_results(write_results(tmp_path, data), design)
    assert refused == []
    return results, [d["listener"] for d in data]


def panel(quality, n, spread, noise):
    rng = np.random.default_rng(9)
    return [Listener(quality, bias=spread * rng.normal(), noise=noise) for _ in range(n)]


@pytest.mark.parametrize(
    ("method", "quality", "spread", "noise"),
    [("mushra", QUALITY, 4, 8), ("acr", ACR, 0.3, 0.6), ("ccr", CCR, 0.1, 0.5)],
)
def test_the_order_is_recovered_and_guessers_are_left_out(method, quality, spread, noise, tmp_path):
    design = small_design(method, n_clips=6)
    good = panel(quality, 10, spread, noise)
    results, names = simulated(design, [*good, GUESSER, GUESSER], tmp_path)
    scores = score(design, results)
    assert [s.system for s in scores.systems] == ORDER
    assert set(scores.excluded) == set(names[10:])
    assert len(scores.results) == 10
    everybody = score(design, results, screening=False)
    assert (len(everybody.results), everybody.excluded) == (12, {})
    for s in scores.systems:
        if 10 < QUALITY[s.system] < 100:  # the ends of a scale push means inwards
            assert abs(s.estimate.mean - quality[s.system]) < 3 * spread
    if method == "ccr":
        assert scores.differences == ()
        by_name = {s.system: s for s in scores.systems}
        assert by_name["rough codec"].p < 1e-6
        assert by_name["reference"].p > 0.01
    else:
        assert len(scores.differences) == 10
        assert all(d.estimate.mean > 0 for d in scores.differences)
        assert all(d.p_adjusted >= d.estimate.p for d in scores.differences)


def test_careful_listeners_are_kept(tmp_path):
    design = small_design("mushra", n_clips=8)
    results, _ = simulated(design, panel(QUALITY, 12, 5, 10), tmp_path)
    assert screen(design, results) == {}


def test_mushra_leaves_out_who_misses_more_than_15_percent(tmp_path):
    design = small_design("mushra", n_clips=20)
    hidden = {
        name for t in design.trials.values() for name, s in t.systems.items() if s == "reference"
    }

    def with_misses(n, seed):
        data = simulate(design, Listener(QUALITY), seed)
        for answer in data["answers"][:n]:
            [name] = hidden & set(answer["ratings"])
            answer["ratings"][name] = 89
        return data

    data = [with_misses(n, seed=n) for n in (0, 3, 4)]
    results, _ = read_results(write_results(tmp_path, data), design)
    reasons = screen(design, results)
    assert reasons == {data[2]["listener"]: "hidden reference below 90 in 4 of 20 trials"}


def test_mushra_leaves_out_who_does_not_hear_an_anchor(tmp_path):
    design = small_design("mushra", n_clips=4)
    deaf = Listener({**QUALITY, "MNRU 0 dB": 95})
    results, names = simulated(design, [Listener(QUALITY), deaf], tmp_path)
    assert screen(design, results) == {names[1]: "MNRU 0 dB above 90 in 4 of 4 trials"}


def test_acr_leaves_out_who_rates_all_alike_or_upside_down(tmp_path):
    design = small_design("acr", n_clips=6)
    flat = Listener(dict.fromkeys(ACR, 3.0))
    inverse = Listener({name: 6 - value for name, value in ACR.items()})
    results, names = simulated(design, [*panel(ACR, 6, 0.3, 0.5), flat, inverse], tmp_path)
    reasons = screen(design, results)
    assert set(reasons) == set(names[6:])
    assert reasons[names[6]] == "correlation with the others 0.00 over sounds, 0.00 over systems"


def test_correlations_need_three_listeners(tmp_path):
    design = small_design("acr", n_clips=3)
    results, _ = simulated(design, [Listener(ACR), GUESSER], tmp_path)
    assert screen(design, results) == {}


def test_abx_is_a_binomial_test(tmp_path):
    design = small_design("abx", n_clips=6, anchors=(), repeats=2)
    hears = {"reference": 0.0, "rough codec": 1.0, "middling codec": 0.4, "fine codec": 0.0}
    data = [simulate(design, Listener(hears), seed) for seed in range(5)]
    results, _ = read_results(write_results(tmp_path, data), design)
    by_hand = {name: [0, 0] for name in hears}
    for answers in (d["answers"] for d in data):
        for answer in answers:
            [system] = set(design.trials[answer["trial"]].systems.values()) - {"reference"}
            by_hand[system][0] += list(answer["ratings"]) == [answer["x"]]
            by_hand[system][1] += 1
    scores = {s.system: s for s in score(design, results).systems}
    assert set(scores) == set(hears) - {"reference"}
    for name, s in scores.items():
        correct, n = by_hand[name]
        assert (s.n_correct, s.n_ratings) == (correct, n) == (correct, 60)
        expected = stats.binomtest(correct, n, 0.5, alternative="greater").pvalue
        assert s.p == pytest.approx(expected, rel=1e-12)
    assert scores["rough codec"].estimate.mean == 1
    assert screen(design, results) == {}


def test_ccr_counts_for_the_system_whichever_came_first(tmp_path):
    design = small_design("ccr", n_clips=8, anchors=())
    results, _ = simulated(design, [Listener({**CCR, "fine codec": 2.0})] * 3, tmp_path)
    means = {s.system: s.estimate.mean for s in score(design, results).systems}
    assert means == {"fine codec": 2, "reference": 0, "middling codec": -2, "rough codec": -2}


def test_a_code_is_no_formula(tmp_path):
    design = small_design("acr")
    data = simulate(design, Listener(ACR), 1) | {"code": "=1+\x1b1"}
    results, _ = read_results(write_results(tmp_path, [data]), design)
    write_report(tmp_path / "out", design, score(design, results))
    _, line = (tmp_path / "out" / "listeners.csv").read_text().splitlines()
    assert line.split(",")[1] == "'=1+ 1"


def test_without_listeners_there_is_no_score():
    with pytest.raises(ArgumentError, match="expected a listener that counts"):
        score(small_design("acr"), [])


@pytest.mark.slow
def test_scores_cover_the_truth_and_guessers_are_left_out(tmp_path):
    """In 200 tests of 4 systems, 0.95 has a standard error of 0.008 to 0.015."""
    design = small_design("mushra", n_clips=10)
    rng = np.random.default_rng(4)
    truth = {"fine codec": 70, "middling codec": 50, "rough codec": 30, "MNRU 0 dB": 15}
    covered = found = lost = 0
    n = 200
    for test in range(n):
        effects = {(c, s): 3 * rng.normal() for c in design.clips for s in truth}
        listeners = [
            Listener({**truth, "reference": 100}, 5 * rng.normal(), effects, noise=6)
            for _ in range(12)
        ]
        results, names = simulated(design, [*listeners, GUESSER, GUESSER], tmp_path, 100 * test)
        scores = score(design, results)
        found += len(set(scores.excluded) & set(names[12:]))
        lost += len(set(scores.excluded) & set(names[:12]))
        for s in scores.systems:
            if s.system in truth:
                covered += abs(s.estimate.mean - truth[s.system]) <= s.estimate.by_both
    assert 0.92 <= covered / (4 * n) <= 0.985
    assert found == 2 * n
    assert lost == 0
