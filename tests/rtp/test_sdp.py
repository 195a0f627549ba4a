"""Session descriptions, written and read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import celpvq
from celpvq import ArgumentError, FormatError
from celpvq.codec.common.table_set import default
from celpvq.codec.format.modes import MODES
from celpvq.rtp import sdp_lines
from celpvq.rtp.jitter import JitterBuffer
from celpvq.rtp.receiver import Receiver
from celpvq.rtp.sdp import SessionDescription
from celpvq.rtp.sender import Sender

HASH = default().hash[:16]
WRITTEN = """\
v=0
o=- 0 0 IN IP4 127.0.0.1
s=celpvq
c=IN IP4 192.0.2.7
t=0 0
m=audio 5004 RTP/AVP 98
a=rtpmap:98 CELPVQ/8000
a=fmtp:98 mode-set=4800,6400; dtx=1; redundancy=1; crc=1; tables=fde02ffe15d87ddb
a=ptime:20
a=maxptime:20
a=rtcp-mux
"""
FULL = SessionDescription(
    "192.0.2.7", 5004, 98, (4800, 6400), dtx=True, redundancy=True, crc=True,
    tables="fde02ffe15d87ddb",
)  # fmt: skip
FOREIGN = """\
v=0
o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1
s=Call to John Smith
i=SDP Offer #1
u=https://www.jdoe.example.com/home.html
e=Jane Doe <jane@jdoe.example.com>
p=+1 617 555-6011
c=IN IP4 198.51.100.1
b=CT:128
t=0 0
a=group:BUNDLE audio
m=video 0 RTP/AVP 31
a=rtpmap:31 H261/90000
m=audio 49170/2 RTP/AVP 0 110 96
c=IN IP6 2001:db8::7
a=rtpmap:0 PCMU/8000
a=rtpmap:110 telephone-event/8000
a=rtpmap:96 CelpVQ/8000/1
a=fmtp:110 0-15
a=fmtp:96 Mode-Set=8000, 4800,4800;mode-change-period=2;octet-align;x=y=z;TABLES=%s;
a=sendrecv
a=maxptime:240
m=audio 6000 RTP/AVP 97
a=rtpmap:97 CELPVQ/8000
"""


def changed(old, new):
    assert old in WRITTEN
    return WRITTEN.replace(old, new)


def test_a_description_is_written_as_documented():
    assert FULL.to_text() == WRITTEN.replace("\n", "\r\n")


def test_the_defaults_are_not_written():
    text = SessionDescription("a.example", 1, tables=default().hash).to_text()
    assert f"a=fmtp:97 mode-set=4800,5600,6400,7200,8000; tables={HASH}\r\n" in text
    assert "tables" not in SessionDescription("a.example", 1).to_text()


hosts = st.sampled_from(["192.0.2.7", "2001:db8::1", "fe80::1%eth0", "bob.example", "localhost"])
flags = st.booleans()
mode_sets = st.sets(st.sampled_from(list(MODES)), min_size=1).map(lambda s: tuple(sorted(s)))
descriptions = st.builds(
    SessionDescription, hosts, st.integers(1, 65535), st.integers(96, 127), mode_sets,
    flags, flags, flags, st.none() | st.text("0123456789abcdef", min_size=16, max_size=16),
)  # fmt: skip


@given(descriptions, st.booleans())
def test_reading_inverts_writing(description, as_bytes):
    text = description.to_text()
    assert SessionDescription.from_text(text.encode() if as_bytes else text) == description
    assert SessionDescription.from_text(text.replace("\r", "")) == description


def test_a_description_by_others_is_read():
    found = SessionDescription.from_text(FOREIGN % HASH.upper())
    assert found == SessionDescription("2001:db8::7", 49170, 96, (4800, 8000), tables=HASH)


def test_the_type_of_bare_packets_is_one_less_than_that_of_the_payload_format():
    assert (FULL.packed, FULL.bare_type) == (True, 97)
    bare = SessionDescription("192.0.2.7", 5004)
    assert (bare.packed, bare.bare_type) == (False, 97)


@pytest.mark.parametrize(
    "change",
    [("; dtx=1", ""), ("; dtx=1", "; dtx=0"), ("; dtx=1", ";;later=2; dtx =0 ;")],
)
def test_a_flag_is_off_unless_it_is_1(change):
    assert not SessionDescription.from_text(changed(*change)).dtx


def test_without_a_mode_set_any_rate_may_occur():
    found = SessionDescription.from_text(changed("mode-set=4800,6400; ", ""))
    assert found.modes == tuple(MODES)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("v=0\n", "", "expected v=0 in the first line, got 'o=- 0 0"),
        ("v=0", "v=1", "expected v=0 in the first line, got 'v=1'"),
        ("s=celpvq", "q=celpvq", "line 3: expected TYPE=VALUE, got 'q=celpvq'"),
        ("s=celpvq", "celpvq", "line 3: expected TYPE=VALUE, got 'celpvq'"),
        ("s=celpvq", "ss=\x1b[2J", r"got 'ss=\\x1b\[2J'"),
        ("m=audio 5004 RTP/AVP 98", "m=audio 5004", "expected m=KIND PORT PROTOCOL FORMATS"),
        ("5004", "0", "port: expected 1 to 65535, got 0"),
        ("5004", "65536", "port: expected 1 to 65535, got 65536"),
        ("5004", "5" * 5000, "expected m=KIND PORT PROTOCOL FORMATS"),
        ("5004", "५००४", "expected m=KIND PORT PROTOCOL FORMATS"),
        ("RTP/AVP", "RTP/SAVP", "expected the protocol RTP/AVP, got 'RTP/SAVP'; celpvq neither"),
        ("m=audio", "m=video", "expected an audio stream of CELPVQ/8000, found none"),
        ("CELPVQ", "AMR", "expected an audio stream of CELPVQ/8000, found none"),
        ("AVP 98", "AVP 99", "expected an audio stream of CELPVQ/8000, found none"),
        ("98", "0", "payload type: expected 96 to 127, got 0"),
        ("98", "128", "payload type: expected 96 to 127, got 128"),
        ("98", "1000", "expected an audio stream of CELPVQ/8000, found none"),
        ("/8000", "/16000", "rtpmap: expected a clock of 8000 Hz, got '16000'"),
        ("/8000", "/8000/2", "rtpmap: expected a clock of 8000 Hz, got '8000/2'"),
        ("/8000", "", "rtpmap: expected a clock of 8000 Hz, got ''"),
        ("a=ptime:20", "a=ptime:40", "ptime: expected 20 ms, got '40'"),
        ("a=ptime:20", "a=ptime:" + "2" * 5000, "ptime: expected 20 ms, got '2222"),
        ("a=ptime:20", "a=ptime", "ptime: expected 20 ms, got ''"),
        ("maxptime:20", "maxptime:10", "maxptime: expected 20 ms or more, got '10'"),
        ("4800,6400", "4800,12200", "mode-set: expected a list of 4800, .* 8000, got '12200'"),
        ("4800,6400", "", "mode-set: expected a list of .*, got ''"),
        ("dtx=1", "dtx=2", "dtx: expected 0 or 1, got '2'"),
        ("dtx=1", "dtx", "dtx: expected 0 or 1, got ''"),
        ("dtx=1", "dtx=1; dtx=1", "fmtp: two values of dtx"),
        ("=fde02", "=xde02", "tables: expected 16 to 64 hexadecimal digits, got 'xde02"),
        ("fde02ffe15d87ddb", "fde0", "tables: expected 16 to 64 hexadecimal digits, got 'fde0'"),
        ("c=IN IP4 192.0.2.7\n", "", "expected c=IN IP4 ADDRESS, got 'c='"),
        ("IN IP4 192.0.2.7", "ATM NSAP 47", "expected c=IN IP4 ADDRESS, got 'c=ATM NSAP 47'"),
        ("192.0.2.7", "224.2.1.1/127/3", "got the multicast address 224.2.1.1"),
        ("192.0.2.7", "a;b", "host: expected a name or an address, got 'a;b'"),
        ("192.0.2.7", "a" * 300, "host: expected a name or an address"),
    ],
)
def test_a_malformed_description_is_refused_with_its_reason(old, new, words):
    with pytest.raises(FormatError, match=f"^SDP: .*{words}") as refused:
        SessionDescription.from_text(changed(old, new))
    message = str(refused.value)
    assert len(message) < 250
    assert message.isprintable()


@pytest.mark.parametrize(
    "text", ["", b"", b"\r\n", b"\x89CVQ\1\0", b"\0" * 100, "v=0", b"\xff\xfe"]
)
def test_other_files_are_refused(text):
    with pytest.raises(FormatError, match=r"^SDP: "):
        SessionDescription.from_text(text)


@pytest.mark.parametrize("extra", ["a=x:" + "y" * sdp_lines.MAX_BYTES, "a=x\n" * 1001])
@pytest.mark.parametrize("encode", [str, str.encode], ids=["text", "bytes"])
def test_a_description_is_bounded(extra, encode):
    with pytest.raises(FormatError, match="at most 65536 bytes and 1000 lines"):
        SessionDescription.from_text(encode(WRITTEN + extra))


@given(st.lists(st.sampled_from([*WRITTEN.splitlines(), "a=fmtp:98 ;=;", "c=", "m= ", "a="])))
def test_any_lines_are_a_description_or_refused(lines):
    try:
        SessionDescription.from_text("\n".join(lines))
    except FormatError:
        return
    assert lines[0] == "v=0"


@given(st.text() | st.binary())
def test_any_text_is_refused(text):
    with pytest.raises(FormatError):
        SessionDescription.from_text(text)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"host": "a b"}, "host: expected"),
        ({"host": "a\r\nm=audio"}, r"host: expected .* got 'a\\r\\nm=audio'"),
        ({"host": ""}, "host: expected"),
        ({"port": 0}, "port: expected 1 to 65535, got 0"),
        ({"payload_type": 95}, "payload type: expected 96 to 127, got 95"),
        ({"modes": ()}, "modes: expected"),
        ({"modes": (8000, 4800)}, r"modes: expected .* got \(8000, 4800\)"),
        ({"modes": (4800, 12200)}, "modes: expected rising rates of 4800, "),
        ({"tables": "abc"}, "tables: expected 16 to 64"),
        ({"tables": "0123456789abcdeF"}, "tables: expected 16 to 64"),
    ],
)
def test_wrong_values_are_refused(values, words):
    with pytest.raises(ArgumentError, match=words):
        SessionDescription(**{"host": "192.0.2.7", "port": 5004} | values)


def test_a_receiver_refuses_the_rates_that_the_description_excludes():
    receiver = Receiver(celpvq.Decoder(), JitterBuffer(0), modes=(4800, 8000))
    sender = Sender()
    for length in (12, 14, 16, 18, 20, 2):
        receiver.feed(sender.datagram(bytes(length)), 0.0)
    assert receiver.stats["malformed"] == 3
    assert receiver.stats["received"] == 3
    with pytest.raises(ArgumentError, match="got 5000"):
        Receiver(celpvq.Decoder(), JitterBuffer(0), modes=(5000,))


def test_the_page_on_networks_shows_a_description(root):
    shown = SessionDescription("there.example", 5004, modes=(4800,), dtx=True, tables=HASH)
    page = (root / "docs" / "network.md").read_text()
    assert shown.to_text().replace("\r\n", "\n") in page
