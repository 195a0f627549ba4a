"""The commands `celpvq send` and `celpvq receive`, most of them in two processes."""

import json
import re
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile
from impair import Relay

import celpvq
from celpvq.cli import main, send
from celpvq.codec.common.table_set import TableSet, default
from celpvq.rtp import payload, udp
from celpvq.rtp.sdp import SessionDescription
from celpvq.rtp.sender import Sender

pytestmark = pytest.mark.network
CELPVQ = [sys.executable, "-m", "celpvq"]
HOST = "127.0.0.1"
LIMIT_S = 120  # generous: when it is over, something hangs


@pytest.fixture
def sound(tmp_path, clips):
    """Two seconds and a half of speech in a file; all kernels are compiled."""
    celpvq.warmup()
    soundfile.write(tmp_path / "in.wav", clips["espeak-f-es"][:20000], 8000)
    return tmp_path / "in.wav"


@pytest.fixture
def receiving(tmp_path):
    """A function that starts `celpvq receive`, and returns the process and its port."""
    started = []

    def start(*options):
        out = str(tmp_path / "out.wav")
        command = [*CELPVQ, "receive", out, "--bind", f"{HOST}:0", "--timeout", f"{LIMIT_S}"]
        process = subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process, int(re.search(r"port (\d+)", process.stderr.readline())[1])

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_for(condition):
    """Wait until a condition is true."""
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


@pytest.mark.slow
def test_speech_arrives_in_real_time_over_a_bad_network(sound, receiving, tmp_path):
    log = tmp_path / "log.json"
    receiver, port = receiving("--depth", "80", "--max-depth", "80", "--log", str(log))
    with Relay(port, loss=0.1, duplicate=0.1, reorder=0.1, jitter_s=0.02, seed=3) as way:
        start = time.monotonic()
        sent = subprocess.run(
            [*CELPVQ, "send", str(sound), f"{HOST}:{way.port}", "-p", "fast"],
            stderr=subprocess.PIPE, text=True, timeout=LIMIT_S, check=True,
        )  # fmt: skip
        assert time.monotonic() - start > 2.4
        _, err = receiver.communicate(timeout=LIMIT_S)
    assert receiver.returncode == 0
    assert "126 packets" in sent.stderr
    assert "the sender has left" in err
    counts = json.loads(log.read_text())
    assert way.n_lost > 3
    assert way.n_double > 3
    assert counts["received"] == 126 - way.n_lost
    assert counts["duplicate"] == way.n_double
    assert counts["reordered"] > 3
    assert counts["malformed"] == counts["foreign"] == 0
    samples, rate = soundfile.read(tmp_path / "out.wav")
    assert rate == 8000
    assert 79.9 <= counts["depth_ms"] <= 180
    assert counts["seconds"] == pytest.approx(len(samples) / 8000)
    # how many frames are concealed or skipped depends on the machine; test_receiver has bounds
    assert len(samples) == 160 * sum(counts[name] for name in ("played", "concealed", "no_data"))
    assert np.abs(samples).max() > 0.01


def test_speech_sent_fast_is_decoded_to_the_bit(sound, receiving, tmp_path):
    receiver, port = receiving("--fast")
    assert main(["send", "--fast", str(sound), f"{HOST}:{port}", "-m", "4800", "-q"]) == 0
    receiver.communicate(timeout=LIMIT_S)
    samples, _ = soundfile.read(tmp_path / "out.wav", dtype="int16")
    x, _ = soundfile.read(sound)
    expected, _ = celpvq.decode(celpvq.encode(x, 8000, 4800), dtype="int16")
    np.testing.assert_array_equal(samples[40:20040], expected)


def test_dtx_sounds_as_without_a_network(receiving, tmp_path, clips):
    speech = clips["espeak-f-es"][:8000]
    x = np.concatenate([speech, np.zeros(8000), speech])
    soundfile.write(tmp_path / "in.wav", x, 8000)
    receiver, port = receiving("--fast", "--log", str(tmp_path / "log.json"))
    options = ["-p", "fast", "--dtx", "--fast", "-q"]
    assert main(["send", str(tmp_path / "in.wav"), f"{HOST}:{port}", *options]) == 0
    receiver.communicate(timeout=LIMIT_S)
    encoder = celpvq.Encoder(6400, "fast", dtx=True)
    packets = encoder.write(np.round(x * 32768).astype(np.int16)) + encoder.flush()
    assert 15 < sum(not p for p in packets) < 50
    samples, _ = soundfile.read(tmp_path / "out.wav", dtype="int16")
    decoder = celpvq.Decoder(dtype="int16")
    expected = np.concatenate([decoder.decode_frame(packet) for packet in packets])
    np.testing.assert_array_equal(samples, expected[: len(samples)])
    assert len(samples) > 23_000
    counts = json.loads((tmp_path / "log.json").read_text())
    assert (counts["concealed"], counts["late"], counts["skipped"]) == (0, 0, 0)


