"""A training on little speech: tables that work, and the same ones after an interruption."""

import shutil

import numpy as np
import pytest

import celpvq
from celpvq import TableSet, _threads
from celpvq.cli import main
from celpvq.codec.common import table_set as table_sets
from celpvq.codec.common.samples import FULL_SCALE
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.lab.clips import clip_paths
from celpvq.quality import segmental_snr
from celpvq.training import assignment, pipeline, progress
from celpvq.training.plan import Plan

TINY = "--minutes 0.2 --targets 500 --iterations 1 --lsf-rounds 1 --preset fast --seed 5"


@pytest.fixture(scope="module", autouse=True)
def small_books_only():
    """Assign indices of small books only: large ones take a minute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assignment, "BOOKS", ("gain",))
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run on half the bundled clips: its folder, its log, and a checkpoint from its middle."""
    folder = tmp_path_factory.mktemp("training")
    (folder / "speech").mkdir()
    for path in clip_paths()[::2]:
        shutil.copy(path, folder / "speech")
    out, middle = folder / "mine.npz", folder / "middle.npz"
    lines = []

    def log(text):
        lines.append(text)
        if text.startswith("7200: gain predictor") and not middle.exists():
            shutil.copy(folder / "mine.npz.work.npz", middle)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress, "stderr_log", lambda: log)
        status = main(["train", *TINY.split(), str(folder / "speech"), str(out)])
    assert status == 0, lines[-3:]
    return folder, lines, middle


@pytest.mark.slow
def test_training_writes_tables_that_work(trained, clips):
    folder, lines, _ = trained
    assert sorted(path.name for path in folder.iterdir()) == ["middle.npz", "mine.npz", "speech"]
    tables = TableSet.load(folder / "mine.npz")
    assert tables.hash != table_sets.default().hash
    assert tables.hash in lines[-1]
    plan, errors = tables.provenance.pop("plan"), tables.provenance.pop("errors")
    assert errors["lsf24"] < errors["lsf22"] < errors["lsf20"]
    assert errors["fcb21"] < errors["fcb11"] < errors["fcb10"] < errors["fcb9"] < 1
    assert errors["gain8000_5"] < errors["gain6400_4"] < errors["gain4800_4"] < 1
    assert (plan["seed"], plan["targets"], plan["iterations"]) == (5, 500, 1)
    minutes = sum(len(x) for x in list(clips.values())[::2]) / 8000 / 60
    near = pytest.approx(minutes, abs=0.05)
    assert tables.provenance == {"sources": {"speech": near}, "clips": 4, "minutes": near}
    for mode in celpvq.modes():
        for name, least in (
            ("espeak-f-es", 6),
            ("flite-slt-en", 2),
        ):  # a voice in training, and another
            x = clips[name][: 160 * 100]
            packets = FrameEncoder(mode, "fast", highpass=False, tables=tables).encode(x)
            decoder = FrameDecoder(tables=tables, enhancement=False)
            y = decoder.decode_run(b"".join(packets), mode) / FULL_SCALE
            assert segmental_snr(x[:-40], y[40:]) > least
        with pytest.raises(celpvq.TablesError):
            celpvq.decode(celpvq.encode(x, 8000, mode, "fast", tables=tables))


@pytest.mark.slow
def test_a_run_that_was_interrupted_goes_on_to_the_same_tables(trained, monkeypatch):
    folder, lines, middle = trained
    out = folder / "resumed.npz"
    shutil.copy(middle, folder / "resumed.npz.work.npz")
    log = []
    monkeypatch.setattr(progress, "stderr_log", lambda: log.append)
    monkeypatch.setattr(_threads, "n_threads", lambda: 3)
    assert main(["train", *TINY.split(), str(folder / "speech"), str(out)]) == 0
    assert "continues after" in log[0]
    assert not any(text.startswith(("LSF", "4800", "5600", "6400")) for text in log)
    first = next(i for i, text in enumerate(lines) if text.startswith("7200: gain predictor"))
    assert log[2:-1] == lines[first:-1]
    assert TableSet.load(out).hash == TableSet.load(folder / "mine.npz").hash
    assert sorted(path.name for path in folder.glob("*.npz")) == [
        "middle.npz", "mine.npz", "resumed.npz",
    ]  # fmt: skip
    out.unlink()


def test_levels_are_varied_within_the_plan():
    x = np.full(100, 0.1)
    levels = [20 * np.log10(y[0] / 0.1) for y in pipeline.vary_levels([x] * 200, Plan(level_db=6))]
    assert -6 <= min(levels) < -4
    assert 4 < max(levels) <= 6
    assert max(abs(y).max() for y in pipeline.vary_levels([10 * x] * 50, Plan())) == 1
