"""The encoder as a whole: its search, its state, its frames one by one or in runs."""

import numpy as np
import pytest
from inputs import frames, level_db

from celpvq import ArgumentError
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.encoder import presets
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.encoder.presets import PRESETS
from celpvq.codec.format import redundancy
from celpvq.codec.format.modes import (
    DELAY,
    FCB_INDICES,
    FRAME_LEN,
    GAIN_INDICES,
    N_INDICES,
    N_LSF_INDICES,
    modes,
)

MODES = modes()


# the search ---------------------------------------------------------------------------------------


def test_a_search_of_more_lsf_candidates_never_leaves_more_error(mode, speech, monkeypatch):
    fast = PRESETS["fast"]
    n_changed = 0
    for start in range(0, 20 * FRAME_LEN, FRAME_LEN):
        errors, indices = [], []
        for n_candidates in (1, 4, 16):
            own = {"fast": fast._replace(lsf_candidates=n_candidates)}
            monkeypatch.setattr(presets, "PRESETS", own)
            monkeypatch.setattr(presets, "LOW_RATE_PRESETS", own)
            encoder = FrameEncoder(mode, "fast")
            indices.append(encoder.indices(speech[start : start + FRAME_LEN]))
            errors.append(encoder.state.committed.cost)
        assert errors == sorted(errors, reverse=True)
        n_changed += (indices[0][0, :N_LSF_INDICES] != indices[-1][0, :N_LSF_INDICES]).any()
    assert n_changed > 5


# the decoder's state is the encoder's -------------------------------------------------------------


def assert_same_state(encoder, decoder):
    """Compare all that the next frame depends on, to the bit."""
    np.testing.assert_array_equal(decoder.state.lsf_q, encoder.state.lsf_q)
    assert decoder.state.synthesis == encoder.state.committed.synthesis


def test_the_decoder_rebuilds_the_state_of_the_encoder(mode, preset, speech):
    encoder, decoder = FrameEncoder(mode, preset), FrameDecoder()
    for x in frames(speech):
        [packet] = encoder.encode(x)
        decoder.decode(packet)
        assert_same_state(encoder, decoder)


def test_the_decoder_rebuilds_the_state_of_the_encoder_for_a_minute_of_everything(clips):
    rng = np.random.default_rng(1)
    noise = rng.normal(size=28 * 8000) * np.repeat(10 ** rng.uniform(-4, 0.5, 28), 8000)
    sound = np.clip(np.concatenate([*clips.values(), noise]), -1, 1)
    assert len(sound) > 60 * 8000
    encoder, decoder = FrameEncoder(), FrameDecoder()
    n_modes = 0
    for x in frames(sound):
        if rng.random() < 0.3:
            encoder.mode = MODES[rng.integers(len(MODES))]
            n_modes += 1
        if rng.random() < 0.005:
            encoder.reset()
            decoder.reset()
        decoder.enhancement = rng.random() < 0.5
        [packet] = encoder.encode(x)
        decoder.decode(packet)
        assert (decoder.mode, decoder.bitrate) == (encoder.mode, encoder.bitrate)
        assert_same_state(encoder, decoder)
    assert n_modes > 500


# frame by frame, whole, interrupted ---------------------------------------------------------------


def test_frames_one_by_one_make_the_packets_of_the_whole_run(mode, preset, speech):
    whole = FrameEncoder(mode, preset).encode(speech)
    assert len(whole) == len(speech) // FRAME_LEN
    assert {len(packet) for packet in whole} == {mode.frame_bytes}
    encoder = FrameEncoder(mode, preset)
    assert [packet for x in frames(speech) for packet in encoder.encode(x)] == whole
    uneven = FrameEncoder(mode, preset)
    parts = np.split(speech, [0, 160, 160 * 8, 160 * 9])
    assert [packet for part in parts for packet in uneven.encode(part)] == whole


def test_a_run_longer_than_one_call_of_the_kernel_makes_the_same_packets(speech, monkeypatch):
    from celpvq.codec.encoder import encoder

    whole = FrameEncoder(preset="fast").encode(speech)
    monkeypatch.setattr(encoder, "RUN_LEN", 7 * FRAME_LEN)
    assert FrameEncoder(preset="fast").encode(speech) == whole


def test_no_samples_are_no_packets():
    for dtx in (False, True):
        encoder = FrameEncoder(dtx=dtx)
        assert encoder.encode(np.zeros(0)) == []
        assert encoder.last_frame is None
    assert FrameEncoder().indices(np.zeros(0)).shape == (0, N_INDICES)


def test_other_presets_and_modes_are_refused(mode):
    encoder = FrameEncoder(mode)
    with pytest.raises(ArgumentError, match="mode"):
        encoder.mode = 12200
    with pytest.raises(ArgumentError, match="preset"):
        encoder.preset = "slow"
    assert (encoder.mode, encoder.preset) == (mode, "default")


# the report and the redundant frame ---------------------------------------------------------------


def test_the_report_tells_type_mode_and_lsf(speech):
    encoder = FrameEncoder(6400, "fast")
    assert encoder.last_frame is None
    encoder.encode(speech[:1600])
    first = encoder.last_frame
    assert (first.type, first.mode, first.active) == ("speech", MODES[2], None)
    np.testing.assert_array_equal(first.lsf, encoder.state.lsf_q)
    encoder.dtx = True
    encoder.encode(speech[1600:3200])
    assert encoder.last_frame.active is True
    assert (encoder.last_frame.lsf != first.lsf).any()  # a report of its own
    encoder.reset()
    assert encoder.last_frame is None


