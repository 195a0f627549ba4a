import subprocess
import sys
from collections import Counter

import pytest
from blind import SYSTEMS, small_design

import celpvq.listening
from celpvq.errors import ArgumentError, FormatError
from celpvq.listening import make_design, read_key, write_key
from celpvq.listening.order import Xorshift, presentation


def systems_of(trials):
    return Counter(system for trial in trials for system in trial.systems.values())


def test_every_system_meets_every_clip_once():
    design = small_design("acr", n_clips=4)
    pairs = Counter((t.clip, *t.systems.values()) for t in design.trials.values())
    assert len(pairs) == 4 * 5
    assert set(pairs.values()) == {1}
    for block in design.blocks:
        assert set(systems_of(block).values()) == {1}
        assert len({trial.clip for trial in block}) == 4


def test_a_trial_of_mushra_has_everything_and_an_open_reference():
    design = small_design("mushra")
    assert design.systems[0] == "reference"
    assert len(design.trials) == 3
    for trial in [*design.trials.values(), *design.training]:
        assert sorted(trial.systems.values()) == sorted(design.systems)
        assert trial.reference not in trial.systems


@pytest.mark.parametrize(("method", "base"), [("abx", "reference"), ("ccr", "fine codec")])
def test_a_trial_of_pairs_has_a_system_and_the_base(method, base):
    anchors = () if method == "abx" else ("MNRU 0 dB",)
    design = small_design(method, base=base, anchors=anchors)
    for trial in design.trials.values():
        assert len(trial.systems) == 2
        assert base in trial.systems.values()
    rated = {frozenset(t.systems.values()) for t in design.trials.values()}
    assert (frozenset([base]) in rated) == (method == "ccr")  # null pairs


def test_random_names_are_unique_and_secret_unless_there_is_a_seed():
    design = small_design("mushra")
    names = [n for t in [*design.trials.values(), *design.training] for n in (t.id, *t.sounds)]
    assert len(set(names)) == len(names)
    assert small_design("mushra").trials == design.trials
    one, other = (make_design("acr", ["a"], ["x"], "y") for _ in range(2))
    assert not set(one.trials) & set(other.trials)
    assert one.seed != other.seed


def test_a_listener_does_whole_blocks_as_far_as_possible():
    design = small_design("acr", n_clips=4, n_trials=10)
    assert design.n_done == 10
    for seed in (1, 2, 2**32 - 1):
        shown = presentation(design.blocks, seed, repeats=1, n_trials=10, abx=False)
        assert set(systems_of(design.trials[s.trial] for s in shown).values()) == {2}
    orders = {
        tuple(presentation(design.blocks, seed, repeats=1, n_trials=10, abx=False))
        for seed in range(1, 50)
    }
    assert len(orders) == 49


def test_repeats_show_all_trials_again():
    design = small_design("abx", anchors=(), repeats=2)
    shown = presentation(design.blocks, 5, repeats=2, n_trials=None, abx=True)
    assert len(shown) == design.n_done == 18
    assert set(Counter(item.trial for item in shown).values()) == {2}
    assert all(item.x in item.order for item in shown)


def test_random_draws_are_uniform():
    rng = Xorshift(1)
    counts = Counter(rng.below(6) for _ in range(6000))
    assert sum((n - 1000) ** 2 / 1000 for n in counts.values()) < 20.5  # chi-square, p = 0.001
    places = Counter()
    for _ in range(3000):
        items = [0, 1, 2]
        rng.shuffle(items)
        places[tuple(items)] += 1
    assert len(places) == 6
    assert sum((n - 500) ** 2 / 500 for n in places.values()) < 20.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"systems": []}, "at least one to test"),
        ({"systems": [SYSTEMS[0], SYSTEMS[0]]}, "'rough codec' twice"),
        ({"anchors": ["reference"]}, "'reference' twice"),
        ({"n_clips": 0}, "clips"),
        ({"base": "no codec"}, "base"),
        ({"base": "fine codec"}, "expected reference with mushra"),
        ({"repeats": 0}, "repeats"),
        ({"n_trials": 0}, "n_trials"),
        ({"listener_seed": 0}, "listener_seed"),
        ({"anchors": [f"a{i}" for i in range(9)]}, "at most 12"),
    ],
)
def test_impossible_tests_are_refused(change, message):
    with pytest.raises(ArgumentError, match=message):
        small_design("mushra", **change)


def test_an_unknown_method_is_refused():
    with pytest.raises(ArgumentError, match="method: expected one of abx, mushra, acr, ccr"):
        small_design("dcr")


def test_a_key_is_read_as_it_was_written(tmp_path):
    for method in ("mushra", "acr", "ccr", "abx"):
        design = small_design(method, anchors=(), n_trials=4, listener_seed=7)
        write_key(tmp_path / "key.json", design)
        assert read_key(tmp_path / "key.json") == design


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("celpvq-listening-key", "other"),
        ('"version": 1', '"version": 2'),
        ('"method": "mushra"', '"method": "other"'),
        ('"systems": [', '"systems": 3, "x": ['),
        ('"blocks"', '"other"'),
        ("fine codec", "another"),
        ("}", ""),
    ],
)
def test_a_damaged_key_is_refused(tmp_path, old, new):
    path = tmp_path / "key.json"
    write_key(path, small_design("mushra"))
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(FormatError, match=r"key\.json: "):
        read_key(path)


def test_names_are_loaded_when_they_are_used():
    code = (
        "import sys, celpvq.listening as l; assert l.METHODS;"
        " assert not {'numba', 'soundfile', 'scipy'} & set(sys.modules); assert callable(l.mnru);"
        " assert sorted(l.__all__) == l.__all__; [getattr(l, name) for name in l.__all__]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        celpvq.listening.nothing  # noqa: B018
