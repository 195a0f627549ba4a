"""Processes that work through the plan together: a helper's failure costs time only."""

import gc

import numpy as np
import pytest
from inputs import python

from celpvq._numba import cache, plan, work

# the steps of a cheap kernel, by helpers of the kind that the argument names
TOGETHER = """
import sys, time
import numpy as np
from numba.core import event
from celpvq._numba import plan, work
work.WORTH_HELP_S = 0.0
[entry] = [n for n, step in enumerate(plan.steps()) if step.name.endswith("vad:update")]
numbers = plan.needs({entry})
kind, shares = sys.argv[1], []
if kind == "failing":
    sys.executable = "/bin/false"
elif kind == "missing":
    sys.executable = "/nonexistent"
with event.install_recorder("numba:compile") as recorder:
    if kind == "alone":  # the helper is: this process only waits
        with work.helpers(1, numbers):
            while work._missing(numbers):
                time.sleep(0.05)
    elif kind == "ended":
        with work.helpers(2, numbers):
            pass
    with work.shared(3, shares.append):
        work.compile_steps(numbers)
    from celpvq.codec.encoder import vad
    vad.update(np.zeros(240), vad.VadState.new())
assert not work._missing(numbers)
assert shares == sorted(shares), shares
assert all(0.0 <= share <= 1.0 for share in shares), shares
functions = [e.data["dispatcher"].py_func for _, e in recorder.buffer if e.is_start]
print(sum(f.__module__.startswith("celpvq") for f in functions), len(numbers))
"""


@pytest.mark.parametrize("kind", ["alone", "failing", "missing", "ended", "working"])
def test_all_is_compiled_with_any_helpers(tmp_path, kind):
    out, err = python(TOGETHER, kind, CELPVQ_CACHE=str(tmp_path))
    own, needed = map(int, out.split())
    assert err == ""
    assert own == 0 if kind == "alone" else own <= needed
    if kind in ("failing", "missing"):
        assert own == needed
    n_compiled = len(list(tmp_path.rglob("*.nbc")))
    assert n_compiled == needed  # each of them once


ORPHAN = """
import os, subprocess, sys
from celpvq._numba import plan, work
sys.argv = ["", "", str(os.getppid() + 1), "0", "1"]  # its parent has ended
work._attempt = lambda step: sys.exit("compiled")
work.help_out()
"""


def test_a_helper_ends_with_its_parent():
    assert python(ORPHAN) == ("", "")


def test_the_longest_chain_begins_first(monkeypatch):
    def step(cost, *calls):
        return plan.Step("", [], is_entry=False, calls=calls, cost=cost)

    steps = [step(1.0), step(3.0), step(2.0, 0), step(5.0, 2), step(0.5, 1)]
    monkeypatch.setattr(work, "steps", lambda: steps)
    assert work._by_urgency({0, 1, 2, 3, 4}) == [0, 2, 3, 1, 4]
    assert work._by_urgency({0, 1, 4}) == [1, 0, 4]


def test_a_step_that_another_process_never_ends_is_left_to_the_caller(monkeypatch):
    clock = iter(np.arange(0.0, 10 * work.PATIENCE_S, 1.0))
    tried = []
    monkeypatch.setattr(work.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(work.time, "sleep", lambda _: None)
    monkeypatch.setattr(work, "_attempt", tried.append)  # None, as False: it is taken
    left = []
    work.work({0, 1}, lambda numbers: left.append(set(numbers)))
    assert left == [{0, 1}]
    assert len(tried) > 10


def test_the_expected_time_is_that_of_what_is_missing(monkeypatch):
    names = ["a.frame:f", "a.b:g", "a.c:h"]
    steps = [
        plan.Step(name, [], is_entry=n == 2, calls=tuple(range(n)), cost=4.0 - n)
        for n, name in enumerate(names)
    ]
    monkeypatch.setattr(plan, "steps", lambda: steps)
    monkeypatch.setattr(work, "steps", lambda: steps)
    done = set()
    monkeypatch.setattr(work, "_is_done", lambda step: step.name in done)
    assert work.expected_s(["frame.f"], 1) == 4.0
    assert work.expected_s(["c.h"], 1) == 9.0
    assert work.expected_s(["c.h"], 2) == 3.5 + 2.0
    done |= {"a.b:g", "a.c:h"}
    assert work.expected_s(["c.h"], 1) == 4.0
    done.add("a.frame:f")
    assert work.expected_s(["c.h"], 1) == 0.0


def test_a_full_cache_is_not_searched_for_inner_kernels(monkeypatch):
    asked, compiled = [], []
    monkeypatch.setattr(work, "_is_done", lambda step: asked.append(step) or step.is_entry)
    monkeypatch.setattr(work, "compile_steps", compiled.append)
    work.compile_all(2)
    assert all(step.is_entry for step in asked)
    assert len(asked) == 6
    assert compiled == []
    monkeypatch.setattr(work, "_is_done", lambda step: False)
    work.compile_all(2)
    assert compiled == [set(range(len(plan.steps())))]


def test_entries_can_be_left_out(monkeypatch):
    compiled = []
    monkeypatch.setattr(work, "_is_done", lambda step: False)
    monkeypatch.setattr(work, "compile_steps", compiled.append)
    work.compile_all(1, "codec.encoder.variable_frame")
    modules = {plan.steps()[n].name.split(":")[0] for n in compiled[0]}
    assert "codec.encoder.variable_frame" not in modules
    assert {"codec.encoder.frame", "codec.decoder.frame"} <= modules


def test_old_garbage_is_frozen_once_and_the_programs_own_stays():
    with work.without_old_garbage():
        n = gc.get_freeze_count()
        assert n > 1000
        with work.without_old_garbage():
            assert 1000 < gc.get_freeze_count() <= n  # objects may end, but none is added
        assert 1000 < gc.get_freeze_count() <= n
    assert gc.get_freeze_count() == 0
    gc.freeze()
    try:
        n = gc.get_freeze_count()
        with work.without_old_garbage():
            assert 1000 < gc.get_freeze_count() <= n
        assert 1000 < gc.get_freeze_count() <= n
    finally:
        gc.unfreeze()


def test_a_cache_answers_whether_it_holds_a_kernel(tmp_path, monkeypatch):
    monkeypatch.setattr(cache.folders, "CACHE_DIR", tmp_path)
    from celpvq._numba import strict

    kernel = strict(lambda x: 2.0 * x)
    assert kernel(1.5) == 3.0
    [signature] = kernel.signatures
    assert kernel._cache.holds(signature)
    assert not kernel._cache.holds((*signature, *signature))
    for path in tmp_path.rglob("*.nbi"):
        path.write_bytes(b"damaged")
    assert not kernel._cache.holds(signature)
