"""What the decoder makes of losses: never loud, never wild, better than nothing."""

import itertools

import numpy as np
import pytest

import celpvq
from celpvq import Decoder, Encoder
from celpvq.channel import gilbert_elliott_losses, random_losses
from celpvq.codec.encoder import survivors
from celpvq.codec.format import redundancy
from celpvq.codec.format.modes import DELAY, FRAME_LEN

MODES = celpvq.modes()
every_mode = pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
BURST = 3


def level_db(y):
    return 20 * np.log10(np.sqrt(np.mean(np.square(y))) + 1e-9)


def decoded(packets, **options):
    decoder = Decoder(**options)
    return np.stack([decoder.decode_frame(packet) for packet in packets])


def lose(packets, mask):
    return [None if gone else packet for packet, gone in zip(packets, mask, strict=True)]


@pytest.fixture(scope="module")
def speech(clips):
    """A man, a woman, and another voice, four seconds each."""
    return np.concatenate(
        [clips[n][:32000] for n in ("flite-rms-en", "flite-slt-en", "espeak-m-de")]
    )


@pytest.fixture(scope="module")
def sent(speech):
    """Packets of the speech, by mode."""
    return {mode: Encoder(mode, "fast").write(speech) for mode in MODES}


@pytest.fixture(scope="module")
def losses(sent):
    """Masks of losses, random and in bursts."""
    n = len(sent[MODES[2]])
    masks = [random_losses(n, rate, seed) for seed, rate in enumerate((0.03, 0.1, 0.2))]
    return masks + [gilbert_elliott_losses(n, rate, BURST, 7) for rate in (0.05, 0.2, 0.3)]


def since_loss(mask):
    """Frames since the last lost one: 0 for it, 1 for the first good one after; 10^6 before any."""
    since, found = 10**6, []
    for gone in mask:
        since = 0 if gone else since + 1
        found.append(since)
    return np.array(found)


@every_mode
def test_a_lost_frame_is_not_louder_than_the_last_good_one(sent, losses, mode):
    for mask in losses:
        y = decoded(lose(sent[mode], mask))
        last = None
        for frame, gone in zip(y, mask, strict=True):
            if not gone:
                last = frame
            elif last is None:
                assert not frame.any()
            else:
                assert level_db(frame) < max(level_db(last), -75) + 1


@every_mode
def test_speech_fades_within_200_ms(sent, mode):
    decoder = Decoder()
    for packet in sent[mode][:100]:
        before = decoder.decode_frame(packet)
    held = [level_db(decoder.decode_frame(None)) for _ in range(12)]
    assert held[0] > level_db(before) - 12  # it does go on at first
    assert max(held[10:]) < level_db(before) - 40
    assert not decoder.write([None] * 60)[-FRAME_LEN:].any()


@every_mode
def test_after_a_loss_the_level_comes_back_without_a_burst(sent, losses, mode):
    clean = decoded(sent[mode])
    loudest = max(level_db(frame) for frame in clean)
    rms = level_db(clean)
    differences = []
    for mask in losses:
        y = decoded(lose(sent[mode], mask))
        after = since_loss(mask)
        assert max(level_db(frame) for frame in y[after > 0]) < loudest + 6
        assert level_db(y[after < 9]) < rms + 6
        settled = (after == 9) | (after == 10)
        differences.append((np.square(y[settled]).sum(), np.square(clean[settled]).sum()))
    there, wanted = np.sum(differences, axis=0)
    assert abs(10 * np.log10(there / wanted)) < 1


def test_a_burst_after_a_loss_is_cut_in_the_output_and_not_in_the_memories(sent):
    """The wildest packets: what comes out is limited, what is remembered is not."""
    rng = np.random.default_rng(1)
    loud = [rng.bytes(20) for _ in range(60)]
    state = {}
    for name in ("lost", "good"):
        decoder = Decoder()
        decoder.write(sent[MODES[4]][:80])
        decoder._state.concealment.loudest *= 0.01
        decoder._state.synthesis.exc[:] = rng.normal(size=183) if name == "x" else 0.3
        if name == "lost":
            decoder._state.concealment.since = 0
        state[name] = np.abs(decoder.write(loud[:8])).max(), decoder._state.synthesis.exc.copy()
    assert state["lost"][0] < 0.7 * state["good"][0]
    np.testing.assert_array_equal(state["lost"][1], state["good"][1])


