"""The flow of files: few in hand, whoever works; a worker that dies takes one file along."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from celpvq import NetworkError
from celpvq.folders.flow import Workers, convert_with
from celpvq.folders.worker import Item, Result


def items(n, size=10):
    return [Item(k, f"{k}", "", "", 0, size) for k in range(n)]


class Died(Exception):
    pass


class Threads(Workers):
    """Workers that are threads; they die of some files, alone or all at once."""

    n_files, n_bytes, crashes = 5, 100, (Died,)

    def __init__(self, n, deadly=(), *, all_at_once=False):
        self.n, self.deadly, self.all_at_once = n, set(deadly), all_at_once
        self.tasks, self.n_revived, self.broken = [], 0, False
        self.pool = ThreadPoolExecutor(n)

    def count(self):
        return self.n

    def submit(self, task):
        if self.broken:
            raise Died
        self.tasks.append([item.number for item in task])
        return self.pool.submit(self.work, task)

    def work(self, task):
        if self.broken or self.deadly & {item.number for item in task}:
            self.broken = self.all_at_once
            raise Died
        return [Result({"n": item.number}, 1.0, "") for item in task]

    def revive(self):
        self.n_revived += 1
        self.broken = False

    def close(self):
        self.pool.shutdown()


def test_no_more_items_are_taken_than_are_in_hand():
    taken = []

    def source():
        for item in items(1000):
            taken.append(item.number)
            yield item

    n_in_hand = 2 * 3 * 5
    with Threads(3) as workers:
        for n_back, (item, result) in enumerate(convert_with(workers, source(), 1000)):
            assert result.fields == {"n": item.number}
            assert n_back < len(taken) <= n_back + n_in_hand
    assert taken == list(range(1000))
    assert sorted(number for task in workers.tasks for number in task) == taken


@pytest.mark.parametrize(("n", "size", "lengths"), [(1000, 10, {5}), (1000, 60, {2}), (20, 1, {2})])
def test_tasks_are_small_if_files_are_few_or_long(n, size, lengths):
    with Threads(2) as workers:
        assert len(list(convert_with(workers, items(n, size), n))) == n
        assert {len(task) for task in workers.tasks} == lengths
        assert list(convert_with(workers, [], 0)) == []


@pytest.mark.parametrize("all_at_once", [False, True])
def test_the_file_that_kills_its_worker_is_found(all_at_once):
    with Threads(2, [7, 13, 39], all_at_once=all_at_once) as workers:
        results = {i.number: r for i, r in convert_with(workers, items(40), 40)}
    assert sorted(results) == list(range(40))
    for number, result in results.items():
        died = number in workers.deadly
        assert result.error == ("the process that converted it died" if died else "")
        assert result.fields == ({} if died else {"n": number})
    assert workers.n_revived >= 4


def test_tasks_that_are_dropped_are_an_error():
    class Gone(Threads):
        def submit(self, task):
            future = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    with Gone(1) as workers, pytest.raises(NetworkError, match="the cluster has dropped"):
        list(convert_with(workers, items(99), 99))
