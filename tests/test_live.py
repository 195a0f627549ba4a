"""Microphone and loudspeaker, played by a stand-in for the package sounddevice."""

import sys
import types

import numpy as np
import pytest

import celpvq
from celpvq.audio import devices
from celpvq.cli import main
from celpvq.errors import DeviceError, MissingPackageError
from celpvq.live import Loop, losses
from celpvq.rtp import udp
from celpvq.rtp.packet import is_rtcp


class PortAudioError(Exception):
    """The error that the package raises."""


class Stream:
    """A device that delivers a sound to the codec, and keeps the sound that it gets."""

    latency = (0.01, 0.02)
    sound = np.zeros(0, np.float32)
    played: list[np.ndarray]

    def __init__(self, channels, dtype, samplerate, blocksize=0, device=None, callback=None,
                 latency=None):  # fmt: skip
        if device in ("none", (None, "none")):
            raise ValueError("No output device matching 'none'")
        if device == 7:
            raise PortAudioError("Invalid sample rate", -9997)
        assert (channels, dtype, samplerate) == (1, "float32", 8000)
        self.blocksize, self.callback = blocksize, callback
        self.at = 0
        Stream.played = []

    def __enter__(self):
        if self.callback is not None:
            for start in range(0, len(self.sound), self.blocksize):
                out = np.zeros((self.blocksize, 1), np.float32)
                block = self.sound[start : start + self.blocksize, None]
                self.callback(block, out, self.blocksize, None, None)
                self.played.append(out[:, 0].copy())
        return self

    def __exit__(self, *_):
        pass

    def read(self, n):
        if self.at >= len(self.sound):
            raise KeyboardInterrupt
        block = self.sound[self.at : self.at + n, None]
        self.at += n
        return block, False

    def write(self, samples):
        self.played.append(samples[:, 0].copy())


@pytest.fixture
def sounddevice(monkeypatch, clips):
    """The package, whose microphone delivers a clip."""
    package = types.ModuleType("sounddevice")
    package.Stream = package.InputStream = package.OutputStream = Stream
    package.PortAudioError = PortAudioError
    monkeypatch.setitem(sys.modules, "sounddevice", package)
    monkeypatch.setattr(Stream, "sound", clips["espeak-f-es"][:16000].astype(np.float32))
    return package


def test_a_loop_is_encoder_and_decoder(clips):
    x = clips["espeak-f-es"][:8000].astype(np.float32)
    loop = Loop(celpvq.Encoder(4800, "fast"), celpvq.Decoder(), losses(0, None, 1))
    y = np.concatenate([loop(block) for block in x.reshape(-1, 160)])
    packets = celpvq.Encoder(4800, "fast").write(x)
    np.testing.assert_array_equal(y[40:], celpvq.Decoder().write(packets))
    assert (loop.n_frames, loop.n_lost, loop.kbps) == (50, 0, pytest.approx(4.8))
    assert loop.level_db == pytest.approx(10 * np.log10(np.mean(x[-12 * 160 :] ** 2)), abs=0.01)
    assert loop.busy_ms > 0
    assert "4.80 kbit/s |  0.0 % lost | delay  55 ms, codec 25 |" in loop.line(0.03)


def test_a_loop_loses_the_packets_that_are_lost(clips):
    x = clips["espeak-f-es"][:1600].astype(np.float32)
    lost = [False, True, False, False, True, False, False, False, True, False]
    loop = Loop(celpvq.Encoder(6400, "fast"), celpvq.Decoder(), iter(lost))
    y = np.concatenate([loop(block) for block in x.reshape(-1, 160)])
    encoder = celpvq.Encoder(6400, "fast")
    packets = [encoder.encode_frame(block) for block in x.reshape(-1, 160)]
    expected = celpvq.Decoder().write(
        [None if g else p for p, g in zip(packets, lost, strict=True)]
    )
    np.testing.assert_array_equal(y[40:], expected)
    assert (loop.n_frames, loop.n_lost) == (10, 3)


def test_losses_have_no_end_and_do_not_repeat():
    for burst in (None, 3.0):
        drawn = losses(0.2, burst, 1)
        first = [next(drawn) for _ in range(20_000)]
        assert np.mean(first) == pytest.approx(0.2, abs=0.03)
        assert first[:5000] != first[5000:10_000]
        assert first[:50] != first[50:100]


def test_live_plays_the_coded_microphone(sounddevice, capfd):
    assert main(["live", "-m", "4800", "-p", "fast", "--seconds", "0.01", "--loss", "10"]) == 0
    assert len(Stream.played) == 100
    assert np.sqrt(np.mean(np.concatenate(Stream.played) ** 2)) > 0.01
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("100 frames: level")
    assert "delay  55 ms, codec 25" in err


def test_a_microphone_is_sent_and_a_stream_is_played(sounddevice, tmp_path):
    with udp.listen("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
        assert main(["send", "mic", f"127.0.0.1:{port}", "-p", "fast", "-q"]) == 130
        n = 0
        while not is_rtcp(sock.recv(2000)):
            n += 1
    assert n == 100
    with devices.loudspeaker(8000) as play:
        play(np.ones(160, np.float32))
    assert [len(block) for block in Stream.played] == [160]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("live --output none", "sound device: No output device matching 'none'"),
        ("send mic 127.0.0.1 --device 7", "sound device: Invalid sample rate"),
        ("receive speaker --bind 127.0.0.1:0 --device none", "sound device: No output device"),
    ],
)
def test_devices_that_are_not_there_are_one_line(sounddevice, capfd, line, words):
    assert main(line.split()) == 1
    err = capfd.readouterr().err
    assert err.startswith(f"celpvq: {words}")
    assert err.count("\n") == 1


def test_a_missing_package_is_one_line(monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert main(["live"]) == 1
    assert capfd.readouterr().err == (
        "celpvq: a microphone or loudspeaker needs the package sounddevice:"
        " pip install celpvq[live]\n"
    )
    with pytest.raises(MissingPackageError), devices.microphone(8000, 160):
        pass


def test_a_missing_library_is_named(monkeypatch, tmp_path):
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    with (
        pytest.raises(MissingPackageError, match="PortAudio library: PortAudio library not found"),
        devices.loudspeaker(8000),
    ):
        pass


def test_a_device_that_fails_is_a_typed_error(sounddevice):
    with pytest.raises(DeviceError, match="sound device: gone"), devices.loudspeaker(8000):
        raise PortAudioError("gone")
    assert (devices.device("3"), devices.device("USB")) == (3, "USB")
