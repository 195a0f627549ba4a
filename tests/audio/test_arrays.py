import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import celpvq
from celpvq import ArgumentError, ArgumentTypeError
from celpvq.audio import as_mono, to_dtype
from celpvq.errors import ClippingWarning


def test_samples_become_one_channel_of_float64():
    x = np.array([0.5, -1.0, 0.25])
    for same in (x, x.astype(np.float32), x.astype(">f8"), x.tolist(), x[:, None][:, 0]):
        np.testing.assert_array_equal(as_mono(same), x)
    for same in (np.array([16384, -32768, 8192], t) for t in ("<i2", ">i2")):
        np.testing.assert_array_equal(as_mono(same), x)
    stereo = np.stack([x, np.zeros(3)])
    np.testing.assert_array_equal(as_mono(stereo, axis=0), x / 2)
    np.testing.assert_array_equal(as_mono(stereo.T, axis=-1), x / 2)
    np.testing.assert_array_equal(as_mono(stereo.T, axis=1, channel=0), x)
    with pytest.warns(ClippingWarning, match="got 3 of 3 beyond full scale, the largest 1e.30"):
        clipped = as_mono([[1e30], [-1e30], [1.5]], axis=1)
    np.testing.assert_array_equal(clipped, [1, -1, 1])


@given(n=st.integers(1, 9), layout=st.sampled_from("CF"), channels=st.integers(1, 20))
def test_a_mean_of_channels_does_not_depend_on_the_chunk(n, layout, channels):
    x = np.random.default_rng(0).uniform(-1, 1, (9, channels))
    part = np.array(x[:n], order=layout)
    np.testing.assert_array_equal(as_mono(part, axis=1), as_mono(x, axis=1)[:n])
    np.testing.assert_array_equal(as_mono(part.T, axis=0), as_mono(part, axis=1))


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        ([0.0, np.nan], {}, "finite samples, got nan .1 of 2"),
        ([np.inf], {}, "finite"),
        (np.zeros((9, 2)), {}, "name the axis"),
        (np.zeros((9, 2)), {"channel": 1}, "name the axis"),
        (np.zeros((9, 2)), {"axis": 2}, "axis: expected 0 or 1, got 2"),
        (np.zeros((9, 2)), {"axis": 1, "channel": 2}, "channel: expected 0 to 1, got 2"),
        (np.zeros((9, 2)), {"axis": 1, "channel": -1}, "channel"),
        (np.zeros((9, 0)), {"axis": 1}, "no channel"),
        (np.zeros(9), {"axis": 0}, "two dimensions"),
        (np.zeros(9), {"channel": 1}, "two dimensions"),
        (0.5, {}, "shape"),
        ([[0.0], [0.0, 1.0]], {"axis": 0}, "inhomogeneous"),
        (np.zeros((2, 2, 2)), {"axis": 1}, "shape"),
    ],
)
def test_samples_that_are_not_one_channel_are_refused(x, options, message):
    with pytest.raises(ArgumentError, match=message):
        as_mono(x, **options)


@pytest.mark.parametrize("name", ["axis", "channel"])
@pytest.mark.parametrize("value", [True, 1.0, "1", np.True_])
def test_axis_and_channel_are_ints(name, value):
    options = {"axis": 1} | {name: value}
    with pytest.raises(ArgumentTypeError, match=f"^{name}: expected an int, got"):
        as_mono(np.zeros((9, 2)), **options)


@pytest.mark.parametrize(
    "dtype", ["int32", "int64", "uint8", "uint16", "complex64", "bool", "object", "U1"]
)
def test_samples_of_other_types_are_refused(dtype):
    with pytest.raises(ArgumentTypeError, match="expected floats"):
        as_mono(np.zeros(3).astype(dtype))


def test_int16_survives_the_way_through_float():
    x = np.arange(-32768, 32768).astype(np.int16)
    np.testing.assert_array_equal(to_dtype(as_mono(x), "int16"), x)
    np.testing.assert_array_equal(to_dtype(np.array([1.0, -1.0]), "int16"), [32767, -32768])


