"""The websocket server, with Starlette's test client."""

import asyncio
import random
import threading

import numpy as np
import pytest

import celpvq
from celpvq.rtp import messages
from celpvq.rtp.message_streams import MessageReceiver, MessageSender

pytest.importorskip("starlette", reason="needs starlette and httpx2")
httpx2 = pytest.importorskip("httpx2", reason="needs starlette and httpx2")

import websocket_server  # noqa: E402
from starlette.testclient import TestClient  # noqa: E402
from starlette.websockets import WebSocketDisconnect  # noqa: E402
from websocket_server import Settings, make_app  # noqa: E402

ONE = messages.pack(0, [bytes(16)])


def session(app, **options):
    return TestClient(app).websocket_connect("/speech", **options)


def spoken(speech, mode=6400, size=160):
    """The messages of speech, a chunk in each."""
    sender = MessageSender(celpvq.Encoder(mode, "fast"))
    return [sender.write(speech[i : i + size]) for i in range(0, len(speech), size)]


def heard(answers):
    receiver = MessageReceiver(celpvq.Decoder(dtype="int16"))
    return np.concatenate([receiver.feed(answer, 0.0) for answer in answers])


def closure(websocket):
    """Code and reason of the closure; answers before it are skipped."""
    while True:
        try:
            websocket.receive_bytes()
        except WebSocketDisconnect as closed:
            return closed.code, closed.reason


@pytest.mark.parametrize("size", [160, 320, 1600])
def test_an_echo_with_one_message_in_ten_lost_keeps_its_length(speech, size):
    sent = spoken(speech, 4800, size)
    rng = random.Random(3)
    kept = [m for k, m in enumerate(sent) if k in (0, len(sent) - 1) or rng.random() >= 0.1]
    with session(make_app(Settings(mode=8000))) as websocket:
        answers = []
        for message in kept:
            websocket.send_bytes(message)
            answers.append(websocket.receive_bytes())
    assert len(kept) < len(sent)
    assert {len(p) for answer in answers for p in messages.unpack(answer)[1]} == {20}
    sound = heard(answers)
    assert len(sound) == len(speech) == 16000
    receiver, encoder = MessageReceiver(celpvq.Decoder(dtype="int16")), celpvq.Encoder(8000, "fast")
    decoder = celpvq.Decoder(dtype="int16")
    expected = [
        decoder.decode_frame(packet)
        for message in kept
        for packet in encoder.write(receiver.feed(message, 0.0))
    ]
    np.testing.assert_array_equal(sound, np.concatenate(expected))


def test_each_connection_has_its_own_decoder(speech):
    sent = spoken(speech[:3200])
    app = make_app()
    with session(app) as first, session(app) as second:
        answers = {first: [], second: []}
        for message in sent:
            for websocket in (first, second):
                websocket.send_bytes(message)
                answers[websocket].append(websocket.receive_bytes())
    assert answers[first] == answers[second]


def test_the_application_chooses_the_answer(speech):
    def respond(heard):
        return np.tile(heard, 3) if heard.any() else heard[:0]

    with session(make_app(respond=respond)) as websocket:
        websocket.send_bytes(messages.pack(0, [b""]))  # silence, to which there is no answer
        websocket.send_bytes(messages.pack(1, messages.unpack(spoken(speech, size=1600)[2])[1]))
        assert len(messages.unpack(websocket.receive_bytes())[1]) == 30


@pytest.mark.parametrize(
    ("message", "code", "reason"),
    [
        (b"", 1007, "expected a message of celpvq"),
        (b"garbage", 1007, "expected a message of celpvq"),
        (ONE[:-1], 1007, "expected a message of celpvq"),
        (bytes(messages.MAX_BYTES + 1), 1009, "expected at most 5252 bytes"),
        ("text", 1003, "expected binary messages"),
    ],
)
def test_other_messages_end_the_session(message, code, reason):
    with session(make_app()) as websocket:
        websocket.send_bytes(ONE)
        websocket.receive_bytes()
        (websocket.send_text if isinstance(message, str) else websocket.send_bytes)(message)
        assert closure(websocket) == (code, reason)


