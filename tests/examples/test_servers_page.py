"""The page on voice servers says what is true."""

import re

import pytest
from audiosocket import HEAD, Limits
from media_stream import media

import celpvq
from celpvq.rtp.message_streams import MessageSender
from celpvq.rtp.sender import Sender


def bytes_of_messages(speech, mode, size):
    sender = MessageSender(celpvq.Encoder(mode, "fast"))
    return sum(len(sender.write(speech[i : i + size])) for i in range(0, 8000, size))


def bytes_of_rtp(speech):
    sender = Sender()
    packets = celpvq.Encoder(6400, "fast").write(speech[:8000])
    return sum(len(sender.datagram(packet)) for packet in packets)


COUNTS = {
    "messages at 4800 bit/s, two frames in each": lambda x: bytes_of_messages(x, 4800, 320),
    "messages at 6400 bit/s, two frames in each": lambda x: bytes_of_messages(x, 6400, 320),
    "messages at 6400 bit/s, one frame in each": lambda x: bytes_of_messages(x, 6400, 160),
    "RTP at 6400 bit/s, one packet in each datagram": bytes_of_rtp,
    "JSON with mu-law, 20 ms in each message": lambda x: 50 * len(media(x[:160], "MZ" + "0" * 32)),
    "AudioSocket": lambda x: 50 * (HEAD.size + 320),
}


@pytest.fixture(scope="module")
def page(root):
    return (root / "docs" / "servers.md").read_text()


def test_the_bytes_in_the_table_are_counted(page, speech):
    rows = re.findall(r"^\| ([^|]+) \| (\d+) \| ([\d.]+) \|$", page, re.M)
    assert {name: int(n) for name, n, _ in rows} == {name: f(speech) for name, f in COUNTS.items()}
    for name, n, kbps in rows:
        assert float(kbps) == pytest.approx(int(n) * 8e-3, abs=0.05), name


def test_every_example_is_on_the_page(page, root):
    for path in (root / "examples" / "servers").glob("*.py"):
        assert path.name in page


def test_the_limits_of_calls_are_on_the_page(page):
    limits = Limits()
    assert f"Limits: {limits.n_calls} calls" in page
    assert f"{limits.identify_s:g} s until the UUID, {limits.silent_s:g} s without" in page
    assert f"{limits.call_s / 3600:g} h in all" in page
