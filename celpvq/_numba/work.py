"""Work through the plan: compile kernels one after the other, alone or with helping processes.

The helpers are started only on request: by commands, and by ``warmup(jobs=...)``. All processes do
the same: they take the step with most work behind it that is ready and that nobody has. A helper
that fails, or that is killed, costs time only.
"""

import contextlib
import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .locks import PATIENCE_S
from .plan import Step, needs, steps

Report = Callable[[float], None]  # takes the share of the work that is done, 0 to 1

WORTH_HELP_S = 3.0  # a helper takes a second to start
_POLL_S = 0.02

_jobs = 1
_report: Report | None = None
_is_frozen = False


@contextlib.contextmanager
def shared(jobs: int, report: Report | None = None) -> Iterator[None]:
    """Let `jobs` processes compile what is compiled within the context."""
    global _jobs, _report
    before = _jobs, _report
    _jobs, _report = jobs, report
    try:
        yield
    finally:
        _jobs, _report = before


@contextlib.contextmanager
def without_old_garbage() -> Iterator[None]:
    """Let the garbage collector leave alone all objects from before; saves a tenth of the time.

    The caller has numba's global lock, or is the only thread.
    """
    global _is_frozen
    if _is_frozen or gc.get_freeze_count():  # the program's own frozen objects stay frozen
        yield
        return
    gc.freeze()
    _is_frozen = True
    try:
        yield
    finally:
        _is_frozen = False
        gc.unfreeze()


def prepare(name: str, signature: tuple[Any, ...]) -> None:
    """Compile all kernels that an entry needs, before the entry itself."""
    for number, step in enumerate(steps()):
        if step.is_entry and step.name == name and step.signature() == signature:
            compile_steps(needs({number}) - {number}, step.cost)


def compile_all(jobs: int, except_module: str | None = None) -> None:
    """Compile the plan in `jobs` processes, unless the cache has what Python calls.

    except_module: whose entries, and all that only they need, are left out.
    """
    entries = {
        n for n, step in enumerate(steps())
        if step.is_entry and step.name.split(":")[0] != except_module
    }  # fmt: skip
    if _missing(entries):
        with shared(jobs, _report):
            compile_steps(needs(entries))


def expected_s(kernels: Iterable[str], jobs: int) -> float:
    """Return roughly how long it takes `jobs` processes to compile kernels and all that they need.

    kernels: given as ``module.function``. The time is that of the machine that wrote the plan.
    """
    names = tuple("." + name for name in kernels)
    entries = {n for n, s in enumerate(steps()) if s.name.replace(":", ".").endswith(names)}
    missing = _missing(needs(entries))
    last = [steps()[n].cost for n in entries & missing]
    rest = sum(steps()[n].cost for n in missing - entries)
    return rest / jobs + (sum(last) if jobs == 1 else max(last, default=0.0))


def _missing(numbers: set[int]) -> set[int]:
    """Return those of some steps that are yet to be compiled."""
    return {n for n in numbers if not _is_done(steps()[n])}


def compile_steps(numbers: set[int], cost_after: float = 0.0) -> None:
    """Compile steps of the plan that are not in the cache, with helpers if it is worth while.

    cost_after: of the work that the caller does alone afterwards.
    """
    missing = _missing(numbers)
    if not missing:
        return
    cost = sum(steps()[n].cost for n in missing)
    n_helpers = _jobs - 1 if cost > WORTH_HELP_S else 0
    share = 1 / (1 + n_helpers)

    def report(left: set[int]) -> None:
        if _report is not None:
            rest = sum(steps()[n].cost for n in left)
            _report(share * (cost - rest) / (share * cost + cost_after or 1.0))

    with helpers(n_helpers, missing), without_old_garbage():
        work(missing, report)


def work(numbers: set[int], report: Callable[[set[int]], None], parent: int | None = None) -> None:
    """Compile steps, unless other processes do, until none is left or process `parent` ends.

    If another process stops in the middle of a step, the rest is left to the callers.
    """
    left, by_urgency = set(numbers), _by_urgency(numbers)
    report(left)
    since = time.monotonic()
    while left and (parent is None or parent == os.getppid()):
        for n in by_urgency:
            if n in left and left.isdisjoint(steps()[n].calls) and _attempt(steps()[n]):
                left.remove(n)
                report(left)
                since = time.monotonic()
                break
        else:
            if time.monotonic() - since > PATIENCE_S:
                break
            time.sleep(_POLL_S)


def _by_urgency(numbers: set[int]) -> list[int]:
    """Return steps by the cost of the longest chain that begins with them, the longest first."""
    chain = {n: steps()[n].cost for n in numbers}
    for n in sorted(numbers, reverse=True):  # callers have higher numbers
        for called in chain.keys() & set(steps()[n].calls):
            chain[called] = max(chain[called], steps()[called].cost + chain[n])
    return sorted(numbers, key=lambda n: -chain[n])


def _is_done(step: Step) -> bool:
    """Return whether a step needs no work: it is compiled, or the plan does not fit the sources."""
    kernel, signature = step.kernel(), step.signature()
    if kernel is None or signature is None:
        return True
    return signature in kernel.overloads or kernel._cache.holds(signature)


def _attempt(step: Step) -> bool:
    """Compile a step unless it is done; return False if another process is compiling it."""
    if _is_done(step):
        return True
    kernel = step.kernel()
    cache = kernel._cache
    with cache.locks.released_at_the_end():
        if not cache.claim():
            return False
        if not _is_done(step):
            with contextlib.suppress(Exception):  # the caller meets it again, with its context
                kernel.compile(step.signature())
    return True


@contextlib.contextmanager
def helpers(n: int, numbers: set[int]) -> Iterator[None]:
    """Let n other processes work on the same steps; a helper that fails is no error."""
    code = "import sys; sys.path += sys.argv[1:2]; from celpvq._numba import work; work.help_out()"
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    words = [root, str(os.getpid()), *map(str, sorted(numbers))]
    started: list[subprocess.Popen[bytes]] = []
    with contextlib.suppress(OSError):
        for _ in range(n if sys.executable and not getattr(sys, "frozen", False) else 0):
            started.append(
                subprocess.Popen(  # noqa: S603  # this program
                    [sys.executable, "-P", "-c", code, *words], stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )
            )  # fmt: skip
    try:
        yield
    finally:
        for process in started:
            process.terminate()
            process.wait()


def help_out() -> None:
    """Be a helper, as `helpers` starts it."""
    parent, *numbers = map(int, sys.argv[2:])
    with without_old_garbage():
        work(set(numbers), lambda left: None, parent)
