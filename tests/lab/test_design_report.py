"""The command `celpvq vq`: what it reads, refuses and leaves behind."""

import re
import sys

import numpy as np
import pytest
import soundfile

from celpvq import vq
from celpvq.cli import main
from celpvq.errors import ArgumentError, FormatError
from celpvq.lab import design_pictures as pictures
from celpvq.lab import design_report as report
from celpvq.lab import trials
from celpvq.lab.gaussian import Gaussian
from celpvq.lab.vectors import read_vectors

METHODS = [name for name in vq.__all__ if hasattr(getattr(vq, name), "encode")]
MIXED = np.array([[1.0, 0.8], [0.0, 0.6]])


@pytest.fixture
def gauss(tmp_path):
    """A file of correlated Gaussian vectors."""
    X = np.random.default_rng(1).normal(size=(3000, 2)) @ MIXED
    np.save(tmp_path / "x.npy", X)
    return tmp_path / "x.npy"


@pytest.fixture
def speech(tmp_path, clips):
    """Recordings in one folder, nobody knows whose."""
    (tmp_path / "speech").mkdir()
    for name, x in list(clips.items())[:3]:
        soundfile.write(tmp_path / "speech" / f"{name}.flac", x[:24000], 8000)
    return tmp_path / "speech"


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    """Run the command into the folder out: status, and what it says on standard error."""

    def run(data, *words, pictures=False):
        if not pictures:
            monkeypatch.setattr(report, "draw", lambda folder, study: {})
        status = main(["vq", str(data), "--out", str(tmp_path / "out"), *map(str, words)])
        out, err = capsys.readouterr()
        assert out == ""
        return status, err

    return run


def save(tmp_path, array):
    np.save(tmp_path / "x.npy", array)
    return tmp_path / "x.npy"


def rows_of(text):
    """The numbers of the table in a report, row by row."""
    return [
        [float(cell) for cell in line.strip("| ").split("|")]
        for line in text.splitlines()
        if re.match(r"\| [\d.]+ \|", line)
    ]


def test_a_report_has_the_rates_asked_for_and_all_pictures(run, gauss, tmp_path):
    status, err = run(gauss, "-k", 16, "-b", 2, 3, pictures=True)
    assert status == 0
    assert err.splitlines()[-1].startswith(f"{gauss} -> {tmp_path / 'out'}: LBG, 4 bits a vector")
    text = (tmp_path / "out" / "report.md").read_text()
    rows = rows_of(text)
    assert [row[0] for row in rows] == [2, 3, 4]
    high_rate = 10 * np.log10(2**4 / np.linalg.det(MIXED))  # of a variance of 1, at 2 bits
    assert rows[-1][-1] == pytest.approx(high_rate, abs=0.3)
    for _, per_component, entropy, train, _, sqnr, held, bound in rows:
        assert entropy <= 2 * per_component
        assert 10 * np.log10(1 / train) == pytest.approx(sqnr, abs=0.3)  # a variance of about 1
        assert held < bound
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(report.FILES)
    for name in set(report.FILES) - {"report.md", "quantizer.npz"}:
        assert (tmp_path / "out" / name).read_bytes().startswith(b"\x89PNG")
        assert f"]({name})" in text


def test_the_quantizer_saved_is_the_one_reported_and_is_made_again(run, gauss, tmp_path):
    run(gauss, "-k", 16, "-b", 2)
    loaded = vq.LBG.load(tmp_path / "out" / "quantizer.npz")
    assert loaded.n_codewords == 16
    vectors = read_vectors(gauss, 0.2, 1, 10**6)
    _, row = rows_of((tmp_path / "out" / "report.md").read_text())
    assert row[3] == pytest.approx(-loaded.score(vectors.train), rel=1e-4)
    assert row[4] == pytest.approx(-loaded.score(vectors.test), rel=1e-4)
    assert run(gauss, "-k", 16, "-b", "--force")[0] == 0
    np.testing.assert_array_equal(
        vq.LBG.load(tmp_path / "out" / "quantizer.npz").codebook_, loaded.codebook_
    )