def test_a_client_faster_than_real_time_is_cut_off():
    with session(make_app(Settings(burst_s=4.0))) as websocket:
        websocket.send_bytes(messages.pack(0, [b""] * 150))
        websocket.receive_bytes()
        websocket.send_bytes(messages.pack(600, [b""]))  # the gap counts
        assert closure(websocket) == (1008, "messages arrive faster than in real time")


def test_a_silent_client_is_cut_off():
    with session(make_app(Settings(silent_s=0.3))) as websocket:
        websocket.send_bytes(ONE)
        assert closure(websocket) == (1008, "nothing has arrived for 0.3 s")


def test_a_session_has_a_greatest_length():
    with session(make_app(Settings(session_s=0.3))) as websocket:
        assert closure(websocket) == (1001, "the session takes more than 0.3 s")


def test_the_number_of_sessions_is_bounded():
    app = make_app(Settings(n_sessions=2))
    with session(app) as first, session(app) as second:
        with session(app) as third:
            assert closure(third) == (1013, "too many sessions")
        for websocket in (first, second):
            websocket.send_bytes(ONE)
            websocket.receive_bytes()
    with session(app) as again:
        again.send_bytes(ONE)
        assert len(again.receive_bytes()) == len(ONE)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://bob.example.evil.example", "null", ""]
)
def test_a_foreign_origin_is_refused(origin):
    app = make_app(Settings(frozenset({"https://bob.example"})))
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        session(app, headers={"origin": origin}),
    ):
        pass
    assert refused.value.code == 1008


def test_two_origins_must_both_be_known():
    app = make_app(Settings(frozenset({"https://bob.example"})))
    origins = ["https://bob.example", "https://evil.example"]
    headers = httpx2.Headers([("origin", origin) for origin in origins])
    with pytest.raises(WebSocketDisconnect), session(app, headers=headers):
        pass


@pytest.mark.parametrize("headers", [{}, {"origin": "https://bob.example"}])
def test_known_pages_and_programs_may_connect(headers):
    app = make_app(Settings(frozenset({"https://bob.example"})))
    with session(app, headers=headers) as websocket:
        websocket.send_bytes(ONE)
        assert len(websocket.receive_bytes()) == len(ONE)


def test_without_an_origin_in_the_settings_no_page_may_connect():
    with pytest.raises(WebSocketDisconnect), session(make_app(), headers={"origin": "http://a"}):
        pass


class SlowClient:
    """A websocket that sends messages at once, and takes the answers when it is told to."""

    def __init__(self, sent):
        self.sent, self.taken = list(sent), []
        self.ready = asyncio.Event()

    async def receive(self):
        while not self.sent:
            await asyncio.sleep(3600)
        return {"type": "websocket.receive", "bytes": self.sent.pop(0)}

    async def send_bytes(self, data):
        await self.ready.wait()
        self.taken.append(data)


def run_session(client, settings, then):
    async def run():
        talk = websocket_server.Session(client, settings, websocket_server.echo)
        ending = asyncio.create_task(talk.run())
        await then(client)
        return talk, await ending

    return asyncio.run(run())


def test_answers_that_a_slow_client_does_not_take_are_left_out(speech):
    async def wake_up(client):
        while client.sent:
            await asyncio.sleep(0.01)
        client.ready.set()

    client = SlowClient(spoken(speech)[:40])
    talk, _ = run_session(client, Settings(n_waiting=10, silent_s=1.0), wake_up)
    assert 10 <= len(client.taken) <= 12  # those that waited, and those in hand
    assert len(client.taken) + talk.n_left_out == 40
    numbers = [messages.unpack(answer)[0] for answer in client.taken]
    assert numbers == sorted(set(numbers))


def test_a_client_that_takes_no_answers_is_cut_off(speech):
    async def nothing(_):
        pass

    _, ending = run_session(SlowClient(spoken(speech)[:5]), Settings(silent_s=0.5), nothing)
    assert ending in [
        (1008, "the answers do not leave"),
        (1008, "nothing has arrived for 0.5 s"),  # both are due at nearly the same time
    ]


def test_no_thread_or_task_is_left_behind(speech):
    before = threading.active_count()
    app = make_app()
    for _ in range(5):
        with session(app) as websocket:
            websocket.send_bytes(ONE)
    assert threading.active_count() <= before + 1
