"""The option --dtx."""

import numpy as np

import celpvq
from celpvq.cli import main


def test_the_command_line_codes_pauses(clips, tmp_path):
    word = clips["flite-rms-en"][: 160 * 110]
    x = np.round(np.r_[word, np.zeros(len(word))] * 32768).astype("<i2")
    (tmp_path / "talk.raw").write_bytes(x.tobytes())
    arguments = ["encode", "--raw", "--dtx", "--preset", "fast", "--quiet"]
    assert main([*arguments, str(tmp_path / "talk.raw"), str(tmp_path / "talk.cvq")]) == 0
    data = (tmp_path / "talk.cvq").read_bytes()
    assert data == celpvq.encode(x, 8000, preset="fast", dtx=True)
    assert data != celpvq.encode(x, 8000, preset="fast")
