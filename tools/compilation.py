"""Write the plan by which the codec's kernels are compiled: celpvq/codec/compilation.json.

    python tools/compilation.py              compile everything in an empty cache, write the plan
    python tools/compilation.py --check      write nothing; fail if the plan in the file differs

Run it after a change of the calls between kernels, or of the types of their arguments. A stale plan
makes the first use of the codec slower, and nothing else.
"""

import importlib
import json
import os
import pkgutil
import sys
import tempfile
import time
from typing import Any

if "numba" not in sys.modules:  # else a test has set the folder
    FOLDER = tempfile.TemporaryDirectory()
    os.environ["CELPVQ_CACHE"] = FOLDER.name  # before celpvq looks

import numba
import options
from numba import types
from numba.core import event

import celpvq
from celpvq._numba import plan, work
from celpvq.codec.common.records import Record


def describe(kind: Any) -> Any:
    """Return a type of numba as a value of JSON, from which `plan.make_type` makes it again."""
    if isinstance(kind, types.IntegerLiteral):
        return ["literal", kind.literal_value]
    if isinstance(kind, types.NestedArray):
        return ["field", describe(kind.dtype), list(kind.shape)]
    if isinstance(kind, types.Array):
        return ["array", describe(kind.dtype), kind.ndim, kind.layout]
    if isinstance(kind, types.Record):
        # a class whose fields a test refused has no start
        whole = [cls for cls in Record.__subclasses__() if hasattr(cls, "start")]
        classes = {numba.from_dtype(cls.start.dtype): cls for cls in whole}
        return ["record", _name(classes[kind])]
    if isinstance(kind, types.BaseNamedTuple):
        return ["tuple", _name(kind.instance_class), [describe(item) for item in kind.types]]
    if isinstance(kind, types.UniTuple):
        return ["repeated", describe(kind.dtype), kind.count]
    return kind.name


def _name(item: Any) -> str:
    """Return the name of a class or function as in the plan."""
    return f"{item.__module__.removeprefix('celpvq.')}:{item.__qualname__}"


class Recorder(event.Listener):  # type: ignore[misc]
    """Observes compilations: which kernel, for which types, what it calls, how long it takes."""

    def __init__(self) -> None:
        self.calls: dict[Any, list[Any]] = {}  # by kernel and types, in the order of their ends
        self.cost: dict[Any, float] = {}
        self._stack: list[Any] = []
        self._ended: set[Any] = set()
        self._since = 0.0

    def on_start(self, event: Any) -> None:
        """Note the start of a compilation."""
        self._charge()
        self._stack.append((event.data["dispatcher"].py_func, tuple(event.data["args"])))
        self.calls.setdefault(self._stack[-1], [])

    def on_end(self, event: Any) -> None:
        """Note the end of a compilation."""
        self._charge()
        key = self._stack.pop()
        if key not in self._ended:  # a kernel that Python calls as well is compiled twice
            self._ended.add(key)
            self.calls[key] = self.calls.pop(key)

    def _charge(self) -> None:
        now = time.process_time()
        for key in self._stack[-1:]:
            self.cost[key] = self.cost.get(key, 0.0) + now - self._since
        self._since = now

    def observe(self, kernel: Any) -> None:
        """Note the calls of a kernel by others."""
        get_call_template = kernel.get_call_template

        def observed(args: Any, kws: Any) -> Any:
            result = get_call_template(args, kws)
            called = (kernel.py_func, tuple(result[2]))
            if self._stack and called not in self.calls[self._stack[-1]]:
                self.calls[self._stack[-1]].append(called)
            return result

        kernel.get_call_template = observed


def kernels() -> list[Any]:
    """Return all kernels of the codec that other kernels may call."""
    found = {}
    for module in pkgutil.walk_packages(celpvq.codec.__path__, "celpvq.codec."):
        for item in vars(importlib.import_module(module.name)).values():
            if hasattr(item, "twin"):
                found[item.py_func] = item
    return list(found.values())


def record() -> dict[str, Any]:
    """Compile the codec, and return the plan."""
    recorder = Recorder()
    own = kernels()
    for kernel in own:
        recorder.observe(kernel)
    work.prepare = work.compile_all = lambda *args: None  # the old plan has no part in the new one
    event.register("numba:compile", recorder)
    celpvq.warmup(variable_rate=True)
    event.unregister("numba:compile", recorder)
    functions = {kernel.py_func for kernel in own}
    keys = [key for key in recorder.calls if key[0] in functions]
    numbers = {key: n for n, key in enumerate(keys)}
    called = {key for calls in recorder.calls.values() for key in calls}
    rows = [
        {
            "name": _name(key[0]), "types": [describe(kind) for kind in key[1]],
            "is_entry": key not in called,
            "calls": sorted({numbers[call] for call in recorder.calls[key]}),
            "cost": round(recorder.cost[key], 2),
        }
        for key in keys
    ]  # fmt: skip
    return {"steps": rows}


def without_cost(recorded: dict[str, Any]) -> list[Any]:
    """Return what must not differ between two runs."""
    rows = recorded["steps"]
    names = [(row["name"], json.dumps(row["types"])) for row in rows]
    return sorted(
        (name, row["is_entry"], sorted(names[n] for n in row["calls"]))
        for name, row in zip(names, rows, strict=True)
    )


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    parser.add_argument("--check", action="store_true", help="fail if the plan is stale")
    args = parser.parse_args(argv)
    recorded = record()
    total = sum(row["cost"] for row in recorded["steps"])
    print(f"{len(recorded['steps'])} kernels, {total:.1f} s of processor time")
    if args.check:
        is_current = without_cost(recorded) == without_cost(json.loads(plan.FILE.read_text()))
        print("the plan is current" if is_current else "the plan is stale: run this command")
        return 0 if is_current else 1
    lines = ",\n".join(json.dumps(row) for row in recorded["steps"])
    plan.FILE.write_text(f'{{"steps": [\n{lines}\n]}}\n')
    return 0


if __name__ == "__main__":
    sys.exit(main())
