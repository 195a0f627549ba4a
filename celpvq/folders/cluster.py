"""Workers of a Dask cluster, which see the same folders under the same paths."""

import contextlib
import gc
import os
import secrets
import socket
import tempfile
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

from .. import api
from .._packages import needed_by
from .._version import __version__
from ..errors import NetworkError
from ..output import write_file
from .flow import Workers
from .worker import Item, Job, Result, convert_all

with needed_by("dask", "celpvq[dask]"):
    import distributed
    from distributed.scheduler import KilledWorker

_WAIT_S = 60  # for the scheduler, and for the first worker


class Cluster(Workers):
    """The workers of a Dask cluster, each of which is given the job once.

    Parameters
    ----------
    job : Job
        The work.
    cluster : str or distributed.Client
        Address of the scheduler, such as ``tcp://host:8786``; the path of its file; or a client,
        which stays open.
    sample : str
        Path of an input file.

    Raises
    ------
    MissingPackageError
        If the package distributed is not installed.
    NetworkError
        If the cluster cannot be reached, has no worker, or has one that does not see the same
        files or has another version of celpvq.
    """

    n_files, n_bytes = 250, 256 << 20
    crashes = (KilledWorker,)

    def __init__(self, job: Job, cluster: Any, sample: str) -> None:
        self._own = not isinstance(cluster, distributed.Client)
        self._client: Any = _connect(cluster) if self._own else cluster
        self._executor = self._client.get_executor(pure=False)
        self._plugin = _Give(f"celpvq-{secrets.token_hex(8)}", job)
        self._given = False
        try:
            _check(self._client, job.out, sample)
            self._client.register_plugin(self._plugin, name=self._plugin.name)
            self._given = True
            self._warm_up(job.work.variable_rate)
        except BaseException:
            self.close()
            raise

    def _warm_up(self, variable_rate: bool) -> None:
        """Let one worker of each host compile the codec, unless it is compiled there."""
        hosts = {host: worker for worker, host in self._client.run(socket.gethostname).items()}
        warm = [
            self._client.submit(
                api.warmup, variable_rate=variable_rate, workers=[worker],
                allow_other_workers=True, pure=False,
            )
            for worker in hosts.values()
        ]  # fmt: skip
        self._client.gather(warm)

    def count(self) -> int:
        """Return the number of the workers' threads."""
        return max(sum(map(int, self._client.nthreads().values())), 1)

    def submit(self, items: Sequence[Item]) -> "Future[list[Result]]":
        """Begin a task; if its worker dies, another one does it again."""
        task: Future[list[Result]] = self._executor.submit(_convert, self._plugin.name, items)
        return task

    def revive(self) -> None:
        """Do nothing: the cluster replaces its workers itself."""

    def close(self) -> None:
        """Give up the tasks that have not begun, and leave the cluster."""
        if self._client.status == "running":  # the scheduler is there
            with contextlib.suppress(OSError, TimeoutError, CancelledError):
                self._executor.shutdown(wait=False)
                if self._given:
                    self._client.unregister_worker_plugin(self._plugin.name)
        if self._own:
            self._client.close()


_jobs: dict[str, Job] = {}  # of a worker


class _Give(distributed.WorkerPlugin):
    """Gives the job to each worker, also to those that come later."""

    def __init__(self, name: str, job: Job) -> None:
        self.name, self.job = name, job

    def setup(self, worker: Any) -> None:
        """Keep the job."""
        _jobs[self.name] = self.job

    def teardown(self, worker: Any) -> None:
        """Forget the job."""
        _jobs.pop(self.name, None)


def _convert(name: str, items: Sequence[Item]) -> list[Result]:
    return convert_all(_jobs[name], items)


def _connect(address: str | os.PathLike[str]) -> Any:
    """Return a client of the cluster."""
    place = {"scheduler_file": address} if os.path.isfile(address) else {"address": address}
    try:
        return distributed.Client(**place, timeout=_WAIT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = str(error)
    gc.collect()  # distributed waits for ever if it finalizes this client while the next one starts
    raise NetworkError(f"dask: {address}: {reason}")


def _check(client: Any, out: Path, sample: str) -> None:
    """Raise `NetworkError` unless every worker has this celpvq, and sees the same files."""
    try:
        client.wait_for_workers(1, timeout=_WAIT_S)
    except TimeoutError:
        raise NetworkError(f"dask: no worker came within {_WAIT_S} s") from None
    probe, secret = out / f".celpvq-{secrets.token_hex(8)}.part", secrets.token_hex(16)
    write_file(probe, secret.encode())
    try:
        seen = client.run(_look, str(probe), sample if os.path.exists(sample) else str(probe))
    except (ImportError, AttributeError) as error:
        raise NetworkError(f"dask: a worker cannot load celpvq {__version__}: {error}") from None
    finally:
        probe.unlink()
    for worker, (version, text) in seen.items():
        if version != __version__:
            raise NetworkError(f"dask: {worker}: expected celpvq {__version__}, got {version}")
        if text != secret:
            raise NetworkError(
                f"dask: {worker}: expected the same files under the same paths as here, got {text}"
            )


def _look(probe: str, sample: str) -> tuple[str, str]:
    """Return a worker's version of celpvq, and the text of the probe or the error about it."""
    try:
        text = Path(probe).read_text()
        with tempfile.TemporaryFile(dir=os.path.dirname(probe)), open(sample, "rb"):
            return __version__, text
    except OSError as error:
        return __version__, str(error)
