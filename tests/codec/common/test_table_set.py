"""Sets of tables: their hash, their files, and the values that are refused."""

import io
import json
import pickle
import re
import shutil
import warnings
import zipfile

import numpy as np
import pytest
from inputs import values

import celpvq
from celpvq import ArgumentTypeError, Decoder, Encoder, TablesError, TableSet
from celpvq.codec.common import enhancement_tables, table_set
from celpvq.codec.common.lsf import MIN_GAP
from celpvq.codec.common.synthesis import CLAMP
from celpvq.codec.common.tables import expected
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.encoder.encoder import FrameEncoder


@pytest.fixture(scope="module")
def default():
    return table_set.default()


def changed(tables, name, edit=lambda array: array, **provenance):
    """A set with one array edited."""
    array = tables.arrays[name].copy()
    return TableSet({**tables.arrays, name: edit(array)}, provenance)


def bumped(array):
    """The same, but for the last bit of the last value."""
    array.flat[-1] = np.nextafter(array.flat[-1], array.dtype.type(9))
    return array


# the hash -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", expected())
def test_the_hash_changes_with_any_value(default, name):
    for edit in (bumped, lambda a: bumped(a[::-1].copy())[::-1]):
        assert changed(default, name, edit).hash != default.hash
    assert changed(default, name).hash == default.hash


def test_the_hash_depends_on_the_values_alone(default):
    other = TableSet(dict(reversed(default.arrays.items())), {"made": "elsewhere"})
    swapped = {name: a.astype(a.dtype.newbyteorder(">")) for name, a in default.arrays.items()}
    doubles = {name: a.astype(float).tolist() for name, a in default.arrays.items()}
    for same in (other, TableSet(swapped), TableSet(doubles)):
        assert same.hash == default.hash
    assert re.fullmatch("[0-9a-f]{64}", default.hash)


def test_the_form_of_the_file_does_not_count(default, tmp_path):
    default.save(tmp_path / "a.npz")
    with (
        zipfile.ZipFile(tmp_path / "a.npz") as old,
        zipfile.ZipFile(tmp_path / "b.npz", "w") as new,
    ):
        for item in reversed(old.infolist()):
            data = old.read(item)
            new.writestr(zipfile.ZipInfo(item.filename, (1999, 12, 31, 23, 59, 58)), data)
    assert (tmp_path / "a.npz").read_bytes() != (tmp_path / "b.npz").read_bytes()
    assert TableSet.load(tmp_path / "b.npz").hash == default.hash


# files --------------------------------------------------------------------------------------------


def test_a_loaded_set_equals_the_saved_one(default, tmp_path):
    tables = changed(default, "lsf_mean", bumped, sources=["a", "é"], minutes=1.5)
    tables.save(tmp_path / "mine.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.npz"]
    for same in (TableSet.load(tmp_path / "mine.npz"), table_set.load(str(tmp_path / "mine.npz"))):
        assert same.hash == tables.hash
        assert same.provenance == {"sources": ["a", "é"], "minutes": 1.5}
        types = dict(expected()) | enhancement_tables.expected()
        for name, array in tables.arrays.items():
            np.testing.assert_array_equal(same.arrays[name], array)
            assert same.arrays[name].dtype == array.dtype == np.dtype(types[name][1])
            assert not same.arrays[name].flags.writeable