def test_speech_gives_its_line_spectral_frequencies(run, speech, tmp_path):
    status, _ = run(speech, "-m", "MultistageVQ", "-k", 8, 8, "-b", "-q")
    assert status == 0
    loaded = vq.MultistageVQ.load(tmp_path / "out" / "quantizer.npz")
    assert [book.shape for book in loaded.codebooks_] == [(8, 10), (8, 10)]
    first = loaded.codebooks_[0]
    assert (np.diff(first, axis=1) > 0).all()
    assert 0 < first.min() < first.max() < np.pi


def test_with_nothing_held_back_there_are_no_figures_of_it(run, gauss, tmp_path):
    status, err = run(gauss, "-k", 4, "-b", "--test-fraction", 0)
    assert status == 0
    assert "held back" not in err.splitlines()[-1]
    (row,) = rows_of((tmp_path / "out" / "report.md").read_text())
    assert np.isnan([row[4], row[6]]).all()


def test_help_names_every_method(capsys):
    with pytest.raises(SystemExit):
        main(["vq", "--help"])
    out = capsys.readouterr().out
    assert all(f"  {method}\n" in out for method in METHODS)


def test_cells_are_drawn_where_they_are():
    quantizer = vq.LBG(2, init=[[-1.0, 5, 0], [1.0, 5, 0]], max_iter=0).fit(np.eye(3) * 2)
    plane, sides = np.eye(3)[[0, 2]], [np.array([-2.0, 0.5, 1.0]), np.array([-9.0, 9.0])]
    cells = pictures.cut(quantizer, np.array([0.2, 0.0, 0.0]), plane, sides)
    np.testing.assert_array_equal(cells, [[0, 1, 1], [0, 1, 1]])


@pytest.mark.parametrize(("words", "missing"), [
    (["-m", "PredictiveVQ", "-k", 4], {"cells.png"}),
    (["-m", "SplitVQ", "-k", 2, 2], {"history.png"}),
    (["-m", "MultistageVQ", "-k", 4], set()),
])  # fmt: skip
def test_pictures_that_a_method_cannot_have_are_left_out(run, gauss, tmp_path, words, missing):
    assert run(gauss, "-b", "-q", *words, pictures=True)[0] == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(report.FILES) - missing


def test_quiet_says_nothing(run, gauss):
    assert run(gauss, "-k", 4, "-b", "-q") == (0, "")


@pytest.mark.parametrize("method", METHODS)
def test_every_quantizer_can_be_tried(gauss, method):
    if method == "StraightThroughVQ":
        pytest.importorskip("torch", reason="needs PyTorch")
    vectors = read_vectors(gauss, 0.2, 1, 500)
    params = {"n_parts": 2} if method == "ProductVQ" else {}
    sizes = [4] if method in ("ProductVQ", "LBG") else None
    quantizer = trials.resized(trials.make(method, sizes, 1, params), 4)
    study = trials.study([quantizer], vectors, lambda text: None)
    trial = study.main
    variable = method == "EntropyConstrainedVQ"
    assert trial.rate == (trial.entropy if variable else 4)
    assert 2 < trial.entropy < 4
    assert study.sqnr(trial.test) > 6


@pytest.mark.parametrize(("method", "codewords", "params", "bits", "expected"), [
    ("LBG", [256], {}, 6, 64),
    ("MultistageVQ", [16, 16, 16], {}, 7, (8, 4, 4)),
    ("ProductVQ", [256], {"n_parts": 4}, 12, 8),
    ("PredictiveVQ", [256], {"n_predictors": 2}, 6, 64),
])  # fmt: skip
def test_bits_are_spread_evenly_over_the_indices(method, codewords, params, bits, expected):
    quantizer = trials.resized(trials.make(method, codewords, 1, params), bits)
    assert quantizer.n_codewords == expected
    assert trials.index_bits(quantizer) == bits + (method == "PredictiveVQ")  # which predictor


def test_a_gaussian_model_has_the_variance_of_the_data():
    X = np.random.default_rng(1).normal(3, 1, (20, 2)) @ MIXED
    model = Gaussian.of(X)
    np.testing.assert_allclose(((X - X.mean(axis=0)) @ model.axes.T).var(axis=0), model.variances)
    assert model.variances[0] > model.variances[1]


