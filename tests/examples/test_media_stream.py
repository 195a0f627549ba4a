"""Media streams of telephone services."""

import base64
import json
import random

import numpy as np
import pytest
from media_stream import MAX_TEXT, media, packets

import celpvq
from celpvq.audio.rawfiles import compress, expansion


def mu_law_of(text):
    message = json.loads(text)
    assert (message["event"], message["streamSid"]) == ("media", "MZ1")
    return base64.b64decode(message["media"]["payload"])


def test_a_call_keeps_its_length_with_one_packet_in_ten_lost(speech):
    encoder, decoder = celpvq.Encoder(4800, "fast"), celpvq.Decoder(dtype="int16")
    rng = random.Random(2)
    sent = [packets(media(speech[i : i + 160], "MZ1"), encoder) for i in range(0, 16000, 160)]
    assert [len(listed) for listed in sent] == [1] * 100
    lost = [rng.random() < 0.1 for _ in sent]
    assert sum(lost) > 3
    answers = [
        media(decoder.decode_frame(None if gone else packet), "MZ1")
        for gone, [packet] in zip(lost, sent, strict=True)
    ]
    assert len(b"".join(map(mu_law_of, answers))) == 16000


def test_mu_law_is_expanded_and_compressed(speech):
    encoder, other = celpvq.Encoder(8000, "fast"), celpvq.Encoder(8000, "fast")
    mu_law = compress(speech[:1600], "ULAW")
    text = json.dumps({"event": "media", "media": {"payload": base64.b64encode(mu_law).decode()}})
    expanded = expansion("ULAW")[np.frombuffer(mu_law, np.uint8)]
    assert packets(text, encoder) == other.write(expanded)
    sent = np.frombuffer(mu_law_of(media(expanded, "MZ1")), np.uint8)
    np.testing.assert_array_equal(expansion("ULAW")[sent], expanded)  # zero has two bytes


@pytest.mark.parametrize(
    "message",
    [
        {"event": "connected", "protocol": "Call"},
        {"event": "start", "start": {"streamSid": "MZ1"}},
        {"event": "stop"},
        {"event": "media", "media": {"track": "outbound", "payload": "AAAA"}},
        {"event": "media", "media": {"track": "inbound", "payload": ""}},
    ],
)
def test_other_events_have_no_sound(message):
    assert packets(json.dumps(message), celpvq.Encoder(6400, "fast")) == []


@pytest.mark.parametrize(
    "text",
    [
        "", "garbage", "null", "[]", "7", "[" * 10_000, "{}",
        '{"event": "media"}', '{"event": "media", "media": null}',
        '{"event": "media", "media": {}}', '{"event": "media", "media": {"payload": null}}',
        '{"event": "media", "media": {"payload": "*"}}',
        '{"event": "media", "media": {"payload": "é"}}', "x" * (MAX_TEXT + 1),
    ],
)  # fmt: skip
def test_other_texts_are_refused_and_change_nothing(text, speech):
    encoder, other = celpvq.Encoder(6400, "fast"), celpvq.Encoder(6400, "fast")
    with pytest.raises(celpvq.FormatError, match="text: expected"):
        packets(text, encoder)
    assert encoder.write(speech[:480]) == other.write(speech[:480])
