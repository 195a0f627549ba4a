"""Voice activity detection: pauses in silence and in loud noise."""

import inputs
import numpy as np
from inputs import level_db

from celpvq.codec.encoder import vad
from celpvq.codec.encoder.vad import HANGOVER, VadState
from celpvq.codec.format.modes import FRAME_LEN


def test_loud_noise_is_a_pause_after_two_seconds_and_speech_in_it_is_speech(clips):
    x = inputs.noise(8000 * 8, "white", -40)
    x[40000:56000] += clips["flite-rms-en"][4000:20000]
    state = VadState.new()
    quiet = np.array([vad.update(f, state) for f in x.reshape(-1, FRAME_LEN)])
    assert (quiet[110:245] > HANGOVER).all()
    loud = np.array([level_db(f) > -30 for f in x.reshape(-1, FRAME_LEN)])
    assert (quiet[loud] <= HANGOVER).all()
    assert (quiet[380:] > HANGOVER).mean() > 0.7


def test_band_levels_are_mean_powers():
    x = inputs.noise(240 * 400, "white", -20).reshape(400, 240)
    levels = np.empty((400, vad._N_BANDS))
    for part, out in zip(x, levels, strict=True):
        vad.band_levels(part, out)
    mean = 10 * np.log10((10 ** (levels / 10)).mean(axis=0))
    np.testing.assert_allclose(mean, -20, atol=0.5)


def test_the_count_of_quiet_frames_starts_after_the_last_speech():
    state = VadState.new()
    silence, loud = np.zeros(FRAME_LEN), inputs.noise(FRAME_LEN, "white", -10)
    first = [vad.update(silence, state) for _ in range(3)]
    assert first == [HANGOVER + 2, HANGOVER + 3, HANGOVER + 4]
    assert vad.update(loud, state) == 0
    later = [vad.update(silence, state) for _ in range(20)]
    assert later[-1] >= 18
    assert set(np.diff(later)) <= {0, 1}
