"""tools/vbr_short_packets.py: what packets below the lowest rate could bring."""

import numpy as np
import pytest
import soundfile
import vbr_short_packets


@pytest.mark.slow
def test_silence_frees_bits(tmp_path, clips, capsys):
    speech = clips["flite-slt-en"][:16000]
    noise = 1e-4 * np.random.default_rng(1).normal(size=16000)
    (tmp_path / "speech").mkdir()
    soundfile.write(tmp_path / "speech" / "a.flac", np.r_[speech, noise, speech], 8000)
    line = [str(tmp_path / "speech"), "--out", str(tmp_path / "out"), "--averages", "5600"]
    assert vbr_short_packets.main([*line, "--preset", "fast", "--measures", "estoi"]) == 0
    text = capsys.readouterr().out
    assert "| 5600 |" in text
    assert 20 < float(text.split(" clips: ")[1].split(" %")[0]) < 45
