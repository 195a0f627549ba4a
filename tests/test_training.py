"""Training: the material, each book's law of falling error, and all of it on a little speech."""

import shutil
from pathlib import Path

import naive
import numpy as np
import pytest

import celpvq
from celpvq import ArgumentError, Decoder, Encoder, TableSet, _threads
from celpvq.cli import main
from celpvq.codec.common import table_set as table_sets
from celpvq.codec.encoder import presets
from celpvq.codec.format.modes import SUBFRAME_LEN
from celpvq.lab.clips import clip_paths
from celpvq.quality import segmental_snr
from celpvq.training import (
    assignment,
    corpus,
    gain_books,
    loudness,
    lsf_books,
    pipeline,
    progress,
    shape_books,
    silence_book,
)
from celpvq.training.corpus import Clip
from celpvq.training.harvest import Harvest, harvest
from celpvq.training.pipeline import Plan
from celpvq.training.shape_books import Targets


def quiet(text):
    """A log for nobody."""


# material -----------------------------------------------------------------------------------------


def clip(name, speaker, language="en"):
    return Clip(Path(name), "source", speaker, language)


@pytest.fixture
def folder(tmp_path):
    """Speech of two speakers in folders of their own, and a file that is no sound."""
    for i, path in enumerate(clip_paths()[:4]):
        (tmp_path / "ab"[i % 2]).mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / "ab"[i % 2] / f"{i}.flac")
    (tmp_path / "a" / "notes.txt").write_text("no sound")
    return tmp_path


def test_without_a_manifest_every_folder_is_a_speaker(folder):
    found = corpus.find_clips(folder)
    assert [c.path.relative_to(folder).as_posix() for c in found] == [
        "a/0.flac", "a/2.flac", "b/1.flac", "b/3.flac",
    ]  # fmt: skip
    assert [c.speaker for c in found] == ["a/a", "a/a", "b/b", "b/b"]


def test_a_manifest_says_who_speaks(folder):
    (folder / "manifest.csv").write_text(
        "file,source,speaker,lang\na/0.flac,radio,zoé,fr\n3.flac,,,de\nelse.flac,x,y,z\n"
    )
    found = corpus.find_clips(folder)
    assert [(c.source, c.speaker, c.language) for c in found] == [
        ("radio", "radio/zoé", "fr"), ("a", "a/a", ""), ("b", "b/b", ""), ("b", "b/b", "de"),
    ]  # fmt: skip


def test_clips_are_read_at_8_khz(folder, clips):
    found = corpus.find_clips(folder)
    np.testing.assert_array_equal(found[0].read(), next(iter(clips.values())))


CLIPS = [clip(f"{s}{k}", s, "en" if s < "d" else "de") for s in "abcdefgh" for k in range(5)]


def test_whole_speakers_are_held_back_by_the_seed():
    kept, held = corpus.hold_back(CLIPS, 0.3, 1)
    assert not {c.speaker for c in kept} & {c.speaker for c in held}
    assert sorted(map(str, kept + held)) == sorted(map(str, CLIPS))
    assert len(held) == 10
    assert corpus.hold_back(CLIPS, 0.3, 1) == (kept, held)
    assert corpus.hold_back(CLIPS[::-1], 0.3, 1)[1] != []
    draws = {tuple(sorted({c.speaker for c in corpus.hold_back(CLIPS, 0.3, s)[1]}))
             for s in range(9)}  # fmt: skip
    assert len(draws) > 3
    assert corpus.hold_back(CLIPS, 0.1, 1)[1] == []  # nobody is so short
    assert corpus.hold_back(CLIPS, 0.0, 1)[0] == CLIPS


