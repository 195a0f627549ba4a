"""The enhancement: features, network and filters against slow twins; bounds, seams, and tables."""

import copy
import itertools
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celpvq import Decoder, TablesError
from celpvq.codec.common import enhancement_tables
from celpvq.codec.common.enhancement_tables import (
    FRAME_UNITS,
    LAYERS,
    N_COMB,
    N_FEATURES,
    N_FIR,
    N_TAPS,
)
from celpvq.codec.common.table_set import TableSet, default
from celpvq.codec.decoder import enhancement, enhancement_features, enhancement_network
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.decoder.enhancement import FADE, EnhancementState
from celpvq.codec.decoder.enhancement_features import PAST_LEN
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.format.frame_types import SPEECH
from celpvq.codec.format.modes import FRAME_LEN, MAX_LAG, MIN_LAG, modes
from celpvq.codec.format.modes import N_SUBFRAMES as S
from celpvq.codec.format.modes import SUBFRAME_LEN as N

seeds = st.integers(0, 2**32 - 1)


def network(seed, strength=1.0):
    """The arrays of a network with random weights; its taps lie around +-0.1 * strength."""
    rng = np.random.default_rng(seed)
    weights = {
        "mean": rng.normal(size=N_FEATURES), "scale": rng.uniform(0.1, 2.0, N_FEATURES),
        "lags": rng.normal(size=(MAX_LAG - MIN_LAG + 1, 8)),
    }  # fmt: skip
    for name, (n_in, n_out) in LAYERS.items():
        gain = 0.1 * strength if name == "taps" else 1.5
        weights[name] = rng.normal(size=(n_in, n_out)) * gain / math.sqrt(n_in)
        weights[f"{name}_bias"] = 0.1 * rng.normal(size=n_out) * gain
    return enhancement_tables.quantize(weights)


def codec_arrays():
    return {k: v for k, v in default().arrays.items() if not k.startswith("enhancement")}


@pytest.fixture(scope="module")
def plain():
    """Tables without a network."""
    return TableSet(codec_arrays())


@pytest.fixture(scope="module")
def tables():
    """Tables with a network of random weights."""
    return TableSet({**codec_arrays(), **network(1)})


@pytest.fixture(scope="module")
def speech(clips):
    """Two seconds of speech."""
    return np.concatenate([clip[8000:16000] for clip in clips.values()])[: 100 * FRAME_LEN]


# features -----------------------------------------------------------------------------------------


def test_the_logarithm_needs_no_library():
    for x in [*np.logspace(-12, 12, 500), 1.0, 2.0, np.nextafter(2.0, 0.0)]:
        assert enhancement_features.log2(x) == pytest.approx(math.log2(x), abs=1e-7)


def test_the_cepstrum_is_that_of_the_logarithmic_spectrum():
    zeros = np.array([0.9 * np.exp(0.5j), 0.8 * np.exp(1.2j), 0.7 * np.exp(2j), 0.5, 0.3j])
    a = np.poly(np.r_[zeros, zeros.conj()]).real
    out = np.zeros(10)
    enhancement_features._cepstrum(a[1:].copy(), out)
    expected = np.fft.ifft(-np.log(np.abs(np.fft.fft(a, 4096)))).real[1:11] * 2
    np.testing.assert_allclose(out, expected, atol=1e-9)


def test_a_tone_lies_in_its_band():
    n = np.arange(400)
    centres = (
        np.array(enhancement_features._EDGES_HZ[:-1]) + enhancement_features._EDGES_HZ[1:]
    ) / 2
    for b, hz in list(enumerate(centres))[1:]:
        x, sums, out = np.cos(2 * np.pi * hz * n / 8000), np.zeros((S, 40)), np.zeros(16)
        for s in range(S):
            enhancement_features._correlate(x[: 240 + N * s], sums[s])
        enhancement_features._bands(sums, out)
        assert out.argmax() == b


