"""The plan of the compilation: it agrees with the sources, and a stale one costs time only."""

import json

import pytest
from inputs import python

from celpvq import _numba
from celpvq._numba import plan

STEPS = plan.steps()
# compiles a cheap kernel and those that it calls, by the plan in a file if one is named
UPDATE = """
import pathlib, sys
import numpy as np
from numba.core import event
from celpvq._numba import plan
plan.FILE = pathlib.Path(sys.argv[1]) if sys.argv[1:] else plan.FILE
from celpvq.codec.encoder import vad
with event.install_recorder("numba:compile") as recorder:
    state = vad.VadState.new()
    active = [vad.update(np.sin(np.arange(240.0) * k), state) for k in range(9)]
functions = [e.data["dispatcher"].py_func for _, e in recorder.buffer if e.is_end]
print(*active)
print(*[f.__name__ for f in functions if f.__module__.startswith("celpvq")])
"""


def test_each_step_comes_after_those_that_it_needs():
    assert len(STEPS) > 100
    for n, step in enumerate(STEPS):
        assert all(called < n for called in step.calls)
    assert plan.needs({3, 7}) >= {3, 7}
    assert all(set(STEPS[n].calls) <= plan.needs({len(STEPS) - 1}) for n in STEPS[-1].calls)


def test_each_step_is_a_kernel_with_types():
    for step in STEPS:
        assert step.kernel() is not None, step.name
        assert step.signature() is not None, step.name
        assert step.cost >= 0.0


def test_entries_are_the_kernels_that_python_calls():
    assert {step.name.split(":")[1] for step in STEPS if step.is_entry} == {
        "encode_frames", "encode_silence", "update", "decode_frames", "look_ahead",
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"name": "codec.encoder.vad:gone"}, {"name": "codec.gone:kernel"},
        {"types": [["record", "codec.encoder.vad:Gone"]]}, {"types": ["gone"]}, {"types": []},
        {"calls": []},
    ],
)  # fmt: skip
def test_a_stale_plan_costs_time_only(tmp_path, change):
    rows = json.loads(plan.FILE.read_text())["steps"]
    [entry] = [n for n, row in enumerate(rows) if row["name"].endswith("vad:update")]
    for n in (entry, *rows[entry]["calls"]):
        rows[n] |= change
    stale = tmp_path / "plan.json"
    stale.write_text(json.dumps({"steps": rows}))
    cache = str(tmp_path / "cache")
    expected, _ = python(UPDATE, CELPVQ_CACHE=str(_numba.CACHE_DIR.parent))
    out, err = python(UPDATE, stale, CELPVQ_CACHE=cache)
    assert out.splitlines()[0] == expected.splitlines()[0]
    assert err == ""


def test_callees_are_compiled_first(tmp_path):
    out, _ = python(UPDATE, CELPVQ_CACHE=str(tmp_path / "with"))
    names = out.splitlines()[1].split()
    assert names[-1] == "update"
    assert len(names) == len(set(names)) > 3
    without, _ = python(UPDATE, tmp_path / "missing", CELPVQ_CACHE=str(tmp_path / "without"))
    assert sorted(without.splitlines()[1].split()) == sorted(names)
