"""A signal takes effect between blocks of sound."""

import signal
import threading

import pytest

from celpvq.folders import stopping


@pytest.fixture(autouse=True)
def handlers():
    before = [signal.getsignal(number) for number in stopping._SIGNALS]
    yield
    assert [signal.getsignal(number) for number in stopping._SIGNALS] == before
    assert not stopping._asked.is_set()


def interrupted(steps):
    """Do the steps where signals wait; return the names of those that were done."""
    done = []
    with stopping.signals_wait():
        for name, step in steps.items():
            done.append(name)
            step()
    return done


def interrupt():
    signal.raise_signal(signal.SIGINT)


def test_a_first_signal_waits_for_the_next_check():
    done = []
    steps = {"a": interrupt, "b": lambda: done.append("b"), "c": stopping.check,
             "d": lambda: done.append("d")}  # fmt: skip
    with pytest.raises(KeyboardInterrupt):
        interrupted(steps)
    assert done == ["b"]
    stopping.check()


def test_a_signal_after_the_last_check_is_not_lost():
    with pytest.raises(KeyboardInterrupt):
        interrupted({"a": interrupt})
    assert interrupted({"a": stopping.check}) == ["a"]


def test_a_second_signal_acts_at_once():
    done = []
    steps = {"a": interrupt, "b": lambda: done.append("b"), "c": interrupt,
             "d": lambda: done.append("d")}  # fmt: skip
    with pytest.raises(KeyboardInterrupt):
        interrupted(steps)
    assert done == ["b"]


def test_other_handlers_say_what_is_raised():
    def end(*_):
        raise SystemExit(143)

    before = signal.signal(signal.SIGTERM, end)
    try:
        with pytest.raises(SystemExit, match="143"):
            interrupted({"a": lambda: signal.raise_signal(signal.SIGTERM), "b": stopping.check})
    finally:
        signal.signal(signal.SIGTERM, before)


def test_other_threads_leave_signals_alone():
    found = []

    def look():
        with stopping.signals_wait():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGINT)]