def test_concealment_is_better_than_zeros_and_than_repetition(speech, sent):
    from celpvq.quality import pesq_nb

    n = len(sent[MODES[2]])
    x = speech[: n * FRAME_LEN - DELAY]
    figures = []
    for seed, rate in itertools.product(range(10, 13), (0.05, 0.1, 0.2)):
        bursts = gilbert_elliott_losses(n, rate, BURST, seed)
        mask = random_losses(n, rate, seed) if seed < 12 else bursts
        packets = lose(sent[MODES[2]], mask)
        again = [sent[MODES[2]][0]]
        for packet in packets:
            again.append(packet or again[-1])
        zeros = np.zeros((len(mask), FRAME_LEN))
        zeros[~mask] = decoded([packet for packet in packets if packet])
        heard = (decoded(packets), zeros, decoded(again[1:]))
        figures.append([pesq_nb(x, y.ravel()[DELAY:]) for y in heard])
    own, *others = np.mean(figures, axis=0)
    assert own > max(others) + 0.05


def test_voiced_speech_goes_on_with_its_pitch_and_noise_as_noise():
    n = np.arange(8000)
    pulses = (n % 50 == 0) * 0.5
    noise = 0.05 * np.random.default_rng(1).normal(size=len(n))
    found = {}
    for name, x in (("voiced", pulses), ("noise", noise)):
        decoder = Decoder(postfilter=False)
        decoder.write(Encoder(8000, "fast").write(x))
        y = decoder.write([None, None])
        found[name] = np.dot(y[50:], y[:-50]) / np.dot(y[50:], y[50:])
    assert found["voiced"] > 0.7
    assert abs(found["noise"]) < 0.5


def test_nothing_lost_leaves_the_samples_alone(sent):
    for mode in MODES:
        decoder = Decoder()
        y = np.rint(decoder.write(sent[mode]) * 32768)
        np.testing.assert_array_equal(y, Decoder().decode_frames(b"".join(sent[mode]), mode))
        assert decoder._state.concealment.limiter == 1


def test_losses_before_anything_are_silence():
    decoder = Decoder()
    assert not decoder.write([None, b"", None]).any()
    assert decoder.mode is None
    assert (decoder.stats.frames, decoder.stats.lost, decoder.stats.not_sent) == (3, 2, 1)


def test_a_decoder_knows_what_it_was_given(sent):
    decoder = Decoder()
    assert decoder.last_frame is None
    packets = sent[MODES[2]]
    for packet, kind in [
        (packets[0], "speech"),
        (None, "lost"),
        (bytes(2), "sid"),
        (b"", "not sent"),
    ]:
        decoder.decode_frame(packet)
        assert decoder.last_frame.kind == kind
    assert decoder.last_frame.mode is MODES[2]
    assert (decoder.last_frame.lsf.shape, decoder.last_frame.lag.shape) == ((10,), (4,))
    with pytest.raises(celpvq.FormatError):
        decoder.decode_frame(b"\0\1")  # the last bit of a descriptor is 0
    heard = decoder.write([packets[1], bytes(7), b"\0\1", None])
    assert heard.shape == (4 * FRAME_LEN,)
    stats = decoder.stats
    assert (stats.frames, stats.speech, stats.sid, stats.not_sent) == (8, 2, 1, 1)
    assert (stats.lost, stats.bad) == (4, 2)
    with pytest.raises(celpvq.ArgumentTypeError):
        decoder.write([packets[0], "text"])
    decoder.reset()
    assert decoder.stats.frames == 0
    assert decoder.last_frame is None


@pytest.mark.parametrize("mode", MODES[::4], ids=lambda mode: mode.name)
def test_the_next_packet_tells_of_the_spectrum_of_the_lost_one(sent, mode):
    clean, errors = Decoder(), {False: [], True: []}
    for before, lost, after in zip(sent[mode], sent[mode][1:], sent[mode][2:]):  # noqa: B905
        clean.decode_frame(before)
        true = clean.copy()
        true.decode_frame(lost)
        for use, found in errors.items():
            decoder = clean.copy()
            decoder.decode_frame(None, next_packet=after if use else None)
            found.append(np.square(decoder.last_frame.lsf - true.last_frame.lsf).sum())
            assert (np.diff(decoder.last_frame.lsf) > 0).all()
    assert np.mean(errors[True]) < 0.92 * np.mean(errors[False])