def test_the_redundant_frame_describes_the_last_frame(clips):
    encoder = FrameEncoder(6400, "fast")
    assert encoder.redundancy == b""
    tables = encoder.tables.mode(encoder.mode)
    for x in frames(clips["flite-rms-en"])[:100]:
        indices = encoder.indices(x)[0]
        data = encoder.redundancy
        assert len(data) == redundancy.REDUNDANCY_BYTES
        row, lag, level, gain = redundancy.unpack(data)
        assert np.square(tables.sid - encoder.last_frame.lsf).sum(axis=1).argmin() == row
        synthesis = encoder.state.committed.synthesis
        assert abs(lag - synthesis.lag3 / 3) < 1
        rms = max(level_db(synthesis.exc[-FRAME_LEN:]), -80)
        assert abs(redundancy.level_db(level) - min(rms, -18)) <= 1.001
        rows = tables.gain_layout[:, 0] + indices[GAIN_INDICES:FCB_INDICES]
        mean = np.clip(tables.gain[rows, 0].mean(), 0, 0.9)
        assert abs(redundancy.pitch_gain(gain) - mean) <= 0.1501


def test_a_pause_has_no_redundant_frame():
    encoder = FrameEncoder(dtx=True)
    encoder.encode(np.zeros(8000))
    assert encoder.last_frame.type in ("sid", "no_data")
    assert encoder.redundancy == b""


# signals ------------------------------------------------------------------------------------------


def test_the_high_pass_removes_an_offset():
    x = np.full(8000, 0.25)
    levels = {}
    for highpass in (True, False):
        data = b"".join(FrameEncoder(8000, highpass=highpass).encode(x))
        levels[highpass] = FrameDecoder(enhancement=False).decode_run(data, 8000)[4000:].mean()
    assert abs(levels[True]) < 30
    assert levels[False] == pytest.approx(0.25 * 32768, rel=0.1)


def test_the_output_is_the_input_40_samples_late(mode, clips):
    x = clips["flite-awb-en"][: 160 * 100]
    # without the high-pass, which would lead: by a sample at 150 Hz
    data = b"".join(FrameEncoder(mode, highpass=False).encode(x))
    for enhancement in (False, True):
        y = FrameDecoder(enhancement=enhancement).decode_run(data, mode)
        match = [np.dot(x[100:-200], y[100 + lag : len(y) - 200 + lag]) for lag in range(100)]
        assert np.argmax(match) == DELAY == 40


SIGNALS = {
    "silence": np.zeros(8000),
    "dc": np.ones(8000),
    "minus dc": -np.ones(8000),
    "square": np.sign(np.sin(2 * np.pi * 125 * np.arange(8000) / 8000) + 1e-9),
    "highest square": np.tile([1.0, -1.0], 4000),
    "clipped": np.clip(9 * np.sin(np.arange(8000) / 9) * np.sin(np.arange(8000) / 777), -1, 1),
    "1 LSB": np.random.default_rng(0).integers(-1, 2, 8000) / 32768,
    "tiny": np.random.default_rng(0).normal(size=8000) * 1e-300,
    "clicks": np.eye(1, 8000, 5000)[0] - np.eye(1, 8000, 555)[0],
    "noise": np.random.default_rng(0).uniform(-1, 1, 8000),
}


@pytest.mark.parametrize("name", SIGNALS)
def test_odd_signals_stay_within_their_level(mode, name):
    x = SIGNALS[name]
    for highpass in (True, False):
        encoder = FrameEncoder(mode, "fast", highpass=highpass)
        data = b"".join(encoder.encode(x))
        assert np.isfinite(encoder.state.committed.synthesis.exc).all()
        for enhancement in (False, True):
            y = FrameDecoder(enhancement=enhancement).decode_run(data, mode) / 32768
            level = np.sqrt(np.mean(y[1600:] ** 2))
            assert level <= 1.6 * np.sqrt(np.mean(x**2)) + 1e-4
            if name in ("silence", "tiny"):
                assert np.abs(y[1600:]).max() <= 2 / 32768


def test_silence_after_speech_is_silent_soon(mode, speech):
    x = np.r_[speech, np.zeros(8000)]
    data = b"".join(FrameEncoder(mode).encode(x))
    y = FrameDecoder().decode_run(data, mode)
    assert np.abs(y[len(speech) + 4000 :]).max() <= 2


def test_the_mode_may_change_at_every_frame_without_clicks(clips):
    clean = frames(clips["flite-rms-en"])[:200]
    rng = np.random.default_rng(2)
    encoder, decoder, y = FrameEncoder(8000, "fast"), FrameDecoder(), []
    for x in clean:
        encoder.mode = MODES[rng.integers(len(MODES))]
        [packet] = encoder.encode(x)
        y.append(decoder.decode(packet) / 32768)
    y = np.concatenate(y)[DELAY:]
    x = clean.ravel()[: len(y)]
    peaks = [np.abs(z[: len(z) // 80 * 80].reshape(-1, 80)).max(axis=1) for z in (x, y)]
    around = np.maximum(np.maximum(np.roll(peaks[0], 1), np.roll(peaks[0], -1)), peaks[0])
    assert (peaks[1] < 2 * around + 0.01).all()
