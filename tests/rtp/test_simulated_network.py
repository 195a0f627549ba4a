"""`celpvq send` and `celpvq receive` by a session description, over a network in simulated time."""

import contextlib
import heapq
import json

import numpy as np
import pytest
import soundfile

import celpvq
from celpvq.cli import main
from celpvq.rtp import pacing, payload, playout, udp
from celpvq.rtp.packet import RtpPacket, is_rtcp

FRAME_S = 0.02


class Network:
    """Sockets that belong to no system, and a clock that stands still unless somebody waits.

    It loses one packet in ten and delays each by up to 35 ms, so that some overtake others.
    """

    def __init__(self, monkeypatch):
        self.now = 100.0
        self.sent, self.lost, self.on_the_way = [], set(), []
        self._rng = np.random.default_rng(7)
        for function in (pacing.send, playout.receive):
            monkeypatch.setitem(function.__kwdefaults__, "clock", lambda: self.now)
        monkeypatch.setitem(pacing.send.__kwdefaults__, "sleep", self.sleep)
        monkeypatch.setattr(udp, "connect", lambda host, port: contextlib.nullcontext(self))
        monkeypatch.setattr(udp, "listen", lambda host, port: contextlib.nullcontext(self))
        monkeypatch.setattr(udp, "arrives", self.send)
        monkeypatch.setattr(playout, "datagrams", self.datagrams)

    def getsockname(self):
        return "192.0.2.7", 5004

    def sleep(self, seconds):
        self.now += seconds

    def send(self, _, data):
        number = len(self.sent)
        if not is_rtcp(data):
            self.sent.append((self.now, RtpPacket.from_bytes(data)))
            if number and self._rng.random() < 0.1:
                self.lost.add(number)
                return True
        delay = 0.05 if is_rtcp(data) else self._rng.uniform(0, 0.035) * (number > 0)
        heapq.heappush(self.on_the_way, (self.now + delay, number, data))
        return True

    def datagrams(self, _, wait_s):
        due = self.on_the_way[0][0] if self.on_the_way else float("inf")
        self.now = min(self.now + wait_s, max(due, self.now))
        while self.on_the_way and self.on_the_way[0][0] <= self.now:
            yield heapq.heappop(self.on_the_way)[2]


@pytest.fixture
def call(tmp_path, monkeypatch, clips, capsys):
    """A function: place a call with these options; return the network, the sound and the counts."""
    monkeypatch.chdir(tmp_path)
    soundfile.write("in.wav", clips["espeak-f-es"][:20000], 8000)

    def call(*options):
        network = Network(monkeypatch)
        line = ["send", "in.wav", "192.0.2.7", "-m", "4800", "-p", "fast", *options]
        assert main([*line, "--sdp"]) == 0
        with open("call.sdp", "w", newline="") as file:
            file.write(capsys.readouterr().out)
        assert main(line) == 0
        network.now = network.sent[0][0]  # the receiver lives at the same time
        receive = ["receive", "out.wav", "--sdp", "call.sdp", "--log", "log.json", "--force"]
        assert main([*receive, "--depth", "80", "--max-depth", "80"]) == 0
        sound, _ = soundfile.read("out.wav", dtype="int16")
        with open("log.json") as file:
            return network, sound, json.load(file)

    return call


def expected(network):
    """The sound of the packets that were not lost, and the frames that a redundant one replaces."""
    decoder, packed = celpvq.Decoder(dtype="int16"), network.sent[0][1].payload_type == 98
    contents = [
        payload.unpack(packet.payload) if packed else payload.Payload(packet.payload)
        for _, packet in network.sent
    ]
    sound, n_redundant = [], 0
    for number, content in enumerate(contents):
        if number not in network.lost:
            sound.append(decoder.decode_frame(content.packet))
        elif number + 1 in network.lost or number + 1 == len(contents):
            sound.append(decoder.decode_frame(None))
        else:
            after = contents[number + 1]
            n_redundant += bool(after.redundancy)
            sound.append(
                decoder.decode_frame(None, next_packet=after.packet, redundancy=after.redundancy)
            )
    return np.concatenate(sound), n_redundant


@pytest.mark.parametrize("options", [[], ["--redundancy", "--crc"]], ids=["bare", "redundancy"])
def test_a_described_call_is_heard_to_the_bit(call, options):
    network, sound, counts = call(*options)
    times = [at for at, _ in network.sent]
    np.testing.assert_allclose(np.diff(times), FRAME_S, atol=1e-9)
    assert len(network.lost) > 5
    assert counts["end"] == playout.LEFT
    assert counts["received"] == len(network.sent) - len(network.lost)
    assert counts["reordered"] > 5
    assert counts["late"] == counts["malformed"] == counts["damaged"] == counts["foreign"] == 0
    want, n_redundant = expected(network)
    assert counts["concealed"] == len(network.lost)
    assert counts["redundant"] == n_redundant
    assert (n_redundant > 5) == bool(options)
    np.testing.assert_array_equal(sound, want)


def test_redundancy_brings_the_sound_nearer_to_that_without_losses(call):
    errors = []
    for options in ([], ["--redundancy"]):
        network, sound, _ = call(*options)
        lost = sorted(network.lost)
        network.lost.clear()
        whole, _ = expected(network)
        difference = (sound - whole.astype(float)).reshape(-1, 160)
        errors.append((difference[lost] ** 2).sum())
    assert errors[1] < errors[0]