def test_shannon_s_bound_is_that_of_white_vectors_and_of_a_pair_of_variances():
    white = Gaussian(np.zeros(3), np.full(3, 2.0), np.eye(3))
    assert white.shannon(1.5) == pytest.approx(vq.shannon_distortion_gaussian(1.5, 2.0))
    pair = Gaussian(np.zeros(2), np.array([4.0, 1.0]), np.eye(2))
    assert pair.shannon(0) == pytest.approx(2.5)
    assert pair.shannon(0.5) == pytest.approx((1 + 1) / 2)  # the greater one down to the lesser
    assert pair.shannon(1.5) == pytest.approx(2 * 2.0**-3)
    assert pair.shannon(0.25) == pytest.approx((4 * 2.0**-1 + 1) / 2)


def test_zador_s_line_needs_a_constant_and_no_component_without_variance():
    assert Gaussian(np.zeros(2), np.array([4.0, 1.0]), np.eye(2)).zador(3) == pytest.approx(
        vq.zador_bound(2, 3, 2.0)
    )
    assert Gaussian(np.zeros(10), np.ones(10), np.eye(10)).zador(3) is None
    assert Gaussian(np.zeros(2), np.array([1.0, 0.0]), np.eye(2)).zador(3) is None


def test_rows_are_held_back_at_random_once_each_and_in_time_if_they_follow_each_other(tmp_path):
    path = save(tmp_path, np.arange(200, dtype=np.float32).reshape(100, 2))
    drawn = read_vectors(path, 0.25, 1, 60)
    assert (len(drawn.train), len(drawn.test), drawn.train.dtype) == (45, 15, np.float32)
    both = np.concatenate([drawn.train, drawn.test])[:, 0]
    assert len(np.unique(both)) == 60
    assert both.min() < 10
    assert both.max() > 190
    assert (np.diff(drawn.test[:, 0]) > 0).all()
    assert np.ptp(drawn.test[:, 0]) > 120
    first = read_vectors(path, 0.25, 1, 60, in_time=True)
    np.testing.assert_array_equal(first.train[:, 0], np.arange(0, 90, 2))
    np.testing.assert_array_equal(first.test[:, 0], np.arange(90, 120, 2))


def test_a_file_larger_than_memory_can_be_drawn_from(tmp_path):
    with (tmp_path / "x.npy").open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (1 << 35, 2)}
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + (8 << 35))  # a hole, which takes no room
    vectors = read_vectors(tmp_path / "x.npy", 0.5, 1, 10)
    assert (len(vectors.train), len(vectors.test)) == (5, 5)


def test_no_more_of_a_file_is_read_than_the_rows_drawn(tmp_path):
    X = np.full((1000, 3), np.nan)
    X[:100] = 1.0
    vectors = read_vectors(save(tmp_path, X), 0.1, 1, 100, in_time=True)
    assert (len(vectors.train), len(vectors.test)) == (90, 10)


@pytest.mark.parametrize(("array", "message"), [
    (np.zeros(5), "expected shape (n, k), neither of them 0, got (5,)"),
    (np.zeros((2, 3, 4)), "got (2, 3, 4)"),
    (np.zeros((0, 3)), "x.npy: expected"),
    (np.array([[1.0, np.nan]] * 9), "expected finite values, got others in row"),
    (np.array([[1.0, -np.inf]] * 9), "expected finite values"),
    (np.array([[1.0, 1e200], [2.0, -1e200]] * 9), "squares are finite"),
    (np.array([["a", "b"]] * 9), "expected real numbers"),
    (np.ones((9, 2), complex), "expected real numbers, got complex128"),
    (np.array([[{}, []]] * 9, dtype=object), "x.npy: expected an array of numbers (.npy)"),
    (np.ones((9, 2)), "expected 256 vectors or more, got 7"),
])  # fmt: skip
def test_what_is_no_array_of_vectors_is_refused_on_one_line(run, tmp_path, array, message):
    status, err = run(save(tmp_path, array), "-q")
    assert status == 1
    assert err.startswith("celpvq: ")
    assert err.count("\n") == 1
    assert message in err
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("damage", [
    lambda data: b"",
    lambda data: data[:40],
    lambda data: data[:-1],
    lambda data: b"PK\x03\x04" + data,
    lambda data: data.replace(b"(3000, 2)", b"(3000,-2)"),
    lambda data: data.replace(b"(3000, 2)", b"(8**9**9)"),
])  # fmt: skip
def test_damaged_files_are_refused_by_type(gauss, damage):
    gauss.write_bytes(damage(gauss.read_bytes()))
    with pytest.raises((FormatError, ArgumentError), match=r"x\.npy"):
        read_vectors(gauss, 0.2, 1, 10**6)