def test_any_first_part_is_balanced():
    many = CLIPS + [clip(f"x{k}", "talker", "en") for k in range(50)]
    queue = corpus.in_turn(many, 1)
    assert sorted(map(str, queue)) == sorted(map(str, many))
    assert corpus.in_turn(many[::-1], 1) == queue or len(corpus.in_turn(many[::-1], 1)) == len(many)
    assert corpus.in_turn(many, 2) != queue
    for k in range(1, 5):
        speakers = [c.speaker for c in queue[: 9 * k]]
        assert max(map(speakers.count, speakers)) <= k


# fixed codebooks ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def targets():
    """Subframes of a source with few shapes, behind decaying responses."""
    rng = np.random.default_rng(0)
    n = 1200
    shapes = rng.normal(size=(24, SUBFRAME_LEN)) * (rng.random((24, SUBFRAME_LEN)) < 0.2)
    impulse = rng.normal(size=(n, SUBFRAME_LEN)) * 0.8 ** np.arange(SUBFRAME_LEN)
    impulse[:, 0] = 1
    rest = np.empty((n, SUBFRAME_LEN))
    for t in range(n):
        word = shapes[rng.integers(24)] * rng.choice([-1, 1])
        word = word + 0.2 * rng.normal(size=SUBFRAME_LEN)
        rest[t] = naive.convolution_matrix(impulse[t]) @ word
    return Targets(rest / np.linalg.norm(rest, axis=1)[:, None], impulse)


def stages_of(targets, sizes):
    first = shape_books.first_stage(targets, sizes[0], 3)
    if len(sizes) == 1:
        return [first]
    return [first, shape_books.second_stage(targets, first, sizes[1], 3)]


@pytest.mark.parametrize("sizes", [(16,), (8, 4), (8, 8)])
def test_the_error_never_rises(targets, sizes):
    books, history = shape_books.design(targets, stages_of(targets, sizes), 8, 1, quiet)
    assert len(history) == 9
    assert (np.diff(history) <= 1e-9).all()
    assert history[-1] < 0.9 * history[0]
    assert [book.shape for book in books] == [(n, SUBFRAME_LEN) for n in sizes]
    assert np.isfinite(np.concatenate(books)).all()
    assert (books[0] ** 2).sum(axis=1).mean() == pytest.approx(1)


def error_of(targets, shapes):
    """The mean error by definition: the best signed shape of each target, with its best gain."""
    left = []
    for rest, impulse in zip(*targets, strict=True):
        filtered = shapes @ naive.convolution_matrix(impulse).T
        match = (filtered @ rest) ** 2 / (filtered**2).sum(axis=1)
        left.append(rest @ rest - match.max())
    return np.mean(left)


def test_the_error_is_what_its_definition_says(targets):
    few = Targets(targets.rest[:200], targets.impulse[:200])
    [book], history = shape_books.design(few, stages_of(few, (16,)), 3, 1, quiet)
    assert history[-1] == pytest.approx(error_of(few, book), rel=1e-3)
    books, history = shape_books.design(few, stages_of(few, (8, 4)), 3, 1, quiet)
    sums = np.array([a + sign * b for a in books[0] for b in books[1] for sign in (1, -1)])
    assert history[-1] == pytest.approx(error_of(few, sums), rel=1e-2)


def test_a_centroid_is_better_than_its_neighbours(targets):
    state = shape_books._Design(targets, stages_of(targets, (16,)))
    state.assign()
    rows, signs, gain = state.words >> 1, 1 - 2 * (state.words & 1), state.gain.copy()
    state.solve(0)

    def error(shape, cell):
        total = 0.0
        for t in np.flatnonzero(rows == cell):
            heard = naive.convolution_matrix(targets.impulse[t]) @ shape
            total += np.sum((targets.rest[t] - gain[t] * signs[t] * heard) ** 2)
        return total

    rng = np.random.default_rng(5)
    for cell in range(4):
        shape = state.book[cell]
        least = error(shape, cell)
        for _ in range(5):
            nearby = shape + 0.1 * np.linalg.norm(shape) * rng.normal(size=SUBFRAME_LEN) / 6
            assert error(nearby, cell) > least


