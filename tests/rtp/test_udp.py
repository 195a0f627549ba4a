"""Streams over UDP: between processes, over a bad network, and what goes wrong at either end."""

import itertools
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import soundfile

import celpvq
from celpvq import envelope
from celpvq.cli import main
from celpvq.codec.format.modes import MODES
from celpvq.errors import ArgumentError, NetworkError
from celpvq.rtp import JitterBuffer, RtpPacket, udp
from celpvq.rtp.packet import bye
from celpvq.rtp.receiver import Receiver
from celpvq.rtp.sender import Sender

CELPVQ = [sys.executable, "-m", "celpvq"]
ANY = "127.0.0.1"


@pytest.fixture(scope="module")
def relay(root):
    """The class of `tools/impair.py`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(root / "tools"), *sys.path])
        import impair

        yield impair.Relay


@pytest.fixture
def sound(tmp_path, clips):
    """Two seconds and a half of speech in a file; processes to come find all compiled."""
    celpvq.warmup()
    soundfile.write(tmp_path / "in.wav", clips["espeak-f-es"][:20000], 8000)
    return tmp_path / "in.wav"


@pytest.fixture(scope="module")
def packets(clips):
    """The same speech in packets."""
    data = celpvq.Encoder(6400, "fast").encode_frames(clips["espeak-f-es"][:16000])
    return [data[i : i + 16] for i in range(0, len(data), 16)]


@pytest.fixture
def receiving(tmp_path):
    """Start `celpvq receive` in a process: return it and its port; it is gone at the end."""
    started = []

    def start(*options):
        command = [*CELPVQ, "receive", str(tmp_path / "out.wav"), "--bind", f"{ANY}:0", *options]
        started.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return started[-1], int(re.search(r"port (\d+)", started[-1].stderr.readline())[1])

    yield start
    for process in started:
        process.kill()
        process.communicate()


def heard_of(packets):
    """What a decoder makes of packets, as 16 bits."""
    return (celpvq.Decoder().write(packets) * 32768).astype(np.int16)


# between two processes ----------------------------------------------------------------------------


def test_speech_arrives_in_real_time_over_a_bad_network(sound, receiving, relay, tmp_path):
    log = tmp_path / "log.json"
    receiver, port = receiving("--depth", "80", "--max-depth", "80", "--log", str(log))
    with relay(port, loss=0.1, duplicate=0.1, reorder=0.1, jitter_s=0.02, seed=3) as way:
        start = time.monotonic()
        sent = subprocess.run(
            [*CELPVQ, "send", str(sound), f"{ANY}:{way.port}", "-p", "fast"],
            stderr=subprocess.PIPE, text=True, timeout=60, check=True,
        )  # fmt: skip
        assert time.monotonic() - start > 2.4
        _, err = receiver.communicate(timeout=20)
    assert receiver.returncode == 0
    assert "126 packets" in sent.stderr
    assert "the sender has left" in err
    told = json.loads(log.read_text())
    assert way.n_lost > 3
    assert way.n_double > 3
    assert told["received"] == 126 - way.n_lost
    assert told["duplicate"] == way.n_double
    assert told["reordered"] > 3
    assert told["malformed"] == told["foreign"] == 0
    samples, rate = soundfile.read(tmp_path / "out.wav")
    assert rate == 8000
    assert abs(len(samples) - 126 * 160) <= 20 * 160
    assert 80 <= told["depth_ms"] <= 180
    assert told["seconds"] == pytest.approx(len(samples) / 8000)
    original, _ = soundfile.read(sound)
    level = [np.sqrt(np.mean(x**2)) for x in (original, samples)]
    assert 0.5 < level[1] / level[0] < 1.5


def test_what_is_sent_fast_is_decoded_to_the_bit(sound, receiving, tmp_path):
    receiver, port = receiving("--fast")
    assert main(["send", "--fast", str(sound), f"{ANY}:{port}", "-m", "4800", "-q"]) == 0
    receiver.communicate(timeout=20)
    samples, _ = soundfile.read(tmp_path / "out.wav", dtype="int16")
    x, _ = soundfile.read(sound)
    expected, _ = celpvq.decode(celpvq.encode(x, 8000, 4800), "int16")
    np.testing.assert_array_equal(samples[40:20040], expected)


def test_pauses_are_not_sent_and_sound_as_they_would_without_a_network(
    receiving, tmp_path, clips
):  # fmt: skip
    speech = clips["espeak-f-es"][:8000]
    x = np.concatenate([speech, np.zeros(8000), speech])
    soundfile.write(tmp_path / "in.wav", x, 8000)
    receiver, port = receiving("--fast", "--log", str(tmp_path / "log.json"))
    options = ["-p", "fast", "--dtx", "--fast", "-q"]
    assert main(["send", str(tmp_path / "in.wav"), f"{ANY}:{port}", *options]) == 0
    receiver.communicate(timeout=20)
    encoder = celpvq.Encoder(6400, "fast", dtx=True)
    packets = encoder.write(np.round(x * 32768).astype(np.int16)) + encoder.flush()
    assert 15 < sum(not p for p in packets) < 50
    samples, _ = soundfile.read(tmp_path / "out.wav", dtype="int16")
    np.testing.assert_array_equal(samples, heard_of(packets)[: len(samples)])
    assert len(samples) > 23_000
    told = json.loads((tmp_path / "log.json").read_text())
    assert (told["concealed"], told["late"], told["skipped"]) == (0, 0, 0)


def test_a_receiver_outlives_its_sender(sound, receiving, tmp_path):
    receiver, port = receiving("--timeout", "0.5")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _ in range(3):
            sock.sendto(b"\x80nothing", (ANY, port))
        sender = Sender()
        for _ in range(20):
            sock.sendto(sender.datagram(bytes(16)), (ANY, port))
            time.sleep(0.02)
    _, err = receiver.communicate(timeout=20)
    assert receiver.returncode == 0
    assert "nothing arrives any more" in err
    assert "3 malformed" in err
    assert 0.4 < soundfile.info(tmp_path / "out.wav").duration < 1.2


def test_an_interrupt_leaves_a_whole_file(receiving, tmp_path):
    receiver, port = receiving()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sender = Sender()
        for _ in range(20):
            sock.sendto(sender.datagram(bytes(16)), (ANY, port))
            time.sleep(0.02)
        receiver.send_signal(signal.SIGINT)
        _, err = receiver.communicate(timeout=20)
    assert receiver.returncode == 0
    assert "interrupted" in err
    assert soundfile.info(tmp_path / "out.wav").duration > 0.1


# one end ------------------------------------------------------------------------------------------


def arriving(datagrams, **options):
    """Send datagrams, those of 20 ms together, to `receive`; return its reason, samples, counts."""
    receiver = Receiver(celpvq.Decoder(), JitterBuffer(40))
    heard = []
    with udp.listen(ANY, 0) as sock, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        address = (ANY, sock.getsockname()[1])

        def feed():
            for together in datagrams:
                for data in together:
                    out.sendto(data, address)
                time.sleep(0.02)

        thread = threading.Thread(target=feed)
        thread.start()
        end = udp.receive(sock, receiver, heard.append, **options)
        thread.join()
    return end, np.concatenate(heard), receiver.stats


def test_foreign_and_malformed_datagrams_are_counted_and_ignored(packets):
    sender = Sender(ssrc=1)
    own = [sender.datagram(p) for p in packets[:20]]
    strange = [
        b"", b"x", b"\x80a" + bytes(20), bytes(1600), bye(99),
        RtpPacket(1, 2, 1, bytes(16), payload_type=96).to_bytes(),
        RtpPacket(1, 2, 7, bytes(16)).to_bytes(), RtpPacket(1, 2, 1, bytes(13)).to_bytes(),
    ]  # fmt: skip
    mixed = [[a, b] for a, b in zip(own, [*strange, *own[:12]], strict=True)]
    end, heard, stats = arriving([*mixed, [sender.bye()]])
    assert end == "the sender has left"
    assert stats["received"] == 20
    assert stats["malformed"] == 5
    assert stats["foreign"] == 2
    assert stats["duplicate"] == 12
    assert len(heard) >= 10 * 160


def test_a_sender_that_comes_back_is_heard_from_its_start(packets):
    receiver = Receiver(celpvq.Decoder(), JitterBuffer(0))
    first, second = Sender(), Sender()
    for i in range(20):
        receiver.feed(first.datagram(packets[i]), 0.02 * i)
        receiver.frame(0.02 * i)
    receiver.feed(first.bye(), 0.4)
    assert receiver.drained
    for i in range(5):
        receiver.feed(second.datagram(packets[i]), 1.0 + 0.02 * i)
    assert not receiver.ended
    assert receiver.latest == 3  # the first packet was only believed with the second
    heard = [receiver.frame(1.02 + 0.02 * i) for i in range(4)]
    np.testing.assert_array_equal(np.concatenate(heard) * 32768, heard_of(packets[1:5]))


def test_what_is_lost_comes_as_a_copy_with_the_next_packet(clips):
    encoder, sender = celpvq.Encoder(6400, "fast"), Sender(98)
    sent, copies, datagrams = [], [b""], []
    for x in clips["espeak-f-es"][:9600].reshape(-1, 160):
        sent.append(encoder.encode_frame(x))
        datagrams.append(sender.datagram(envelope.pack(sent[-1], copy=copies[-1], crc=True)))
        copies.append(encoder.last_copy)
    broken = bytearray(datagrams[40])
    broken[14] ^= 1
    datagrams[40] = bytes(broken)
    receiver, decoder = Receiver(celpvq.Decoder(), JitterBuffer(40)), celpvq.Decoder()
    for i in range(62):
        if i < 60 and i not in (10, 20, 21):
            receiver.feed(datagrams[i], 0.02 * i)
        k = i - 2
        if k < 0:
            continue
        samples = receiver.frame(0.02 * i)
        lost = k in (10, 20, 21, 40)
        expected = decoder.decode_frame(
            None if lost else sent[k], copy=copies[k + 1] if lost and k != 20 else None
        )
        np.testing.assert_array_equal(samples, expected, err_msg=f"frame {k}")
    stats = receiver.stats
    assert (stats["concealed"], stats["copied"], stats["damaged"]) == (4, 3, 1)


@pytest.mark.parametrize("seed", range(3))
def test_a_lost_frame_is_led_towards_the_next_one_whatever_the_jitter(packets, seed):
    sent = [None if i % 7 in (3, 5, 6) else p for i, p in enumerate(packets[:60])]
    sent[21] = b"\0\1"  # of the length of a descriptor, but none
    expected, decoder = [], celpvq.Decoder()
    for packet, after in itertools.pairwise([*sent, None]):
        if packet is None:
            expected.append(decoder.decode_frame(None, next_packet=after))
        else:
            expected.append(decoder.write([packet]))
    sender = Sender()
    delays = np.random.default_rng(seed).uniform(0, 0.02, len(sent))
    delays[0] = 0
    datagrams = [sender.datagram(b"lost" if p is None else p) for p in sent]
    arrivals = sorted(
        (0.02 * i + delays[i], datagrams[i]) for i, p in enumerate(sent) if p is not None
    )
    receiver, heard = Receiver(celpvq.Decoder(), JitterBuffer(40)), []
    for i in range(len(sent)):
        now = 0.04 + 0.02 * i
        while arrivals and arrivals[0][0] <= now:
            receiver.feed(arrivals[0][1], arrivals.pop(0)[0])
        heard.append(receiver.frame(now))
    np.testing.assert_array_equal(np.concatenate(heard), np.concatenate(expected))
    assert receiver.stats["concealed"] == sent.count(None)
    assert receiver.stats["late"] == 0


def test_copies_and_checksums_travel_in_envelopes(sound, receiving, tmp_path):
    log = tmp_path / "log.json"
    receiver, port = receiving("--fast", "--log", str(log))
    options = ["-p", "fast", "--fast", "-q", "--copies", "--crc"]
    assert main(["send", str(sound), f"{ANY}:{port}", *options]) == 0
    receiver.communicate(timeout=20)
    x, _ = soundfile.read(sound)
    expected, _ = celpvq.decode(celpvq.encode(x, 8000, 6400, "fast"), "int16")
    samples, _ = soundfile.read(tmp_path / "out.wav", dtype="int16")
    np.testing.assert_array_equal(samples[40:20040], expected)
    told = json.loads(log.read_text())
    assert (told["received"], told["damaged"], told["foreign"]) == (126, 0, 0)


def test_whatever_comes_at_whatever_time_frames_go_out(packets):
    rng = np.random.default_rng(1)
    sender, receiver = Sender(), Receiver(celpvq.Decoder(), JitterBuffer(40, 200))
    now = 0.0
    for i in range(3000):
        data = bytearray(sender.datagram(packets[i % len(packets)]))
        for _ in range(rng.poisson(0.5)):
            data[rng.integers(len(data))] ^= 1 << rng.integers(8)
        now += rng.exponential(0.02)
        receiver.feed(bytes(data[: rng.integers(len(data)) if i % 7 == 0 else None]), now)
        samples = receiver.frame(now)
        assert samples.shape == (160,)
        assert np.isfinite(samples).all()
        assert len(receiver.buffer) <= 250
    stats = receiver.stats
    assert stats["malformed"] > 300
    assert stats["foreign"] > 100
    assert stats["played"] > 300


def test_a_pause_is_not_a_loss(packets):
    sender, receiver = Sender(), Receiver(celpvq.Decoder(), JitterBuffer(40))
    sent = [*packets[:5], b"\0\0", *[b""] * 6, *packets[5:10]]
    heard = []
    for i, data in enumerate([*map(sender.datagram, sent), None, None]):
        if data is not None:
            receiver.feed(data, 0.02 * i)
        if i >= 2:
            heard.append(receiver.frame(0.02 * i))
    np.testing.assert_array_equal(np.concatenate(heard) * 32768, heard_of(sent))
    stats = receiver.stats
    assert (stats["concealed"], stats["silent"], stats["played"]) == (0, 6, 11)


def test_it_ends_after_the_seconds_asked_for(packets):
    sender = Sender()
    end, heard, _ = arriving([[sender.datagram(p)] for p in packets[:25]], seconds=0.3)
    assert end == "all that was asked for"
    assert len(heard) == 15 * 160


def test_a_sender_gives_up_when_nobody_listens(packets, monkeypatch):
    with udp.listen(ANY, 0) as sock:
        port = sock.getsockname()[1]
    now = itertools.count(0, 0.5)
    with pytest.raises(NetworkError, match=f"{ANY} port {port}: nobody listens there"):
        udp.send(
            packets, Sender(), ANY, port, clock=lambda: next(now), sleep=lambda _: time.sleep(0.01)
        )


def test_a_sender_goes_on_when_somebody_listens_again(packets):
    with udp.listen(ANY, 0) as sock:
        port = sock.getsockname()[1]
    late = []

    def sleep(_):
        time.sleep(0.005)
        if len(late) == 0 and next(count) == 10:
            late.append(udp.listen(ANY, port))

    count = itertools.count()
    stats = udp.send(packets[:40], Sender(), ANY, port, sleep=sleep)
    late[0].close()
    assert 0 < stats.refused <= 12
    assert stats.sent == stats.frames == 40


def test_frames_leave_every_20_ms(packets):
    now, times = [0.0], []

    def sleep(seconds):
        times.append(seconds)
        now[0] += seconds

    with udp.listen(ANY, 0) as sock:
        stats = udp.send([*packets[:5], b"", b"", packets[5]], Sender(), ANY, sock.getsockname()[1],
                         clock=lambda: now[0], sleep=sleep)  # fmt: skip
        datagrams = [sock.recv(2000) for _ in range(7)]
    assert times == pytest.approx([0, *[0.02] * 7])
    assert (stats.frames, stats.sent, stats.n_bytes) == (8, 6, 6 * 28)
    assert RtpPacket.from_bytes(datagrams[5]).payload == packets[5]
    assert datagrams[6][1] == 201


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("host", ("host", 5004)), ("host:6000", ("host", 6000)), ("[::1]:7", ("::1", 7)),
        ("::1", ("::1", 5004)), ("[::1]", ("::1", 5004)),
    ],
)  # fmt: skip
def test_addresses_are_read(text, address):
    assert udp.parse_address(text) == address


@pytest.mark.parametrize("text", ["", ":5", "host:", "host:x", "host:65536", "host:-1"])
def test_odd_addresses_are_refused(text):
    with pytest.raises(ArgumentError, match="address: expected HOST:PORT"):
        udp.parse_address(text)


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
    ],
)
def test_what_cannot_be_done_is_one_line(line, words, sound, capfd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with udp.listen(ANY, 0) as sock:
        used = sock.getsockname()[1]
        status = main(line.format(sound=sound, used=used).split())
    out, err = capfd.readouterr()
    assert (status, out) == (1, "")
    assert err.startswith("celpvq: ")
    assert err.count("\n") == 1
    assert words.format(used=used) in err
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]


def test_the_sizes_of_packets_are_those_of_the_modes():
    assert set(MODES[6400].transmission)  # a mode's packets are what a receiver takes
    receiver = Receiver(celpvq.Decoder(), JitterBuffer())
    for n in range(30):
        sender = Sender(ssrc=n)
        receiver = Receiver(celpvq.Decoder(), JitterBuffer())
        legal = n == 2 or n in {mode.frame_bytes for mode in MODES.values()}
        assert receiver.feed(sender.datagram(bytes(n) or b"\0"), 0.0) == legal
