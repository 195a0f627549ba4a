"""A real Dask cluster on this machine: two worker processes, one of which is killed."""

import os
import signal
import threading
import time

import pytest
from batch_files import Copy, tree, write_all

from celpvq import NetworkError
from celpvq.errors import MissingPackageError
from celpvq.folders import Encode, convert

distributed = pytest.importorskip("distributed")

pytestmark = pytest.mark.slow
TEXTS = {f"{'ab'[k % 2]}/{k:02d}.in": "wait 0.05" for k in range(60)}


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as local:
        yield local


@pytest.fixture
def client(cluster):
    cluster.scale(2)
    with distributed.Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(2)
        yield client


def test_a_cluster_writes_the_same_and_gives_the_job_to_each_worker_once(
    cluster, client, tmp_path, clips
):
    source = write_all(tmp_path / "in", TEXTS | {"a/02.in": "bad", "b/05.in": "note"})
    convert(source, tmp_path / "one", Copy())
    report = convert(source, tmp_path / "many", Copy(), dask=cluster.scheduler_address)
    assert tree(tmp_path / "many") == tree(tmp_path / "one")
    assert (report.n_converted, report.n_failed) == (59, 1)
    report = convert(source, tmp_path / "many", Copy(), dask=client, resume=True)
    assert report.n_kept == 59
    assert client.status == "running"

    def jobs():
        from celpvq.folders import cluster

        return len(cluster._jobs)

    assert set(client.run(jobs).values()) == {0}  # they are forgotten


def test_a_worker_that_is_killed_is_replaced(cluster, client, tmp_path):
    source = write_all(tmp_path / "in", TEXTS)
    convert(source, tmp_path / "one", Copy())
    victim = next(iter(client.run(os.getpid).values()))
    journal = tmp_path / "many" / "manifest.jsonl.part"

    def kill():
        while not (journal.exists() and journal.stat().st_size):
            time.sleep(0.01)
        os.kill(victim, signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    report = convert(source, tmp_path / "many", Copy(), dask=cluster.scheduler_address)
    killer.join()
    assert tree(tmp_path / "many") == tree(tmp_path / "one")
    assert report.n_converted == 60
    client.wait_for_workers(2)
    assert victim not in client.run(os.getpid).values()


def test_the_file_that_kills_each_worker_is_found(cluster, client, tmp_path):
    with distributed.Client(cluster, set_as_default=False) as other:
        other.run_on_scheduler(
            lambda dask_scheduler: setattr(dask_scheduler, "allowed_failures", 0)
        )
    source = write_all(tmp_path / "in", TEXTS | {"b/31.in": "die"})
    report = convert(source, tmp_path / "out", Copy(), dask=cluster.scheduler_address)
    assert (report.n_converted, report.n_failed) == (59, 1)
    assert b'"b/31.in", "error": "the process' in tree(tmp_path / "out")["failures.jsonl"]


def test_the_codec_writes_the_same_on_a_cluster(cluster, client, tmp_path, clips):
    from batch_files import write_speech

    source = write_speech(tmp_path / "in", clips["flite-slt-en"], 12)
    convert(source, tmp_path / "one", Encode(preset="fast"))
    convert(source, tmp_path / "many", Encode(preset="fast"), dask=cluster.scheduler_address)
    assert tree(tmp_path / "many") == tree(tmp_path / "one")


def test_a_cluster_that_cannot_be_used_is_refused_and_nothing_is_left(
    cluster, client, tmp_path, monkeypatch
):
    from celpvq.folders import cluster as module

    source = write_all(tmp_path / "in", TEXTS)
    monkeypatch.setattr(module, "_WAIT_S", 1)
    for address, message in (
        ("tcp://127.0.0.1:1", r"dask: tcp://127\.0\.0\.1:1: "),
        ("nonsense", "dask: nonsense: "),
    ):
        with pytest.raises(NetworkError, match=message):
            convert(source, tmp_path / "out", Copy(), dask=address)
        assert tree(tmp_path / "out") == {}
    address = cluster.scheduler_address
    monkeypatch.setattr(module, "__version__", "0.0")
    with pytest.raises(NetworkError, match=r"expected celpvq 0\.0, got "):
        convert(source, tmp_path / "out", Copy(), dask=address)
    monkeypatch.undo()
    monkeypatch.setattr(module, "_look", lambda probe, sample: (module.__version__, "No such file"))
    with pytest.raises(NetworkError, match=r"the same files under the same paths .* No such file"):
        convert(source, tmp_path / "out", Copy(), dask=address)
    assert tree(tmp_path / "out") == {}


def test_a_scheduler_that_goes_away_ends_the_run(tmp_path, monkeypatch):
    from celpvq.folders import cluster as module

    monkeypatch.setattr(module, "_WAIT_S", 10)  # the client also waits for another scheduler
    source = write_all(tmp_path / "in", dict.fromkeys(TEXTS, "wait 0.5"))
    journal = tmp_path / "out" / "manifest.jsonl.part"
    local = distributed.LocalCluster(
        1, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    )

    def close():
        while not (journal.exists() and journal.stat().st_size):
            time.sleep(0.01)
        local.close()

    closer = threading.Thread(target=close, daemon=True)
    closer.start()
    with pytest.raises(NetworkError, match="the cluster has dropped the tasks"):
        convert(source, tmp_path / "out", Copy(), dask=local.scheduler_address)
    closer.join()
    assert journal.exists()


def test_without_the_package_it_is_named(tmp_path, monkeypatch):
    import sys

    monkeypatch.delitem(sys.modules, "celpvq.folders.cluster", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    source = write_all(tmp_path / "in", TEXTS)
    with pytest.raises(MissingPackageError, match=r"pip install celpvq\[dask\]"):
        convert(source, tmp_path / "out", Copy(), dask="tcp://127.0.0.1:1")