def test_redundancy_and_crc_travel_in_the_payload_format(sound, receiving, tmp_path):
    log = tmp_path / "log.json"
    receiver, port = receiving("--fast", "--log", str(log))
    options = ["-p", "fast", "--fast", "-q", "--redundancy", "--crc"]
    assert main(["send", str(sound), f"{HOST}:{port}", *options]) == 0
    receiver.communicate(timeout=LIMIT_S)
    x, _ = soundfile.read(sound)
    expected, _ = celpvq.decode(celpvq.encode(x, 8000, 6400, "fast"), dtype="int16")
    samples, _ = soundfile.read(tmp_path / "out.wav", dtype="int16")
    np.testing.assert_array_equal(samples[40:20040], expected)
    counts = json.loads(log.read_text())
    assert (counts["received"], counts["damaged"], counts["foreign"]) == (126, 0, 0)


@pytest.mark.parametrize("n", [1, 119, 120, 121, 160, 1000])
def test_each_payload_holds_the_redundancy_of_the_frame_before(clips, n):
    x = clips["espeak-f-es"][4000 : 4000 + n]
    chunks = [x[i : i + 100] for i in range(0, n, 100)]
    encoder, other = celpvq.Encoder(6400, "fast"), celpvq.Encoder(6400, "fast")
    found = [payload.unpack(p) for p in send._payloads(chunks, encoder, redundancy=True, crc=True)]
    frames = np.zeros((-(-(n + 40) // 160), 160))
    frames.flat[:n] = x
    redundancy = b""
    for frame, sent in zip(frames, found, strict=True):
        assert sent == payload.Payload(other.encode_frame(frame), redundancy)
        redundancy = other.redundancy


def describe(captured, *options, to="127.0.0.1:5004"):
    """The session description that `celpvq send` prints."""
    assert main(["send", "no such file.wav", to, "--sdp", *options]) == 0
    return SessionDescription.from_text(captured.readouterr().out)


def test_send_describes_the_stream_and_sends_nothing(capsys):
    own = default().hash[:16]
    assert describe(capsys) == SessionDescription(HOST, 5004, 97, (6400,), tables=own)
    options = ["-m", "4800", "--dtx", "--redundancy", "--crc", "--payload-type", "100"]
    assert describe(capsys, *options, to="[2001:db8::1]:6000") == SessionDescription(
        "2001:db8::1", 6000, 101, (4800,), dtx=True, redundancy=True, crc=True, tables=own
    )


@pytest.mark.parametrize("options", [[], ["--redundancy", "--payload-type", "110"]])
def test_a_described_stream_is_received(options, sound, receiving, tmp_path, capsys):
    options = [*options, "-m", "4800", "-p", "fast"]
    description = describe(capsys, *options)
    (tmp_path / "call.sdp").write_text(description.to_text())
    receiver, port = receiving("--fast", "--sdp", str(tmp_path / "call.sdp"))
    assert main(["send", "--fast", "-q", str(sound), f"{HOST}:{port}", *options]) == 0
    receiver.communicate(timeout=LIMIT_S)
    samples, _ = soundfile.read(tmp_path / "out.wav", dtype="int16")
    x, _ = soundfile.read(sound)
    expected, _ = celpvq.decode(celpvq.encode(x, 8000, 4800, "fast"), dtype="int16")
    np.testing.assert_array_equal(samples[40:20040], expected)


def test_a_stream_with_another_rate_than_described_is_refused(sound, receiving, tmp_path, capsys):
    (tmp_path / "call.sdp").write_text(describe(capsys, "-m", "8000").to_text())
    log = tmp_path / "log.json"
    receiver, port = receiving("--sdp", str(tmp_path / "call.sdp"), "--log", str(log))
    assert main(["send", "--fast", "-q", str(sound), f"{HOST}:{port}", "-p", "fast"]) == 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sender = Sender()
        sock.sendto(sender.datagram(bytes(20)), (HOST, port))
        sock.sendto(sender.bye(), (HOST, port))
    receiver.communicate(timeout=LIMIT_S)
    counts = json.loads(log.read_text())
    assert (counts["malformed"], counts["received"]) == (126, 1)


def test_receive_listens_at_the_described_port(tmp_path, capfd):
    with udp.listen("0.0.0.0", 0) as sock:
        port = sock.getsockname()[1]
        (tmp_path / "call.sdp").write_text(describe(capfd, to=f"b.example:{port}").to_text())
        out = str(tmp_path / "out.wav")
        assert main(["receive", out, "--sdp", str(tmp_path / "call.sdp")]) == 1
    assert f"UDP 0.0.0.0 port {port}: Address already in use" in capfd.readouterr().err


def test_the_tables_of_the_description_are_required(tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = default()
    arrays = dict(own.arrays) | {"lsf_mean": own.arrays["lsf_mean"] * np.float32(1.001)}
    other = TableSet(arrays)
    other.save("other.npz")
    assert main(["send", "in.wav", HOST, "--sdp", "--tables", "other.npz"]) == 0
    text = capfd.readouterr().out
    assert SessionDescription.from_text(text).tables == other.hash[:16]
    (tmp_path / "call.sdp").write_text(text)
    receive = ["receive", "out.wav", "--sdp", "call.sdp"]
    assert main(receive) == 1
    assert capfd.readouterr().err == (
        f"celpvq: call.sdp: the sender uses the tables {other.hash[:16]}, which are not installed"
        " here; expected their file in --tables\n"
    )
    own.save("own.npz")
    assert main([*receive, "--tables", "own.npz"]) == 1
    assert capfd.readouterr().err == (
        f"celpvq: call.sdp: the sender uses the tables {other.hash[:16]},"
        f" --tables has {own.hash[:16]}\n"
    )
    with udp.listen(HOST, 0) as sock:  # the right tables: it comes as far as the socket
        bind = f"{HOST}:{sock.getsockname()[1]}"
        assert main([*receive, "--tables", "other.npz", "--bind", bind]) == 1
    assert "Address already in use" in capfd.readouterr().err
    assert not (tmp_path / "out.wav").exists()


def speaking(sock, port):
    """Send a packet of speech every 20 ms; yield after each."""
    sender = Sender()
    while True:
        sock.sendto(sender.datagram(bytes(16)), (HOST, port))
        time.sleep(0.02)
        yield


def test_a_receiver_outlives_its_sender(receiving, tmp_path):
    receiver, port = receiving("--timeout", "2")
    start = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _ in range(3):
            sock.sendto(b"\x80nothing", (HOST, port))
        for _, _ in zip(range(20), speaking(sock, port), strict=False):
            pass
    _, err = receiver.communicate(timeout=LIMIT_S)
    assert receiver.returncode == 0
    assert "nothing arrives any more" in err
    assert "20 received" in err
    assert "3 malformed" in err
    duration = soundfile.info(tmp_path / "out.wav").duration
    assert 0.4 < duration < time.monotonic() - start + 0.1  # as long as it took, in real time


def test_an_interrupt_leaves_a_whole_file(receiving, tmp_path):
    receiver, port = receiving()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        line = speaking(sock, port)

        def written():
            next(line)
            return sum(path.stat().st_size for path in tmp_path.glob("*.part"))

        wait_for(lambda: written() > 44 + 2 * 800)  # a tenth of a second was played
        receiver.send_signal(signal.SIGINT)
        _, err = receiver.communicate(timeout=LIMIT_S)
    assert receiver.returncode == 0
    assert "interrupted" in err
    assert soundfile.info(tmp_path / "out.wav").duration > 0.1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("send {sound} no.such.host.invalid", "no.such.host.invalid: "),
        ("send {sound} 127.0.0.1:99999", "address: expected HOST:PORT"),
        ("send none.wav 127.0.0.1", "none.wav: No such file"),
        ("receive out.wav --bind 127.0.0.1:{used}", "port {used}: Address already in use"),
        ("receive out.wav --bind 192.0.2.1:0", "192.0.2.1 port 0: Cannot assign"),
        ("receive out.wav --depth 9999", "depth: expected 0 to 2000 ms"),
        ("receive out.xyz --bind 127.0.0.1:0", "expected the ending of a sound file"),
        ("receive {sound} --bind 127.0.0.1:0", "in.wav: exists already; --force replaces it"),
        ("receive out.wav --bind 127.0.0.1:0 --log {sound}", "in.wav: exists already"),
        ("receive out.wav --sdp {sound}", "in.wav: SDP: "),
        ("receive out.wav --sdp none.sdp", "none.sdp: No such file"),
        ("receive out.wav --sdp {sound} --payload-type 97", "--payload-type cannot be used with"),
        ("send none.wav 127.0.0.1:0 --sdp", "port: expected 1 to 65535, got 0"),
        ("send none.wav bob/alice --sdp", "host: expected a name or an address, got 'bob/alice'"),
    ],
)
def test_a_refused_command_says_so_on_one_line(line, words, sound, capfd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with udp.listen(HOST, 0) as sock:
        used = sock.getsockname()[1]
        status = main(line.format(sound=sound, used=used).split())
    out, err = capfd.readouterr()
    assert (status, out) == (1, "")
    assert err.startswith("celpvq: ")
    assert err.count("\n") == 1
    assert words.format(used=used) in err
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]