def test_a_design_is_repeatable_whatever_the_number_of_threads(targets, monkeypatch):
    runs = []
    for n_threads in (1, 3, 3):
        monkeypatch.setattr(_threads, "n_threads", lambda n=n_threads: n)
        runs.append(shape_books.design(targets, stages_of(targets, (8, 8)), 3, 1, quiet))
    for books, history in runs[1:]:
        assert history == runs[0][1]
        for a, b in zip(books, runs[0][0], strict=True):
            np.testing.assert_array_equal(a, b)


def test_empty_cells_are_refilled(targets):
    lost = np.zeros((16, SUBFRAME_LEN))
    lost[:, 0] = 1
    lost[0] = stages_of(targets, (16,))[0][0]
    [book], history = shape_books.design(targets, [lost], 8, 1, quiet)
    assert len(np.unique(book.round(6), axis=0)) == 16
    assert history[-1] < 0.8 * history[0]


# gains and spectra --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recordings(clips):
    return list(clips.values())[:4]


@pytest.fixture(scope="module")
def found(recordings):
    return harvest(recordings, celpvq.codec.modes.get(6400), table_sets.default(), "fast")


def test_a_harvest_holds_what_it_says(found, recordings):
    assert found.starts.tolist() == [0, *np.cumsum([len(x) // 160 * 4 for x in recordings])]
    assert found.rest.shape == found.impulse.shape == (found.starts[-1], SUBFRAME_LEN)
    xx, xy, xz, yy, zz, yz, rms = found.moments.T
    assert (found.impulse[:, 0] == 1).all()
    assert (rms > 0).all()
    slack = 1e-9
    assert (xy**2 <= xx * yy * (1 + slack) + slack).all()
    assert (xz**2 <= xx * zz * (1 + slack) + slack).all()
    assert (yz**2 <= yy * zz * (1 + slack) + slack).all()


def test_the_predictor_predicts(found):
    predictor, error_db = gain_books.train_predictor(found)
    level = gain_books._levels_db(found.moments, gain_books._optimum(found.moments)[1])
    assert predictor[0] == pytest.approx(level.mean())
    errors = []
    for taps in (predictor[1:], np.zeros(4)):
        memory, err = np.zeros(4), []
        for x in level - predictor[0]:
            err.append(x - taps @ memory)
            memory = np.r_[err[-1], memory[:3]]
        errors.append(np.mean(np.square(err)))
    assert errors[0] < 0.7 * errors[1]
    assert error_db == pytest.approx(np.sqrt(errors[0]), rel=0.05)


def gain_error(found, book, predictor):
    """What `train_book` says about `book` used as it is."""
    words, scale = np.zeros(len(found.moments), np.int64), np.zeros(len(found.moments))
    weight = loudness.error_weights(found.moments[:, 0])
    levels = gain_books.gains.levels(book)
    return gain_books._code(
        found.moments, weight, found.starts, predictor, book, levels, words, scale
    )


def test_gain_books_err_less_after_training_and_with_more_bits(found):
    predictor, _ = gain_books.train_predictor(found)
    errors = []
    for bits in (3, 5, 7):
        book, said = gain_books.train_book(found, predictor, bits, 1, quiet)
        assert book.shape == (1 << bits, 2)
        assert (book[:, 0] >= 0).all()
        assert (book[:, 0] <= 1.2).all()
        assert book[:, 1].min() <= -12.5  # silence is within reach
        errors.append(gain_error(found, book, predictor))
        assert said == pytest.approx(errors[-1])
        first = gain_books._first_book(found, predictor, bits, 1)
        assert errors[-1] < gain_error(found, first, predictor)
    assert errors[0] > errors[1] > errors[2]


def test_gain_centroids_err_least():
    rng = np.random.default_rng(0)
    y, z, x = rng.normal(size=(3, 50, 8))
    x += y + z  # so that both gains are positive
    moments = np.array([
        [a @ a, a @ b, a @ c, b @ b, c @ c, b @ c, 1] for a, b, c in zip(x, y, z, strict=True)
    ])  # fmt: skip
    words, scale, weight = rng.integers(0, 3, 50), rng.uniform(0.5, 2, 50), rng.uniform(1, 2, 50)
    book = gain_books._centroids(np.zeros((4, 2)), moments, weight, words, scale)

    def error(cell, gp, db):
        return sum(
            weight[t] * naive.gain_error(x[t], gp * y[t], z[t], (1.0, db), scale[t])
            for t in np.flatnonzero(words == cell)
        )

    for cell in range(3):
        least = error(cell, *book[cell])
        assert book[cell, 0] < 1.2
        for step in ((0.02, 0), (-0.02, 0), (0, 0.3), (0, -0.3)):
            assert error(cell, *(book[cell] + step)) > least
    assert (book[3] == 0).all()  # nobody there


def test_switches_follow_the_rules_of_the_encoder():
    """Prediction must be better by its penalty, and not serve too many frames in turn."""
    longest, penalty = presets.MAX_PREDICTED_FRAMES, presets.PREDICTION_PENALTY
    starts = np.array([0, 4 * (longest + 1) - 1, 40])
    weight = np.random.default_rng(0).uniform(0.5, 2, (40, 10))
    residual = np.ones((40, 2, 10))
    residual[:, 1] = 0.99 * penalty**-0.5
    found = lsf_books._switches(residual, weight, starts)
    in_turn = np.resize([1] * longest + [0], 40)
    np.testing.assert_array_equal(found[: starts[1]], in_turn[: starts[1]])
    np.testing.assert_array_equal(found[starts[1] :], in_turn[: 40 - starts[1]])
    residual[:, 1] = 1.01 * penalty**-0.5
    assert not lsf_books._switches(residual, weight, starts).any()
    residual[7:9, 1, :5] = 0.0  # half of the weighted error
    assert np.flatnonzero(lsf_books._switches(residual, weight, starts)).tolist() == [7, 8]


def test_residuals_of_unquantized_spectra_are_what_predictors_leave(recordings):
    spectra = lsf_books.analyze(recordings)
    mean, rho = lsf_books.mean_and_rho(spectra)
    residual = lsf_books._unquantized(spectra, mean, rho)
    first = spectra.starts[1]
    for f in (1, first - 1, first + 1):
        for k in range(2):
            expected = mean + rho[k] * (spectra.lsf[f - 1] - mean)
            np.testing.assert_allclose(residual[f, k], spectra.lsf[f] - expected, atol=1e-12)
    for f in (0, first):
        np.testing.assert_allclose(residual[f], [spectra.lsf[f] - mean] * 2, atol=1e-12)


def test_lsf_books_err_less_after_training(recordings):
    spectra = lsf_books.analyze(recordings)
    assert spectra.starts.tolist() == [0, *np.cumsum([len(x) // 160 for x in recordings])]
    assert (np.diff(spectra.lsf, axis=1) > 0).all()
    said = []
    errors = {}
    for rounds in (0, 4):
        tables, error = lsf_books.train(spectra, (5, 4, 4), rounds, 1, said.append)
        errors[rounds] = lsf_books._in_the_loop(spectra, tables)[2]
        assert error == errors[rounds]
        assert tables.stage1.shape == (2, 32, 10)
        assert tables.low.shape == tables.high.shape == (2, 16, 5)
    assert errors[4] < 0.97 * errors[0]
    _, error = lsf_books.train(spectra, (6, 5, 5), 4, 1, said.append)
    assert error < 0.9 * errors[4]
    with pytest.raises(ArgumentError, match="expected at least 4096 audible frames"):
        lsf_books.train(spectra, (12, 4, 4), 1, 1, said.append)


def test_stages_that_are_reestimated_are_means():
    x = np.array([[0.0, 1], [2, 5], [9, 9], [1, 1]])
    w = np.array([[1.0, 1], [3, 1], [1, 1], [1, 1]])
    old = np.array([[7.0, 7], [8, 8], [9, 9], [5, 5]])
    new = lsf_books._means(x, w, np.array([0, 0, 1, 1]), old)
    np.testing.assert_allclose(new[:2], [[1.5, 3], [5, 5]])
    assert np.isfinite(new).all()


def test_more_cells_than_members_stay_finite():
    x, old = np.array([[0.3], [0.5], [0.7]]), np.linspace(0, 1, 16)[:, None]
    for cell in ([0, 0, 0], [1, 1, 5], [2, 3, 4]):
        new = lsf_books._means(x, np.ones((3, 1)), np.array(cell), old)
        assert np.isfinite(new).all()


def test_the_silence_book_knows_pauses_best(recordings):
    recordings = [x + 1e-4 * np.random.default_rng(1).normal(size=len(x)) for x in recordings]
    spectra = lsf_books.analyze(recordings)
    means, quiet = silence_book.stretches(spectra, recordings)
    n = len(recordings[0]) // 160
    assert len(means) == len(quiet) == sum(2 * (len(x) // 160) - 7 for x in recordings)
    assert 0.2 < quiet.mean() < 0.3
    np.testing.assert_array_equal(means[:n], spectra.lsf[:n])
    np.testing.assert_allclose(means[n], spectra.lsf[:8].mean(axis=0))
    said = []
    errors = {}
    for bits in (4, 6):
        book, error = silence_book.train(spectra, recordings, bits, 1, said.append)
        nearest = ((means[:, None] - book) ** 2).mean(axis=2).min(axis=1)
        weight = 1 + quiet / quiet.mean()
        assert error == pytest.approx(np.average(nearest, weights=weight))
        errors[bits] = error
    assert errors[6] < 0.7 * errors[4]
    with pytest.raises(celpvq.ArgumentError, match="expected at least 16384 spectra"):
        silence_book.train(spectra, recordings, 14, 1, said.append)
    nothing = [np.zeros(1600), np.zeros(7)]
    assert len(silence_book.stretches(lsf_books.analyze(nothing), nothing)[0]) == 0


# all of it ----------------------------------------------------------------------------------------

TINY = "--minutes 0.2 --targets 500 --iterations 1 --lsf-rounds 1 --preset fast --seed 5"


@pytest.fixture(scope="module", autouse=True)
def small_books_only():
    """Leave the order of large books as it is: it takes a minute, and the codec does not care."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assignment, "BOOKS", ("gain",))
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run on half the bundled clips: its tables, its words, and a checkpoint from its middle."""
    folder = tmp_path_factory.mktemp("training")
    (folder / "speech").mkdir()
    for path in clip_paths()[::2]:
        shutil.copy(path, folder / "speech")
    out, middle = folder / "mine.npz", folder / "middle.npz"
    said = []

    def log(text):
        said.append(text)
        if text.startswith("7200: gain predictor") and not middle.exists():
            shutil.copy(folder / "mine.npz.work.npz", middle)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress, "stderr_log", lambda: log)
        status = main(["train", *TINY.split(), str(folder / "speech"), str(out)])
    assert status == 0, said[-3:]
    return folder, said, middle


def test_training_writes_tables_that_work(trained, clips):
    folder, said, _ = trained
    assert sorted(path.name for path in folder.iterdir()) == ["middle.npz", "mine.npz", "speech"]
    tables = TableSet.load(folder / "mine.npz")
    assert tables.hash != table_sets.default().hash
    assert tables.hash in said[-1]
    plan, errors = tables.provenance.pop("plan"), tables.provenance.pop("errors")
    assert errors["lsf24"] < errors["lsf22"] < errors["lsf20"]
    assert errors["fcb21"] < errors["fcb11"] < errors["fcb10"] < errors["fcb9"] < 1
    assert errors["gain8000_5"] < errors["gain6400_4"] < errors["gain4800_4"] < 1
    assert (plan["seed"], plan["targets"], plan["iterations"]) == (5, 500, 1)
    minutes = sum(len(x) for x in list(clips.values())[::2]) / 8000 / 60
    near = pytest.approx(minutes, abs=0.05)
    assert tables.provenance == {"sources": {"speech": near}, "clips": 4, "minutes": near}
    for mode in celpvq.modes():
        for name, least in (("espeak-f-es", 6), ("flite-slt-en", 2)):  # heard, and not heard
            x = clips[name][: 160 * 100]
            data = Encoder(mode, "fast", highpass=False, tables=tables).encode_frames(x)
            y = Decoder(tables=tables, enhancement=False).decode_frames(data, mode) / 32768
            assert segmental_snr(x[:-40], y[40:]) > least
        with pytest.raises(celpvq.TablesError):
            celpvq.decode(celpvq.encode(x, 8000, mode, "fast", tables=tables))


def test_a_run_that_was_interrupted_goes_on_to_the_same_tables(trained, monkeypatch):
    folder, said, middle = trained
    out = folder / "resumed.npz"
    shutil.copy(middle, folder / "resumed.npz.work.npz")
    log = []
    monkeypatch.setattr(progress, "stderr_log", lambda: log.append)
    monkeypatch.setattr(_threads, "n_threads", lambda: 3)
    assert main(["train", *TINY.split(), str(folder / "speech"), str(out)]) == 0
    assert "goes on after" in log[0]
    assert not any(text.startswith(("LSF", "4800", "5600", "6400")) for text in log)
    first = next(i for i, text in enumerate(said) if text.startswith("7200: gain predictor"))
    assert log[2:-1] == said[first:-1]
    assert TableSet.load(out).hash == TableSet.load(folder / "mine.npz").hash
    assert sorted(path.name for path in folder.glob("*.npz")) == [
        "middle.npz", "mine.npz", "resumed.npz",
    ]  # fmt: skip
    out.unlink()


def test_a_checkpoint_of_another_plan_is_not_used(trained, tmp_path):
    middle = trained[2]
    log = []
    other = pipeline.Checkpoint(Path(shutil.copy(middle, tmp_path)), "another", log.append)
    assert (other.arrays, log) == ({}, [])
    [ones, zeros], error = other.get(["a", "b"], lambda: ([np.ones(2), np.zeros(1)], 0.25))
    assert (ones.tolist(), zeros.tolist(), error) == ([1, 1], [0], 0.25)
    again = pipeline.Checkpoint(other.path, "another", log.append)
    [_, zeros], error = again.get(["a", "b"], lambda: pytest.fail("is there already"))
    assert (zeros.tolist(), error) == ([0], 0.25)


def test_levels_are_varied_within_the_plan():
    x = np.full(100, 0.1)
    levels = [20 * np.log10(y[0] / 0.1) for y in pipeline._vary_levels([x] * 200, Plan(level_db=6))]
    assert -6 <= min(levels) < -4
    assert 4 < max(levels) <= 6
    assert max(abs(y).max() for y in pipeline._vary_levels([10 * x] * 50, Plan())) == 1


def test_louder_targets_count_more_but_less_than_their_energy():
    energy = np.geomspace(1e-2, 1e4, 50)
    weight = loudness.error_weights(energy)
    assert (weight * energy).mean() == pytest.approx(1)
    assert (np.diff(weight) < 0).all()
    assert (np.diff(weight * energy) > 0).all()
    np.testing.assert_allclose(loudness.error_weights(1e6 * energy) * 1e6, weight)
    assert np.isfinite(loudness.error_weights(np.array([0.0, 1.0]))).all()


def test_targets_are_audible_and_of_unit_energy_in_the_mean(found):
    silent = Harvest(*(np.r_[a, np.zeros((5, a.shape[1]))] for a in found[:3]), found.starts)
    drawn = pipeline._targets(silent, Plan(targets=300))
    assert drawn.rest.shape == drawn.impulse.shape == (300, SUBFRAME_LEN)
    assert (drawn.rest**2).sum(axis=1).mean() == pytest.approx(1)
    everything = pipeline._targets(found, Plan())
    least = np.minimum((found.rest**2).sum(axis=1), found.moments[:, 0])
    audible = np.flatnonzero(least > pipeline._SILENT)
    order = np.random.default_rng(Plan().seed).permutation(audible)
    scale = np.linalg.norm(everything.rest, axis=1) / np.linalg.norm(found.rest[order], axis=1)
    heard = loudness.error_weights(found.moments[order, 0])
    np.testing.assert_allclose(scale / scale[0], np.sqrt(heard / heard[0]))
    assert len(everything.rest) <= len(found.rest)
    assert np.isfinite(everything.rest).all()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train empty out.npz", "empty: holds no sound file"),
        ("train nowhere out.npz", "nowhere"),
        ("train file out.npz", "file"),
        ("train speech there.npz", "there.npz: exists already; --force replaces it"),
        ("train speech nowhere/out.npz", "nowhere/out.npz: its folder is not there"),
        ("train --minutes 0 speech out.npz", "minutes: expected a positive number, got 0"),
        ("train --targets -1 speech out.npz", "targets: expected a positive number, got -1"),
        ("train --preset slow speech out.npz", "preset: expected one of fast, default, best"),
        ("train --seed -1 speech out.npz", "seed: expected 0 or more, got -1"),
        ("train --held-back 1 speech out.npz", "held-back: expected at least 0, less than 1, got"),
        ("train --held-back -0.1 speech out.npz", "held-back: expected"),
        ("train latin out.npz", "latin/manifest.csv: expected CSV in UTF-8"),
        ("train quoted out.npz", "quoted/manifest.csv: expected CSV in UTF-8"),
        ("train foreign out.npz", "foreign/manifest.csv: expected a column file"),
        ("train --iterations 0 speech out.npz", "iterations: expected a positive number"),
        ("train broken out.npz", "x.wav"),
        ("train silent out.npz", "audible frames, got 0"),
        ("train short out.npz", "no recording is as long as four frames"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_on_one_line(
    tmp_path, monkeypatch, capfd, line, message
):
    import soundfile

    monkeypatch.chdir(tmp_path)
    for name in ("speech", "empty", "broken", "silent", "short"):
        Path(name).mkdir()
    for name, text in {"latin": "file\nzo\xe9", "quoted": 'file\n"a" b', "foreign": "a,b"}.items():
        Path(name).mkdir()
        Path(name, "manifest.csv").write_text(text, encoding="latin-1")
    Path("there.npz").write_text("precious")
    Path("file").touch()
    shutil.copy(clip_paths()[0], "speech")
    Path("broken/x.wav").write_bytes(b"RIFF????WAVE")
    soundfile.write("silent/x.wav", np.zeros(80000), 8000)
    soundfile.write("short/x.wav", np.ones(100) / 9, 8000)
    assert main(line.split()) == 1
    out, err = capfd.readouterr()
    complaint = [text for text in err.splitlines() if not text.startswith("[")]
    assert len(complaint) == 1
    assert complaint[0].startswith("celpvq: ")
    assert message in complaint[0]
    assert out == ""
    assert Path("there.npz").read_text() == "precious"
    assert not Path("out.npz").exists()


def test_an_empty_folder_is_an_argument_error(tmp_path):
    with pytest.raises(ArgumentError, match="holds no sound file"):
        corpus.find_clips(tmp_path)


def test_a_damaged_checkpoint_is_not_used(tmp_path):
    path, log = tmp_path / "work.npz", []
    path.write_bytes(b"PK\x03\x04 and nothing else")
    assert pipeline.Checkpoint(path, "any", log.append).arrays == {}
    assert "starts anew" in log[0]