class Trap:
    """Unpickling it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def npz(path, arrays, **others):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.savez_compressed(path, **{**arrays, **others})
    return path


def test_nothing_is_unpickled(default, tmp_path):
    trap = tmp_path / "sprung"
    objects = np.array([Trap(trap)], dtype=object)
    for others in ({"lsf_mean": objects}, {"provenance": objects}, {"another": objects}):
        path = npz(tmp_path / "bad.npz", default.arrays, **others)
        with pytest.raises(TablesError):
            TableSet.load(path)
    path.write_bytes(pickle.dumps({"lsf_mean": Trap(trap)}))
    with pytest.raises(TablesError):
        TableSet.load(path)
    np.save(tmp_path / "object.npy", objects, allow_pickle=True)
    with pytest.raises(TablesError):
        TableSet.load(tmp_path / "object.npy")
    assert not trap.exists()


def test_a_zip_bomb_is_not_unpacked(default, tmp_path):
    path = tmp_path / "bomb.npz"
    default.save(path)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (1 << 26,)}
    )
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.npy", header.getvalue() + bytes(1 << 28))
    assert path.stat().st_size < 1 << 21
    with pytest.raises(TablesError, match="unpacks to more than any set"):
        TableSet.load(path)


def lying_zip(path, default):
    """A zip whose directory says that its bomb is small."""
    default.save(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lsf_mean.npy", bytes(1 << 26))
    data = path.read_bytes().replace((1 << 26).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    path.write_bytes(data)


def test_a_zip_that_lies_about_its_sizes_is_refused(default, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the name is there twice
        lying_zip(tmp_path / "lies.npz", default)
    with pytest.raises(TablesError):
        TableSet.load(tmp_path / "lies.npz")


def test_a_large_file_is_not_read(tmp_path):
    with open(tmp_path / "large.npz", "wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(TablesError, match="larger than any set"):
        TableSet.load(tmp_path / "large.npz")


def test_a_huge_shape_is_not_allocated(default, tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (1 << 40,)}
    )
    with zipfile.ZipFile(tmp_path / "huge.npz", "w") as archive:
        for name in [*expected(), "provenance"]:
            archive.writestr(f"{name}.npy", header.getvalue())
    with pytest.raises(TablesError):
        TableSet.load(tmp_path / "huge.npz")


@pytest.mark.parametrize("size", [0, 1, 21, 22, 100, 5000, -22, -1])
def test_a_file_that_was_cut_is_refused(default, tmp_path, size):
    default.save(tmp_path / "whole.npz")
    path = tmp_path / "cut.npz"
    path.write_bytes((tmp_path / "whole.npz").read_bytes()[: size or None] if size else b"")
    with pytest.raises(TablesError, match=r"cut\.npz"):
        TableSet.load(path)


def test_changed_bytes_are_refused_or_harmless(default, tmp_path):
    default.save(tmp_path / "whole.npz")
    data = (tmp_path / "whole.npz").read_bytes()
    rng = np.random.default_rng(3)
    path = tmp_path / "changed.npz"
    n_refused = 0
    places = [*rng.integers(0, len(data), 60), *range(len(data) - 60, len(data)), *range(60)]
    for at in places:
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << rng.integers(8)]) + data[at + 1 :])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                assert TableSet.load(path).hash == default.hash
            except TablesError:
                n_refused += 1
    assert n_refused > 60


def test_other_files_are_refused(tmp_path, default):
    (tmp_path / "text.npz").write_text("not a zip")
    np.save(tmp_path / "array.npy", np.zeros(3))
    with zipfile.ZipFile(tmp_path / "zip.npz", "w") as archive:
        archive.writestr("readme.txt", "hello")
    npz(tmp_path / "list.npz", default.arrays, provenance=np.frombuffer(b"[1]", np.uint8))
    npz(tmp_path / "nojson.npz", default.arrays, provenance=np.frombuffer(b"{", np.uint8))
    npz(tmp_path / "nested.npz", default.arrays,
        provenance=np.frombuffer(b"[" * 100_000, np.uint8))  # fmt: skip
    for name in ("text.npz", "array.npy", "zip.npz", "list.npz", "nojson.npz", "nested.npz",
                 "missing.npz", ".", "nul\0.npz"):  # fmt: skip
        with pytest.raises(TablesError):
            TableSet.load(f"{tmp_path}/{name}")


# values -------------------------------------------------------------------------------------------


def test_missing_or_unknown_arrays_are_named(default):
    less = {name: a for name, a in default.arrays.items() if name != "fcb9_1"}
    with pytest.raises(TablesError, match="missing or unknown arrays: fcb9_1"):
        TableSet(less)
    with pytest.raises(TablesError, match="missing or unknown arrays: another"):
        TableSet({**default.arrays, "another": np.zeros(3)})


@pytest.mark.parametrize("name", expected())
def test_wrong_shapes_and_values_are_refused_by_name(default, name):
    array = default.arrays[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of numpy, that 1e300 overflows
        for wrong in (array[:-1], array[None], array.ravel()[:, None], np.float32(0), array[:0]):
            with pytest.raises(TablesError, match=f"{name}: expected shape"):
                TableSet({**default.arrays, name: wrong})
        for value in (np.nan, np.inf, -np.inf, 1e300):
            bad = array.astype(float)
            bad.flat[-1] = value
            with pytest.raises(TablesError, match=f"{name}: holds a value that is not finite"):
                TableSet({**default.arrays, name: bad})
        for value in (250, -250):
            bad = array.astype(float)
            bad.flat[0] = value
            with pytest.raises(TablesError, match=f"{name}: a value is beyond its limit"):
                TableSet({**default.arrays, name: bad})


@pytest.mark.parametrize("wrong", ["text", np.array(["a"] * 10), [[1], [2, 3]], None, {}, 1j])
def test_arrays_without_numbers_are_refused(default, wrong):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(TablesError):
            TableSet({**default.arrays, "lsf_mean": wrong})


def test_gains_that_would_let_a_stream_run_away_are_refused(default):
    for value in (1.31, -1.31):
        with pytest.raises(TablesError, match="gain6400_4: a value is beyond its limit"):
            changed(default, "gain6400_4", lambda a, v=value: np.r_[[[v, 0]], a[1:]])
    for value in (61, -61):
        with pytest.raises(TablesError, match="gain6400_4"):
            changed(default, "gain6400_4", lambda a, v=value: np.r_[[[0, v]], a[1:]])
    with pytest.raises(TablesError, match="predictor8000"):
        changed(default, "predictor8000", lambda a: np.r_[a[:4], 2.1])
    with pytest.raises(TablesError, match="lsf_rho"):
        changed(default, "lsf_rho", lambda a: a + 1)


def extreme(rng):
    """A set of the most extreme values that are accepted."""
    arrays = {}
    for name, (shape, _) in expected().items():
        limits = {
            "gain": (1.3, 60), "pred": (200, 2, 2, 2, 2), "fcb": 100, "lsf_rho": 1, "lsf": 4,
        }  # fmt: skip
        limit = next(np.array(v) for k, v in limits.items() if name.startswith(k))
        arrays[name] = (limit * rng.choice([-1, -1e-9, 0, 1], shape)).astype(np.float32)
        arrays[name] = np.clip(arrays[name], -limit, limit)
    return TableSet(
        {n: np.nextafter(a.astype(np.float32), np.float32(0)) for n, a in arrays.items()}
    )


def test_the_most_extreme_tables_still_decode_to_sound():
    rng = np.random.default_rng(4)
    tables = extreme(rng)
    for mode in celpvq.modes():
        decoder = FrameDecoder(tables=tables)
        for _ in range(20):
            decoder.decode_run(rng.bytes(mode.frame_bytes * 50), mode)
            state = decoder.state
            for array in values(state):
                assert np.isfinite(array).all()
            gaps = np.diff(state.lsf_q, prepend=0.0, append=np.pi)
            assert gaps.min() > MIN_GAP - 1e-9
            assert np.abs(state.synthesis.exc).max() <= CLAMP
            assert np.abs(state.synthesis.speech).max() <= CLAMP


# the shipped sets ---------------------------------------------------------------------------------


def test_every_shipped_set_is_named_by_its_hash_and_states_its_sources():
    paths = sorted(table_set.FOLDER.glob("*.npz"))
    assert paths
    for path in paths:
        tables = TableSet.load(path)
        assert path.stem == tables.hash[:16]
        assert table_set.by_hash(tables.hash).hash == tables.hash
        assert table_set.by_hash(tables.hash[:16]).hash == tables.hash
        provenance = json.loads(json.dumps(tables.provenance))
        assert len(provenance["sources"]) > 0
        assert provenance["minutes"] > 10
        assert provenance["plan"]["seed"] is not None


def test_the_default_set_is_shipped(default):
    text = (table_set.FOLDER / "default").read_text()
    assert text.strip() == default.hash
    assert (table_set.FOLDER / f"{default.hash[:16]}.npz").is_file()
    assert Encoder().tables is Decoder().tables is default
    assert sum(path.stat().st_size for path in table_set.FOLDER.iterdir()) < 4_000_000


@pytest.mark.parametrize(
    "digest", ["0" * 64, "0" * 16, "", "abc", "../../../etc/passwd", "../tables/default", "x" * 16]
)
def test_an_unknown_hash_is_refused(digest):
    with pytest.raises(TablesError, match="no set with hash"):
        table_set.by_hash(digest)


def test_a_shipped_set_that_is_damaged_is_refused(default, tmp_path, monkeypatch):
    monkeypatch.setattr(table_set, "FOLDER", tmp_path)
    name = default.hash[:15] + ("1" if default.hash[15] == "0" else "0")
    default.save(tmp_path / f"{name}.npz")
    with pytest.raises(TablesError, match="is damaged: its hash is"):
        table_set.by_hash(name)
    shutil.copy(tmp_path / f"{name}.npz", tmp_path / f"{default.hash[:16]}.npz")
    with pytest.raises(TablesError, match="is damaged: its hash is"):
        table_set.by_hash(default.hash[:16] + "0" * 48)


# streams ------------------------------------------------------------------------------------------


def test_a_stream_that_needs_other_tables_is_refused(default, clips):
    own = changed(default, "fcb9_1", lambda a: a[::-1])
    x = clips["flite-slt-en"][:8000]
    data = celpvq.encode(x, 8000, 4800, "fast", tables=own)
    assert celpvq.info(data).tables == own.hash[: len(celpvq.info(data).tables)]
    with pytest.raises(TablesError, match=own.hash[:16]):
        celpvq.decode(data)
    with pytest.raises(TablesError):
        celpvq.decode(data, tables=changed(default, "fcb9_1", bumped))
    with pytest.raises(TablesError):
        celpvq.decode(celpvq.encode(x, 8000, 4800, "fast"), tables=own)
    y, _ = celpvq.decode(data, tables=own)
    z, _ = celpvq.decode(celpvq.encode(x, 8000, 4800, "fast"))
    assert np.corrcoef(y, z)[0, 1] > 0.9  # the same code vectors under other indices


def test_encoder_and_decoder_use_the_tables_passed_to_them(default, clips):
    own = changed(default, "gain6400_4", lambda a: a * [0.5, 1])
    x = clips["flite-slt-en"][:8000]
    packets = FrameEncoder(tables=own).encode(x)
    assert packets != FrameEncoder().encode(x)
    data = b"".join(packets)
    rebuilt = [FrameDecoder(tables=t).decode_run(data, 6400).astype(float) for t in (own, default)]
    wanted = np.round(32768 * x[:-40])
    errors = [np.sum((y[40:] - wanted) ** 2) for y in rebuilt]
    assert errors[0] < 0.5 * errors[1]


@pytest.mark.parametrize("coder", [Encoder, Decoder])
def test_anything_but_a_table_set_is_refused(coder):
    with pytest.raises(ArgumentTypeError, match="expected a TableSet, got str"):
        coder(tables="mine.npz")