def test_a_next_packet_that_is_none_does_not_matter(sent):
    packets = sent[MODES[2]]
    plain, other = Decoder(), Decoder()
    plain.write([*packets[:20], None])
    other.write(packets[:20])
    other.decode_frame(None, next_packet=bytes(7))
    np.testing.assert_array_equal(plain.write(packets[21:30]), other.write(packets[21:30]))


# coarse copies ------------------------------------------------------------------------------------


def test_a_copy_says_what_the_frame_was(sent, speech):
    encoder = Encoder(6400, "fast")
    assert encoder.last_copy == b""
    book = encoder.tables.mode(encoder.mode).silence
    for x in speech[: 100 * FRAME_LEN].reshape(-1, FRAME_LEN):
        encoder.encode_frame(x)
        copy = encoder.last_copy
        assert len(copy) == redundancy.REDUNDANCY_BYTES
        spectrum, lag, level, gain = redundancy.unpack(copy)
        assert np.square(book - encoder.last_frame.lsf).sum(axis=1).argmin() == spectrum
        assert abs(lag - encoder._state.beam[survivors.HEARD].synthesis.lag3 / 3) < 1
        rms = max(level_db(encoder._state.beam[survivors.HEARD].synthesis.exc[-FRAME_LEN:]), -80)
        assert abs(redundancy.level_db(level) - min(rms, -18)) <= 1.001
        assert 0 <= redundancy.pitch_gain(gain) <= 0.9
    for wrong in (b"12", b"1234"):
        with pytest.raises(celpvq.FormatError, match="expected 3 bytes"):
            Decoder().decode_frame(None, copy=wrong)


def test_a_copy_helps(speech):
    encoder = Encoder(6400, "fast")
    packets, kept = [], []
    for x in speech.reshape(-1, FRAME_LEN):
        packets.append(encoder.encode_frame(x))
        kept.append(encoder.last_copy)
    clean = decoded(packets)
    errors = {False: [], True: []}
    for use, first in itertools.product((False, True), range(7)):
        decoder, y = Decoder(), []
        for i, packet in enumerate(packets):
            lost = i % 7 == first
            y.append(
                decoder.decode_frame(None, copy=kept[i] if use else None)
                if lost
                else decoder.decode_frame(packet)
            )
        assert decoder.stats.copy == (len(packets[first::7]) if use else 0)
        pairs = zip(np.stack(y), clean, strict=True)
        errors[use] += [abs(level_db(a) - level_db(b)) for a, b in pairs if level_db(b) > -50]
    assert np.mean(errors[True]) < 0.7 * np.mean(errors[False])


# anything -----------------------------------------------------------------------------------------


def test_anything_mixed_stays_finite_and_within_full_scale():
    rng = np.random.default_rng(3)
    decoder = Decoder()
    lengths = [mode.frame_bytes for mode in MODES]
    for _ in range(4000):
        kind = rng.integers(6)
        packet = [
            None,
            b"",
            rng.bytes(1) + bytes([rng.integers(128) * 2]),
            rng.bytes(rng.choice(lengths)),
        ][min(kind, 3)]
        copy = rng.bytes(3) if rng.random() < 0.3 else None
        y = decoder.decode_frame(packet, copy=copy)
        assert np.isfinite(y).all()
        assert np.abs(y).max() <= 1
    state = decoder._state
    for part in (state.synthesis, state.concealment, state.noise, state.postfilter):
        for values in part:
            assert np.isfinite(values).all()


def test_the_mode_may_change_at_every_frame_without_clicks(speech):
    clean = speech[: 200 * FRAME_LEN].reshape(-1, FRAME_LEN)
    rng = np.random.default_rng(2)
    encoder, packets = Encoder(8000, "fast"), []
    for x in clean:
        encoder.mode = MODES[rng.integers(len(MODES))]
        packets.append(encoder.encode_frame(x))
    y = decoded(packets).ravel()[DELAY:]
    x = clean.ravel()[: len(y)]
    peaks = [np.abs(z[: len(z) // 80 * 80].reshape(-1, 80)).max(axis=1) for z in (x, y)]
    around = np.maximum(np.maximum(np.roll(peaks[0], 1), np.roll(peaks[0], -1)), peaks[0])
    assert (peaks[1] < 2 * around + 0.01).all()
