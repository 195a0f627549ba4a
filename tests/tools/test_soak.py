"""The tool that watches the codec for hours holds for seconds."""

import numpy as np
import pytest
import soak


@pytest.mark.slow
def test_a_minute_of_everything(capsys):
    assert soak.main(["--seconds", "60"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("CELPVQ_SEED=")
    assert "3000 frames" in said
    assert "in every frame encoder and decoder synthesized identical samples" in said


def test_a_difference_between_encoder_and_decoder_ends_the_run(monkeypatch):
    monkeypatch.setenv("CELPVQ_SEED", "1")
    monkeypatch.setattr(soak, "in_step", lambda encoder, decoder: False)
    with pytest.raises(SystemExit, match="frame 0: encoder and decoder synthesized different"):
        soak.main(["--seconds", "1"])


def test_a_seed_repeats_everything():
    runs = [soak.Soak(5), soak.Soak(5)]
    for run in runs:
        run.run(300)
    assert runs[0].count == runs[1].count
    assert runs[0].bad.stats == runs[1].bad.stats


def test_coders_out_of_step_are_found(clips):
    run = soak.Soak(1)
    x = clips["espeak-m-de"][4000:4160]
    run.clean.decode_frame(run.encoder.encode_frame(x))
    assert soak.in_step(run.encoder, run.clean)
    run.clean.decode_frame(None)
    assert not soak.in_step(run.encoder, run.clean)


@pytest.mark.parametrize(
    ("y", "message"),
    [(np.zeros(40), "160 samples"), (np.full(160, np.nan), "finite"), (np.full(160, 1.1), "scale")],
)
def test_wrong_output_is_found(y, message):
    soak.check(np.full(160, -1.0))
    with pytest.raises(AssertionError, match=message):
        soak.check(y)