@given(seeds)
def test_features_agree_with_their_definitions(seed):
    rng = np.random.default_rng(seed)
    state = FrameDecoder(enhancement=False).state  # a record of every state
    x, lag3 = 0.1 * rng.normal(size=PAST_LEN + N), int(rng.integers(3 * MIN_LAG, 3 * MAX_LAG + 1))
    features, synth = state.enhancement.features, state.synthesis
    features.speech[: PAST_LEN + N] = x
    synth.exc[:], synth.speech[10:] = 0.1 * rng.normal(size=MAX_LAG + N), x[-N:]
    synth.code[:], synth.gain[:], synth.lag3 = rng.normal(size=N), (0.7, 0.02), lag3
    enhancement_features.observe(0, 0, 4800.0, np.zeros(10), synth, state.concealment, features)

    def level(v):
        return np.log2(np.mean(np.square(v)) + 1e-9)

    def match(lag):
        now, past = x[-80:], x[-80 - lag : -lag]
        return now @ past / np.sqrt((now @ now + 1e-9) * (past @ past + 1e-9))

    lag, got = round(lag3 / 3), features.values[0][42:]
    exc, total = synth.exc[MAX_LAG:], level(synth.exc[MAX_LAG:])
    fixed = level(0.02 * synth.code)
    assert features.lag[0] == lag
    assert not features.values[0][:10].any()
    expected = [
        match(lag - 1), match(lag), match(lag + 1), match(lag // 2), got[4], level(x[-N:]), fixed,
        total, fixed - total, 0.7, np.log2(lag / 50), lag / 100, -1.0, 0, 0, 0, 0, 0.2,
        np.log2(np.max(x[-N:] ** 2)) - level(x[-N:]), np.log2(np.max(exc**2)) - total, 0.0,
        x[-N:] @ x[-N - 1 : -1] / (x[-N:] @ x[-N:]),
    ]  # fmt: skip
    np.testing.assert_allclose(got, expected, atol=1e-4)

    lags = np.arange(1, 40)
    edges = np.array(enhancement_features._EDGES_HZ) * np.pi / 4000
    for first, mean, signal in ((10, got[4], x), (26, None, synth.exc)):
        r = np.array(
            [signal[-N:] @ signal[len(signal) - N - k : len(signal) - k] for k in range(40)]
        )
        taper = 0.5 + 0.5 * np.cos(np.pi * lags / 40)
        powers = [
            r[0]
            + 2 * np.sum(taper * r[1:] * (np.sin(b * lags) - np.sin(a * lags)) / lags) / (b - a)
            for a, b in itertools.pairwise(edges)
        ]
        levels = np.log2(np.maximum(np.array(powers) / 160, 0) + 1e-9 + 1e-5 * r[0] / 160)
        np.testing.assert_allclose(
            features.values[0][first : first + 16], levels - levels.mean(), atol=0.02
        )
        assert mean is None or mean == pytest.approx(levels.mean(), abs=0.02)


# network ------------------------------------------------------------------------------------------


def soft(x):
    return x / (1 + np.abs(x))


def taps_of(arrays, values, lags, hidden):
    """The taps of a frame (S, N_TAPS), and the next state, by matrices."""
    w = {k.removeprefix("enhancement_"): np.asarray(v, float) for k, v in arrays.items()}

    def layer(name, x):
        return x @ (w[name] * w[f"{name}_scale"]) + w[f"{name}_bias"]

    x = np.clip((values - w["mean"]) * w["scale"], -4, 4)
    own = soft(layer("subframe", np.hstack([x, w["lags"][lags - MIN_LAG]])))
    now, past = layer("gates", soft(layer("frame", own.ravel()))), layer("past", hidden)
    (now_u, now_r, new), (past_u, past_r, old) = np.split(now, 3), np.split(past, 3)
    update, reset = 0.5 + 0.5 * soft(now_u + past_u), 0.5 + 0.5 * soft(now_r + past_r)
    hidden = (1 - update) * soft(new + reset * old) + update * hidden
    shared = soft(layer("split", hidden)).reshape(S, -1)
    out = layer("taps", np.maximum(layer("output", np.hstack([own, shared])), 0))
    limits = np.r_[np.full(2 * N_COMB, 1.0), np.full(N_FIR, 2.0)]
    return limits * soft(out / limits), hidden


@given(seeds)
def test_the_network_agrees_with_its_matrices(seed):
    rng = np.random.default_rng(seed)
    arrays = network(seed, 10.0)
    weights = enhancement_tables.collect(arrays)
    state, hidden = np.zeros(FRAME_UNITS, np.float32), np.zeros(FRAME_UNITS)
    comb, ahead, fir = (np.zeros((S, n)) for n in (N_COMB + 1, N_COMB + 1, N_FIR))
    for _ in range(3):
        values, lags = 3 * rng.normal(size=(S, N_FEATURES)), rng.integers(MIN_LAG, MAX_LAG + 1, S)
        enhancement_network.predict(values, lags.astype(float), weights, state, comb, ahead, fir)
        expected, hidden = taps_of(arrays, values, lags, hidden)
        got = np.hstack([x[:, n - 1 :: -1] for x, n in ((comb, 7), (ahead, 7), (fir, 32))])
        np.testing.assert_allclose(got, expected, atol=2e-5)
        assert not comb[:, N_COMB].any()
        assert not ahead[:, N_COMB].any()
        np.testing.assert_allclose(state, hidden, atol=2e-5)


# filters ------------------------------------------------------------------------------------------


@given(seeds)
def test_the_filters_agree_with_their_difference_equations(seed):
    rng = np.random.default_rng(seed)
    arrays, state = network(seed), EnhancementState.new()
    weights, n = enhancement_tables.collect(arrays), 3 * FRAME_LEN
    x, got = rng.normal(size=n), np.zeros(n)
    lags, taps, hidden = [], [], np.zeros(FRAME_UNITS)
    for start in range(0, n, FRAME_LEN):
        enhancement_features.begin(state.features)
        state.features.speech[PAST_LEN:] = x[start : start + FRAME_LEN]
        lag = rng.integers(MIN_LAG, MAX_LAG + 1, S)
        state.features.values[:], state.features.lag[:] = rng.normal(size=(S, N_FEATURES)), lag
        enhancement.apply(weights, SPEECH, state, got[start : start + FRAME_LEN])
        new, hidden = taps_of(arrays, state.features.values, lag, hidden)
        lags, taps = [*lags, *lag], [*taps, *new]

    def at(signal, i):
        return signal[i] if 0 <= i < len(signal) else 0.0

    before = [(np.zeros(N_TAPS), MIN_LAG), *zip(taps, lags, strict=True)]
    fade = np.r_[FADE, np.ones(N - len(FADE))]
    np.testing.assert_allclose(FADE, np.sin(np.pi * (np.arange(20) + 0.5) / 40) ** 2, atol=1e-6)
    combed = np.zeros(n)
    for i in range(n):
        for w, (t, lag) in zip((1 - fade[i % N], fade[i % N]), before[i // N :], strict=False):
            end = (i // FRAME_LEN + 1) * FRAME_LEN  # later samples are not decoded yet
            past = sum(t[j] * at(x[:end], i - lag + 3 - j) for j in range(7))
            ahead = sum(t[7 + j] * at(x[:end], i + lag + 3 - j) for j in range(7))
            combed[i] += w * (past + ahead)
        combed[i] += x[i]
    expected = combed.copy()
    for i in range(n):
        for w, (t, _) in zip((1 - fade[i % N], fade[i % N]), before[i // N :], strict=False):
            expected[i] += w * sum(t[2 * N_COMB + j] * at(combed, i - j) for j in range(N_FIR))
    np.testing.assert_allclose(got, expected, atol=1e-4)


# in the decoder -----------------------------------------------------------------------------------


def received(packets, decoder):
    return np.concatenate([decoder.decode(packet) for packet in packets])


def a_rough_call(speech):
    """Packets with a loss, a burst, changes of mode, and pauses of DTX."""
    encoder, packets = FrameEncoder(4800, "fast", dtx=True), []
    quiet = np.r_[speech, 1e-4 * np.random.default_rng(1).normal(size=80 * FRAME_LEN), speech]
    for i in range(0, len(quiet), FRAME_LEN):
        if i // FRAME_LEN % 25 == 10:
            encoder.mode = modes()[i // FRAME_LEN // 25 % len(modes())]
        packets += encoder.encode(quiet[i : i + FRAME_LEN])
    assert {2, 0} <= {len(packet) for packet in packets}
    for lost in (12, 40, 41, 42, 43, 60, 230, 231):
        packets[lost] = None
    return packets


def test_without_enhancement_or_without_a_network_the_synthesis_comes_out(tables, plain, speech):
    packets = a_rough_call(speech)
    off = received(packets, FrameDecoder(enhancement=False, tables=tables))
    np.testing.assert_array_equal(off, received(packets, FrameDecoder(tables=plain)))
    decoder, raw = FrameDecoder(tables=plain), []
    for packet in packets[:10]:
        decoder.decode(packet)
        raw.append(decoder.state.enhancement.features.speech[PAST_LEN:].copy())
    np.testing.assert_allclose(off[: 10 * FRAME_LEN], 32768 * np.concatenate(raw), atol=0.51)
    assert (off != received(packets, FrameDecoder(tables=tables))).any()


def test_the_enhancement_leaves_the_memories_of_the_codec_alone(tables, speech):
    packets = a_rough_call(speech)
    on, off = FrameDecoder(tables=tables), FrameDecoder(enhancement=False, tables=tables)
    received(packets, on), received(packets, off)
    for name in ("lsf_q", "lag", "gain", "synthesis", "noise"):
        assert repr(on.state[name].tolist()) == repr(off.state[name].tolist())


@pytest.mark.parametrize("seed", range(4))
def test_any_bits_and_any_weights_give_finite_bounded_speech(seed):
    rng = np.random.default_rng(seed)
    wild = {}
    for name, (shape, dtype) in enhancement_tables.expected().items():
        limit = enhancement_tables.limit(name)
        signs = rng.choice([-1, 1], shape)
        wild[name] = (signs * (127 if dtype == "|i1" else limit)).astype(dtype)
    tables = TableSet({**codec_arrays(), **wild})
    decoder = FrameDecoder(tables=tables)
    for _ in range(200):
        kind = rng.integers(8)
        packet = rng.bytes(int(rng.choice([m.frame_bytes for m in modes()])))
        packet = {0: None, 1: b"", 2: rng.bytes(2)[:1] + b"\0"}.get(int(kind), packet)
        decoder.decode(packet)
        state = decoder.state.enhancement
        assert np.isfinite(state.hidden).all()
        assert np.abs(state.hidden).max() <= 1
        assert max(np.abs(state.comb).max(), np.abs(state.ahead).max()) <= 1
        assert np.abs(state.fir).max() <= 2
        assert np.abs(state.combed).max() <= 4 * (1 + 2 * N_COMB)
        assert np.isfinite(state.features.values).all()


def test_a_copy_and_a_pickle_go_on_alike_and_a_reset_forgets(tables, speech):
    packets = a_rough_call(speech)
    decoder = FrameDecoder(tables=tables)
    whole = received(packets, decoder)
    decoder.reset()
    np.testing.assert_array_equal(received(packets[:50], decoder), whole[: 50 * FRAME_LEN])
    others = [copy.copy(decoder), pickle.loads(pickle.dumps(decoder))]
    for other in (decoder, *others):
        np.testing.assert_array_equal(received(packets[50:], other), whole[50 * FRAME_LEN :])


def steps(y):
    """The largest step from sample to sample in each subframe."""
    return np.abs(np.diff(y.astype(float), prepend=0)).reshape(-1, N).max(axis=1)


def test_losses_pauses_and_changes_of_mode_make_no_clicks(speech):
    packets = a_rough_call(speech)
    raw = steps(received(packets, FrameDecoder(enhancement=False)))
    enhanced = steps(received(packets, FrameDecoder()))
    around = np.maximum.reduce([np.roll(raw, k) for k in range(-4, 5)])
    assert (enhanced <= 4 * around + 40).all()


def steps_at_changes(packets, redundancy, seed, *, on):
    """The steps at the borders of frames of different types, relative to all steps around them."""
    rng, decoder, types, y = np.random.default_rng(seed), FrameDecoder(enhancement=on), [], []
    for packet, redundant in zip(packets, redundancy, strict=True):
        if rng.random() < 0.15:
            y.append(decoder.decode(None, redundancy=redundant if rng.random() < 0.5 else None))
        else:
            y.append(decoder.decode(packet))
        types.append(decoder.last_frame.type)
    found, steps = [], np.abs(np.diff(np.concatenate(y).astype(float)))
    for f in range(1, len(types) - 1):
        border = f * FRAME_LEN
        around = np.sqrt(np.mean(steps[border - FRAME_LEN : border + FRAME_LEN] ** 2))
        if types[f] != types[f - 1] and around > 10:
            found.append(steps[border - 1 : border + 1].max() / around)
    return found


def test_the_steps_at_changes_of_the_frame_type_are_those_of_the_synthesis(speech):
    encoder, packets, redundancy = FrameEncoder(4800, "fast", dtx=True), [], []
    pause = 1e-4 * np.random.default_rng(1).normal(size=60 * FRAME_LEN)
    for x in np.r_[speech, pause, speech].reshape(-1, FRAME_LEN):
        packets += encoder.encode(x)
        redundancy.append(encoder.redundancy)
    plain, enhanced = (
        np.concatenate([steps_at_changes(packets, redundancy, seed, on=on) for seed in range(3)])
        for on in (False, True)
    )
    assert len(enhanced) > 100
    assert enhanced.mean() < 1.1 * plain.mean()
    assert enhanced.max() < 1.3 * plain.max()


def test_silence_stays_silent(tables):
    packets = FrameEncoder(6400, "fast").encode(np.zeros(50 * FRAME_LEN))
    raw = received(packets, FrameDecoder(enhancement=False))
    assert np.abs(received(packets, FrameDecoder()).astype(int)).max() <= 4 * np.abs(raw).max() + 1


def test_comfort_noise_is_left_alone(tables):
    noise = 0.003 * np.random.default_rng(1).normal(size=200 * FRAME_LEN)
    packets = FrameEncoder(4800, "fast", dtx=True).encode(noise)
    assert b"" in packets
    pause = len(packets) - 40
    on, off = (received(packets, FrameDecoder(enhancement=e, tables=tables)) for e in (True, False))
    np.testing.assert_array_equal(on[pause * FRAME_LEN :], off[pause * FRAME_LEN :])


def test_the_switch_is_an_argument_of_the_decoder(speech):
    packets = FrameEncoder(6400, "fast").encode(speech)
    assert Decoder().enhancement is True
    off = Decoder(8000, "int16", enhancement=False)
    expected = received(packets, FrameDecoder(enhancement=False))
    np.testing.assert_array_equal(np.concatenate([off.decode_frame(p) for p in packets]), expected)


# tables -------------------------------------------------------------------------------------------


def test_a_set_with_a_network_survives_its_file(tables, plain, tmp_path):
    path = tmp_path / "tables.npz"
    tables.save(path)
    again = TableSet.load(path)
    assert again.hash == tables.hash != plain.hash
    np.testing.assert_array_equal(again.enhancement, tables.enhancement)


def test_weights_are_as_near_as_a_half_step_of_8_bits():
    rng = np.random.default_rng(1)
    weights = {name: rng.normal(size=layer) for name, layer in LAYERS.items()}
    weights |= {f"{name}_bias": rng.normal(size=layer.n_out) for name, layer in LAYERS.items()}
    weights |= {name: np.ones(shape) for name, shape in enhancement_tables._PLAIN.items()}
    kept = enhancement_tables.collect(enhancement_tables.quantize(weights))
    assert kept.dtype == np.float32
    assert kept.size == enhancement_tables.SIZE
    assert kept.ctypes.data % 64 == 0
    for name, layer in LAYERS.items():
        start = getattr(enhancement_tables, name.upper())
        rows = kept[start : start + layer.size].reshape(1 + layer.n_in, layer.width)
        assert not rows[:, layer.n_out :].any()
        bias, *got = rows[:, : layer.n_out]
        step = np.abs(weights[name]).max(axis=0) / 127
        assert (np.abs(got - weights[name]) <= 0.5001 * step).all()
        np.testing.assert_allclose(bias, weights[f"{name}_bias"], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "value"),
    [("scale", 1e5), ("mean", 1e4), ("lags", 1e3), ("frame_scale", 1.0), ("taps_bias", 1e3)],
)
def test_weights_beyond_their_limits_are_refused(name, value):
    arrays = network(1)
    arrays[f"enhancement_{name}"] = np.full_like(arrays[f"enhancement_{name}"], value)
    with pytest.raises(TablesError, match=f"enhancement_{name}: a value is beyond its limit"):
        TableSet({**codec_arrays(), **arrays})


def test_half_a_network_and_weights_that_are_no_int8_are_refused():
    arrays = network(1)
    del arrays["enhancement_split"]
    with pytest.raises(TablesError, match="missing or unknown arrays: enhancement_split"):
        TableSet({**codec_arrays(), **arrays})
    arrays = network(1)
    arrays["enhancement_frame"] = arrays["enhancement_frame"].astype(float) * 2
    with pytest.raises(TablesError, match="enhancement_frame: expected whole numbers"):
        TableSet({**codec_arrays(), **arrays})