# the kinds of arrays that people have -------------------------------------------------------------


class Tensor:
    """What a tensor on another device, or one that wants its gradient, does when it is read."""

    def __array__(self, *_, **__):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.\nUse detach().")


def test_subclasses_views_and_columns_are_arrays(tmp_path):
    x = np.arange(-8, 8) / 16
    path = tmp_path / "x.npy"
    np.save(path, x)
    mapped = np.load(path, mmap_mode="c")
    mapped[:] = x[::-1]  # in memory only
    frozen = x.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(as_mono(mapped), x[::-1])
    for same in (frozen, x.view(np.recarray), np.repeat(x, 3)[::3], x[::-1][::-1],
                 np.ma.masked_array(x, mask=False), np.ma.masked_array(x), memoryview(x)):  # fmt: skip
        np.testing.assert_array_equal(as_mono(same), x)
    with pytest.warns(PendingDeprecationWarning):
        matrix = np.matrix(x)
    np.testing.assert_array_equal(as_mono(matrix, axis=0), x)
    table = np.zeros(16, [("left", "f4"), ("right", "f4")])
    table["left"] = x
    np.testing.assert_array_equal(as_mono(table["left"]), x)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ma.masked_array([0.5, 0.5], mask=[0, 1]), "without masked values"),
        (Tensor(), "got Tensor: Can't call numpy"),
        (np.array([0.5, None]), "got object"),
        (np.zeros(2, [("left", "f4")]), "expected floats"),
        (None, "got object"),
        ("0.5", "expected floats"),
        ([True, False], "got bool"),
        (iter([0.5]), "got object"),
    ],
)
def test_arrays_without_a_meaning_are_refused(x, message):
    with pytest.raises(ArgumentTypeError, match=f"^x: .*{message}"):
        as_mono(x)


@pytest.mark.parametrize("x", [np.float32(0.5), np.zeros(()), 0.5, np.ma.masked_array(0.5)])
def test_a_number_is_no_signal(x):
    with pytest.raises(ArgumentError, match="got shape \\(\\)"):
        as_mono(x)


@pytest.mark.parametrize(("shape", "axis"), [((2, 8000), 1), ((8000, 2), 0), ((1, 33), -1)])
def test_the_axis_of_time_is_not_taken_for_channels(shape, axis):
    with pytest.raises(ArgumentError, match=f"axis {axis} of shape .* axis={1 - axis % 2} would"):
        as_mono(np.zeros(shape), axis=axis)
    assert len(as_mono(np.zeros(shape), axis=1 - axis % 2)) == max(shape)


@pytest.mark.parametrize("shape", [(1, 2), (1, 32), (40, 40), (64, 33)])
def test_chunks_may_be_shorter_than_wide(shape):
    assert len(as_mono(np.zeros(shape), axis=1)) == shape[0]


# full scale ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_full_scale_itself_is_not_reported(dtype):
    as_mono(np.array([1, -1], dtype))
    as_mono(np.array([32767, -32768], "i2"))
    with pytest.warns(ClippingWarning, match="got 1 of 2 .* the largest 2;"):
        as_mono(np.array([1, -2], dtype))


def test_clipping_is_reported_once_in_a_stream():
    encoder = celpvq.Encoder(preset="fast")
    loud = np.full(1600, 3.0)
    with pytest.warns(ClippingWarning) as record:
        for _ in range(5):
            encoder.write(loud)
    assert len(record) == 1
    assert record[0].filename == __file__
    encoder.flush()
    with pytest.warns(ClippingWarning) as record:
        encoder.write(loud)
    assert len(record) == 1


def test_clipped_sound_is_coded_as_clipped():
    x = np.sin(np.arange(1600) / 9) * 3
    with pytest.warns(ClippingWarning):
        loud = celpvq.encode(x, 8000, preset="fast")
    assert loud == celpvq.encode(np.clip(x, -1, 1), 8000, preset="fast")
