"""The tool that writes the plan of the compilation."""

import json
import subprocess
import sys

import compilation
import pytest

from celpvq._numba import plan


def test_types_are_described_and_made_again():
    for step in plan.steps():
        for description in step.types:
            assert compilation.describe(plan.make_type(description)) == description


def test_costs_and_order_make_no_plan_stale():
    recorded = json.loads(plan.FILE.read_text())
    other = json.loads(plan.FILE.read_text())
    for row in other["steps"]:
        row["cost"] += 1.0
    assert compilation.without_cost(other) == compilation.without_cost(recorded)
    for name, value in (("name", "codec:other"), ("types", []), ("is_entry", True), ("calls", [])):
        other = json.loads(plan.FILE.read_text())
        [row] = [r for r in other["steps"] if r["name"].endswith("lsf:_expand_pairs")]
        row[name] = value
        assert compilation.without_cost(other) != compilation.without_cost(recorded)


@pytest.mark.slow
def test_the_plan_is_current(root):
    done = subprocess.run(
        [sys.executable, root / "tools" / "compilation.py", "--check"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the plan is current" in done.stdout
