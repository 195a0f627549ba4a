"""The locks of a cache folder: between processes, released by the system when a holder ends."""

import errno
import os
import signal
import subprocess
import sys

import pytest

from celpvq._numba import locks
from celpvq._numba.locks import Locks

HOLD = """
import sys, time
from pathlib import Path
from celpvq._numba.locks import Locks
holder = Locks(Path(sys.argv[1]))
holder.acquire("kernel")
print("held", flush=True)
sys.stdin.read()
"""


def holds(holder):
    return holder._held == ["kernel"]


@pytest.fixture
def another_holder(tmp_path):
    """Another process that holds the lock, until its standard input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", HOLD, tmp_path], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "held\n"
    with process:  # closes its pipes
        yield process
        process.kill()


@pytest.fixture
def during_the_wait(monkeypatch):
    """A function that sets what happens while a lock is waited for, instead of sleep."""
    return lambda action: monkeypatch.setattr(locks.time, "sleep", lambda _: action())


def test_a_lock_is_waited_for_until_its_holder_ends(tmp_path, another_holder, during_the_wait):
    during_the_wait(another_holder.stdin.close)
    waiting = Locks(tmp_path)
    assert waiting.acquire("kernel")
    assert another_holder.wait() == 0
    assert holds(waiting)


def test_a_killed_holder_leaves_the_lock(tmp_path, another_holder, during_the_wait):
    during_the_wait(lambda: another_holder.send_signal(signal.SIGTERM))
    waiting = Locks(tmp_path)
    assert waiting.acquire("kernel")
    assert another_holder.wait() == -signal.SIGTERM
    assert holds(waiting)


def test_a_lock_of_another_kernel_is_free(tmp_path, another_holder, during_the_wait):
    during_the_wait(lambda: pytest.fail("waited"))
    assert Locks(tmp_path).acquire("another kernel")
    assert another_holder.poll() is None


def test_a_holder_that_stands_still_is_not_waited_for(
    tmp_path, another_holder, during_the_wait, monkeypatch
):
    sleeps = []

    def sleep():
        sleeps.append(0)
        if len(sleeps) < 4:  # the holder adds to the cache
            (tmp_path / "package").mkdir(exist_ok=True)
            os.utime(tmp_path / "package", ns=(0, 2**62 + len(sleeps)))

    during_the_wait(sleep)
    monkeypatch.setattr(locks, "PATIENCE_S", -1.0)
    waiting = Locks(tmp_path)
    assert waiting.acquire("kernel")
    assert not holds(waiting)
    assert len(sleeps) == 4
    assert another_holder.poll() is None


def test_a_forked_child_does_not_have_the_locks_of_its_parent(tmp_path, during_the_wait):
    during_the_wait(lambda: os._exit(3))
    parent = Locks(tmp_path)
    assert parent.acquire("kernel")
    for _ in range(2):  # nor does its end release them
        child = os.fork()
        if not child:
            Locks(tmp_path).acquire("kernel")
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3


def test_locks_are_released_at_the_end_of_a_context_only(tmp_path):
    mine = Locks(tmp_path)

    def failing():
        with mine.released_at_the_end():
            assert mine.acquire("outer")
            with mine.released_at_the_end():
                assert mine.acquire("inner")
                assert not mine.acquire("outer")  # this process has it
            assert mine._held == ["outer"]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        failing()
    assert mine._held == []
    for name in ("outer", "inner"):  # nor for others
        child = os.fork()
        if not child:
            locks._lock(os.open(tmp_path / "lock", os.O_RDWR), locks._byte(name))
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL])
def test_where_locks_do_not_work_nobody_waits(tmp_path, monkeypatch, number):
    def refuse(file, byte):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(locks, "_lock", refuse)
    mine = Locks(tmp_path)
    assert not mine.acquire("kernel")
    assert mine._held == []


def test_in_a_folder_that_cannot_be_written_to_nobody_waits(tmp_path):
    (tmp_path / "file").touch()
    assert not Locks(tmp_path / "file" / "cache").acquire("kernel")


def test_names_have_bytes_of_their_own_that_every_system_can_lock():
    numbers = {locks._byte(f"kernel {k}") for k in range(1000)}
    assert len(numbers) == 1000
    assert max(numbers) < 2**31