@pytest.mark.parametrize(("words", "message"), [
    (["--test-fraction", "1"], "test-fraction: expected at least 0, less than 1, got 1"),
    (["--seed", "-1"], "seed: expected 0 or more, got -1"),
    (["--limit", "0"], "limit: expected 1 or more, got 0"),
    (["-k", "0"], "codewords: expected from 1 to 16777216, got 0"),
    (["-k", "4", "4"], "codewords: expected one size for LBG, got 2"),
    (["-b", "99"], "bits: expected from 0 to 24, got 99"),
    (["-m", "ProductVQ", "-b", "9"], "bits: expected a multiple of 8, the number of parts, got 9"),
    (["--set", "speed=1"], "parameter: expected one of n_codewords, init"),
    (["-m", "ProductVQ", "--set", "n_parts=two"], "n_parts: expected an integer, got 'two'"),
    (["-k", "4", "-b", "--set", "init=sideways"], "init: expected"),
])  # fmt: skip
def test_options_out_of_range_are_refused(run, gauss, words, message):
    status, err = run(gauss, "-q", *words)
    assert (status, err.count("\n")) == (1, 1)
    assert message in err


def test_parameters_reach_the_method(run, gauss, tmp_path):
    run(gauss, "-k", 4, "-b", "-q", "--set", "max_iter=3", "--set", "init=random")
    loaded = vq.LBG.load(tmp_path / "out" / "quantizer.npz")
    assert (loaded.max_iter, loaded.init, loaded.random_state) == (3, "random", 1)


def test_a_report_that_is_there_stays_unless_forced(run, gauss, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.md").write_text("mine")
    status, err = run(gauss, "-k", 4, "-b")
    assert status == 1
    assert "report.md: exists already; --force replaces it" in err
    assert [path.read_text() for path in (tmp_path / "out").iterdir()] == ["mine"]


def test_without_matplotlib_the_report_has_no_pictures_and_says_why(
    run, gauss, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    status, err = run(gauss, "-k", 4, "-b", "-q", pictures=True)
    assert status == 0
    assert err == "celpvq: the picture needs the package matplotlib: pip install celpvq[plot]\n"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"report.md", "quantizer.npz"}
    assert "![" not in (tmp_path / "out" / "report.md").read_text()


def test_no_more_recordings_are_taken_than_the_limit_asks_for(speech):
    vectors = read_vectors(speech, 0.4, 1, 50)
    assert (len(vectors.train), len(vectors.test)) == (30, 20)


def test_a_single_recording_cannot_be_held_back(speech):
    for path in sorted(speech.iterdir())[1:]:
        path.unlink()
    with pytest.raises(ArgumentError, match="expected two recordings or more"):
        read_vectors(speech, 0.2, 1, 10**6)
    assert len(read_vectors(speech, 0, 1, 10**6).test) == 0


@pytest.mark.parametrize("array", [
    np.random.default_rng(1).integers(0, 9, (300, 1)), np.ones((300, 3)), np.eye(24).repeat(9, 0),
], ids=["one component", "all alike", "24 components, few vectors"])  # fmt: skip
def test_odd_data_still_give_a_report(run, tmp_path, array):
    assert run(save(tmp_path, array), "-k", 4, "-b", "-q", pictures=True)[0] == 0
    assert "![rates](rates.png)" in (tmp_path / "out" / "report.md").read_text()
