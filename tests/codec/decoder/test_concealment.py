"""Concealment of losses: never loud, always finite, better than silence and repetition."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inputs import frames, level_db, lose, seeds, values

from celpvq.channel import gilbert_elliott_losses, random_losses
from celpvq.codec.common.samples import FULL_SCALE
from celpvq.codec.common.table_set import default
from celpvq.codec.decoder import concealment
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.format import redundancy
from celpvq.codec.format.frame_types import FRAME_TYPES
from celpvq.codec.format.modes import DELAY, FRAME_LEN, modes
from celpvq.errors import FormatError

MODES = modes()
BURST = 3


def decoded(packets, **options):
    """The samples (n_frames, FRAME_LEN) of packets, full scale 1."""
    decoder = FrameDecoder(**options)
    return np.stack([decoder.decode(packet) for packet in packets]) / FULL_SCALE


def decode_all(decoder, packets):
    """The samples (n,) that a decoder adds for packets, full scale 1."""
    return np.concatenate([decoder.decode(packet) for packet in packets]) / FULL_SCALE


@pytest.fixture(scope="module")
def voices(clips):
    """A man, a woman, and a synthetic voice, 2.6 s each."""
    names = ("flite-rms-en", "flite-slt-en", "espeak-m-de")
    return np.concatenate([clips[name][: 130 * FRAME_LEN] for name in names])


@pytest.fixture(scope="module")
def sent(voices):
    """Packets of the voices, by mode."""
    return {mode: FrameEncoder(mode, "fast").encode(voices) for mode in MODES}


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


# levels -------------------------------------------------------------------------------------------


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
                assert level_db(frame) < max(level_db(last), -75) + 0.5


def test_speech_fades_within_200_ms(sent, mode):
    decoder = FrameDecoder()
    before = decode_all(decoder, sent[mode][:100])[-FRAME_LEN:]
    held = [level_db(decoder.decode(None) / FULL_SCALE) for _ in range(12)]
    assert held[0] > level_db(before) - 12  # it does go on at first
    assert max(held[10:]) < level_db(before) - 40
    assert not decode_all(decoder, [None] * 60)[-FRAME_LEN:].any()


def test_after_a_loss_the_level_comes_back_without_a_burst(sent, losses, mode):
    clean = decoded(sent[mode])
    loudest = max(level_db(frame) for frame in clean)
    rms = level_db(clean)
    powers = []
    for mask in losses:
        y = decoded(lose(sent[mode], mask))
        after = since_loss(mask)
        assert max(level_db(frame) for frame in y[after > 0]) < loudest + 6
        assert level_db(y[after < 9]) < rms + 6
        settled = (after == 9) | (after == 10)
        powers.append((np.square(y[settled]).sum(), np.square(clean[settled]).sum()))
    got, wanted = np.sum(powers, axis=0)
    assert abs(10 * np.log10(got / wanted)) < 1


def test_a_burst_after_a_loss_is_limited_in_the_output_and_not_in_the_memories(sent):
    rng = np.random.default_rng(1)
    loud = [rng.bytes(20) for _ in range(8)]
    peak, memory = {}, {}
    for name in ("lost", "good"):
        decoder = FrameDecoder()
        decode_all(decoder, sent[MODES[4]][:80])
        decoder.state.concealment.loudest *= 0.01
        decoder.state.synthesis.exc[:] = 0.3
        if name == "lost":
            decoder.state.concealment.since = 0
        peak[name] = np.abs(decode_all(decoder, loud)).max()
        memory[name] = decoder.state.synthesis.exc.copy()
    assert peak["lost"] < 0.7 * peak["good"]
    np.testing.assert_array_equal(memory["lost"], memory["good"])


@given(seeds, st.floats(0.0, 1.0), st.floats(1e-6, 2.0))
def test_the_limiter_brings_the_energy_to_its_limit(seed, gain, share):
    x = np.random.default_rng(seed).normal(size=FRAME_LEN)
    y, fading = x.copy(), 0.8 ** np.arange(1, FRAME_LEN + 1)
    last = concealment._attenuate(share * (x @ x), gain, y)
    np.testing.assert_allclose(y, (fading * gain + (1 - fading) * last) * x, atol=1e-9)
    least, most = (np.square((fading * gain + (1 - fading) * to) * x).sum() for to in (0, 1))
    assert y @ y == pytest.approx(np.clip(share * (x @ x), least, most), rel=1e-6)


def test_without_losses_the_samples_do_not_change(sent):
    for mode in MODES:
        decoder = FrameDecoder()
        y = decode_all(decoder, sent[mode]) * FULL_SCALE
        np.testing.assert_array_equal(y, FrameDecoder().decode_run(b"".join(sent[mode]), mode))
        assert decoder.state.concealment.limiter == 1


# quality ------------------------------------------------------------------------------------------


def test_concealment_is_better_than_zeros_and_than_repetition(voices, sent):
    from celpvq.quality import pesq_nb

    packets = sent[MODES[2]]
    n = len(packets)
    x = voices[: n * FRAME_LEN - DELAY]
    scores = []
    for seed, rate in itertools.product(range(10, 13), (0.05, 0.1, 0.2)):
        bursts = gilbert_elliott_losses(n, rate, BURST, seed)
        mask = random_losses(n, rate, seed) if seed < 12 else bursts
        received = lose(packets, mask)
        repeated = [packets[0]]
        for packet in received:
            repeated.append(packet or repeated[-1])
        zeros = np.zeros((n, FRAME_LEN))
        zeros[~mask] = decoded([packet for packet in received if packet])
        outputs = (decoded(received), zeros, decoded(repeated[1:]))
        scores.append([pesq_nb(x, y.ravel()[DELAY:]) for y in outputs])
    own, *others = np.mean(scores, axis=0)
    assert own > max(others) + 0.05


def test_voiced_speech_continues_with_its_pitch_and_noise_as_noise():
    n = np.arange(8000)
    pulses = (n % 50 == 0) * 0.5
    noise = 0.05 * np.random.default_rng(1).normal(size=len(n))
    found = {}
    for name, x in (("voiced", pulses), ("noise", noise)):
        decoder = FrameDecoder(enhancement=False)
        decode_all(decoder, FrameEncoder(8000, "fast").encode(x))
        y = decode_all(decoder, [None, None])
        found[name] = np.dot(y[50:], y[:-50]) / np.dot(y[50:], y[50:])
    assert found["voiced"] > 0.7
    assert abs(found["noise"]) < 0.5


# the next packet, and the redundant frame ---------------------------------------------------------


@pytest.mark.parametrize("mode", MODES[::4], ids=lambda mode: mode.name)
def test_the_next_packet_leads_the_lsf_of_a_lost_frame(sent, mode):
    clean, errors = FrameDecoder(), {False: [], True: []}
    for before, lost, after in zip(sent[mode], sent[mode][1:], sent[mode][2:]):  # noqa: B905
        clean.decode(before)
        true = clean.copy()
        true.decode(lost)
        for use, found in errors.items():
            decoder = clean.copy()
            decoder.decode(None, next_packet=after if use else None)
            found.append(np.square(decoder.last_frame.lsf - true.last_frame.lsf).sum())
            assert (np.diff(decoder.last_frame.lsf) > 0).all()
    assert np.mean(errors[True]) < 0.92 * np.mean(errors[False])


@pytest.mark.parametrize("mode", MODES[::4], ids=lambda mode: mode.name)
def test_the_next_packet_leads_the_lag_of_a_lost_frame(sent, mode):
    clean, errors = FrameDecoder(), {False: [], True: []}
    for before, lost, after in zip(sent[mode], sent[mode][1:], sent[mode][2:]):  # noqa: B905
        clean.decode(before)
        true = clean.copy()
        true.decode(lost)
        wanted, last = true.last_frame.lag, clean.last_frame.lag[-1]
        if np.ptp([last, *wanted]) > 0.15 * last:
            continue  # not one voice that glides
        for use, found in errors.items():
            decoder = clean.copy()
            decoder.decode(None, next_packet=after if use else None)
            found.append(np.abs(decoder.last_frame.lag - wanted).mean())
    assert len(errors[True]) > 50
    assert np.mean(errors[True]) < 0.92 * np.mean(errors[False])


def test_the_lag_reaches_that_of_a_redundant_frame(sent):
    decoder, book = FrameDecoder(), default().mode(MODES[2]).sid
    decode_all(decoder, sent[MODES[2]][:40])
    last = decoder.last_frame.lag[-1]
    for factor, gliding in ((1.1, True), (0.9, True), (1.5, False), (0.6, False)):
        lag = round(factor * last)
        packed = redundancy.pack(np.arange(1, 11) * 0.28, lag, 0.05, 0.9, book)
        other = decoder.copy()
        other.decode(None, redundancy=packed)
        track = other.last_frame.lag
        assert track[-1] == lag
        assert (len(set(track)) == 4) == gliding
        assert (np.diff([last, *track]) * (factor - 1) >= 0).all()


@pytest.mark.parametrize("after", [b"", bytes(2), bytes(7)], ids=["NO_DATA", "SID", "malformed"])
def test_a_next_packet_without_speech_does_not_matter(sent, after):
    packets = sent[MODES[2]]
    plain, other = FrameDecoder(), FrameDecoder()
    decode_all(plain, [*packets[:20], None])
    decode_all(other, packets[:20])
    other.decode(None, next_packet=after)
    y = decode_all(plain, packets[21:30])
    np.testing.assert_array_equal(y, decode_all(other, packets[21:30]))


def level_errors(voices, **options):
    """Mean distance [dB] of the level from that without losses: with redundancy, and without."""
    encoder = FrameEncoder(6400, "fast")
    packets, kept = [], []
    for x in frames(voices):
        packets += encoder.encode(x)
        kept.append(encoder.redundancy)
    clean = decoded(packets, **options)
    errors = {False: [], True: []}
    for use, first in itertools.product((False, True), range(7)):
        decoder, y = FrameDecoder(**options), []
        for i, packet in enumerate(packets):
            if i % 7 == first:
                y.append(decoder.decode(None, redundancy=kept[i] if use else None))
                assert decoder.last_frame.type == ("redundant" if use else "bad")
            else:
                y.append(decoder.decode(packet))
        n_lost = len(packets[first::7])
        assert (decoder.stats.redundant, decoder.stats.bad) == ((n_lost, 0) if use else (0, n_lost))
        pairs = zip(np.stack(y) / FULL_SCALE, clean, strict=True)
        errors[use] += [abs(level_db(a) - level_db(b)) for a, b in pairs if level_db(b) > -50]
    return np.mean(errors[True]), np.mean(errors[False])


def test_a_redundant_frame_brings_the_level_closer(voices):
    helped, alone = level_errors(voices, enhancement=False)
    assert helped < 0.7 * alone
    # the enhancement finds back to the level by itself, so there is less to gain
    enhanced_helped, enhanced_alone = level_errors(voices)
    assert enhanced_helped < 0.8 * enhanced_alone
    assert enhanced_helped < helped
    assert enhanced_alone < alone


@pytest.mark.parametrize("wrong", [b"12", b"1234"])
def test_a_redundant_frame_of_another_length_is_refused(wrong):
    decoder = FrameDecoder()
    with pytest.raises(FormatError, match="expected 3 bytes"):
        decoder.decode(None, redundancy=wrong)
    assert decoder.stats.frames == 0


# anything -----------------------------------------------------------------------------------------


def test_anything_mixed_stays_finite_and_within_full_scale():
    rng = np.random.default_rng(3)
    decoder = FrameDecoder()
    lengths = [mode.frame_bytes for mode in MODES]
    for _ in range(4000):
        packet = [
            None,
            b"",
            rng.bytes(1) + bytes([rng.integers(128) * 2]),
            rng.bytes(rng.choice(lengths)),
        ][min(rng.integers(6), 3)]
        redundancy = rng.bytes(3) if rng.random() < 0.3 else None
        y = decoder.decode(packet, redundancy=redundancy)
        assert y.dtype == np.int16
    state = decoder.state
    for part in values(state):
        assert np.isfinite(part).all()
    assert all(getattr(decoder.stats, frame_type) for frame_type in FRAME_TYPES)


def test_a_lag_near_the_greatest_one_is_approached_in_whole_samples():
    """The interpolator would need samples from before the start of the past excitation."""
    decoder = FrameDecoder(enhancement=False)
    synthesis, state = decoder.state.synthesis, decoder.state.concealment
    synthesis.lag3, state.next_lag3, state.steps = 429, 411, 5
    decoder.decode(None)
    assert (decoder.last_frame.lag % 1 == 0).all()
