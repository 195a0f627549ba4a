"""The server of the page, with Starlette's test client."""

import contextlib
import json
import re
import struct
import threading

import numpy as np
import pytest

import celpvq

pytest.importorskip("starlette", reason="needs celpvq[web] and httpx2")
pytest.importorskip("httpx2", reason="needs celpvq[web] and httpx2")

from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from celpvq.rtp import FrameBudget
from celpvq.web.live import Choices, Settings, make_app
from celpvq.web.live.access import own_origins

ADDRESS = "http://127.0.0.1:8000"
CALL = "ws://127.0.0.1:8000/call"
SILENCE = bytes(324)
FAST = Choices(preset="fast")


@pytest.fixture(scope="module")
def speech(clips):
    """Speech in messages; the codec is compiled."""
    celpvq.warmup(variable_rate=True)
    frames = np.round(clips["espeak-f-es"][4000:12000] * 32767).astype("<i2").reshape(-1, 160)
    return [struct.pack("<I", k) + frame.tobytes() for k, frame in enumerate(frames)]


def client(choices=FAST, address=ADDRESS, **settings):
    app = make_app(Settings(own_origins("127.0.0.1", 8000), choices, **settings))
    return TestClient(app, base_url=address)


def ask(websocket, message):
    websocket.send_bytes(message)
    return websocket.receive_bytes()


def closure(websocket):
    """Code and reason of the closure; answers before it are skipped."""
    while True:
        try:
            websocket.receive_bytes()
        except WebSocketDisconnect as closed:
            return closed.code, closed.reason


def test_the_page_and_all_that_it_loads_are_served():
    site = client(Choices(4800, loss=5))
    document = site.get("/")
    assert document.headers["content-type"].startswith("text/html")
    assert "<title>celpvq live</title>" in document.text
    policy = document.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    for name in ("live.js", "capture.js", "celpvq.js", "player.js"):
        assert site.get(f"/{name}").headers["content-type"].startswith("text/javascript")
    assert site.get("/base.css").headers["content-type"].startswith("text/css")
    setup = site.get("/setup.json").json()
    assert setup["choices"]["mode"] == 4800
    assert setup["choices"]["loss"] == 5
    assert setup["modes"] == [4800, 5600, 6400, 7200, 8000]
    assert site.get("/../pyproject.toml").status_code == 404
    assert site.get("/other").status_code == 404


def test_every_import_of_a_script_is_served():
    site = client()
    seen, left = set(), ["live.js", "capture.js"]
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        answer = site.get(f"/{name}")
        assert answer.status_code == 200, name
        left += re.findall(r'\b(?:from |import |import\()"\./(.*?)"', answer.text)
    assert {"session.js", "celpvq.js", "decimator.js", "sha256.js"} < seen


def test_the_tables_are_those_of_the_encoder():
    tables = celpvq.codec.common.table_set.default()
    assert client().get("/tables").content == tables.to_bytes()


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:8001"},
        {"origin": "https://127.0.0.1:8000"},
        {"origin": "null"},
        {"origin": ""},
        {"host": "evil.example:8000"},
        {"host": "127.0.0.1"},
        {"host": "127.0.0.1:8000.evil.example"},
    ],
)
def test_foreign_pages_and_hosts_are_refused(headers):
    site = client()
    for path in ("/", "/tables", "/setup.json"):
        answer = site.get(path, headers=headers)
        assert answer.status_code == 403
        assert "celpvq" not in answer.text
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        site.websocket_connect(CALL, headers=headers),
    ):
        pass
    assert refused.value.code == 1008


@pytest.mark.parametrize("headers", [{}, {"origin": ADDRESS}, {"origin": "http://localhost:8000"}])
def test_the_own_page_and_programs_may_call(headers):
    with client().websocket_connect(CALL, headers=headers) as websocket:
        assert len(ask(websocket, SILENCE)) == 5 + 1 + 16


def test_a_further_origin_may_call():
    settings = Settings(own_origins("127.0.0.1", 8000) | {"https://bob.example"}, FAST)
    site = TestClient(make_app(settings), base_url="https://bob.example")
    assert site.get("/", headers={"origin": "https://bob.example"}).status_code == 200
    assert site.get("/", headers={"origin": "https://alice.example"}).status_code == 403


def test_packets_come_back_in_order_and_follow_the_choices(speech):
    with client(Choices(4800, preset="fast")).websocket_connect(CALL) as websocket:
        first = [ask(websocket, message) for message in speech[:20]]
        websocket.send_text(json.dumps({"mode": 8000, "preset": "fast"}))
        second = [ask(websocket, message) for message in speech[20:]]
    assert [struct.unpack_from("<I", answer)[0] for answer in first + second] == list(range(50))
    encoder = celpvq.Encoder(4800, "fast")
    for k, answer in enumerate(first + second):
        encoder.mode = 4800 if k < 20 else 8000
        frame = np.frombuffer(speech[k][4:], "<i2")
        assert answer[6:] == encoder.encode_frame(frame)


def test_each_call_has_its_own_encoder_and_losses(speech):
    site = client(Choices(preset="fast", loss=30), seed=5)
    with site.websocket_connect(CALL) as first, site.websocket_connect(CALL) as second:
        answers = [[ask(call, message) for call in (first, second)] for message in speech]
    lost = [[len(answer) == 5 for answer in pair] for pair in answers]
    assert any(a != b for a, b in lost)
    assert all(a[5:] == b[5:] for a, b in answers if len(a) > 5 and len(b) > 5)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"", "frame: expected 324 bytes, got 0"),
        (bytes(325), "frame: expected 324 bytes, got 325"),
        ("{", "choices: expected JSON"),
        ('{"mode": 1}', "expected"),
        (" " * 600, "choices: expected at most 512 characters, got 600"),
    ],
)
def test_other_messages_end_the_call(message, reason):
    with client().websocket_connect(CALL) as websocket:
        ask(websocket, SILENCE)
        (websocket.send_text if isinstance(message, str) else websocket.send_bytes)(message)
        code, text = closure(websocket)
    assert code == 1007
    assert reason in text


def test_eight_calls_run_at_once(speech):
    site = client()
    with contextlib.ExitStack() as stack:
        calls = [stack.enter_context(site.websocket_connect(CALL)) for _ in range(8)]
        for message in speech:
            for call in calls:
                call.send_bytes(message)
        answers = [[call.receive_bytes() for _ in speech] for call in calls]
    assert all(answer == answers[0] for answer in answers)
    assert len(set(answers[0])) == len(speech)


@pytest.mark.parametrize("message", [SILENCE, b"{}"])
def test_a_page_faster_than_real_time_is_cut_off(message, monkeypatch):
    take = FrameBudget.take
    monkeypatch.setattr(FrameBudget, "take", lambda self, n, now: take(self, n, 0.0))
    with client().websocket_connect(CALL) as websocket:
        for _ in range(1501):  # 30 s at once are allowed
            if message == SILENCE:
                websocket.send_bytes(message)
            else:
                websocket.send_text(message.decode())
        assert closure(websocket) == (1008, "messages arrive faster than in real time")


def test_a_silent_page_is_cut_off():
    with client(silent_s=0.3).websocket_connect(CALL) as websocket:
        ask(websocket, SILENCE)
        assert closure(websocket) == (1008, "nothing has arrived for 0.3 s")


def test_the_number_of_calls_is_bounded():
    site = client(n_calls=2)
    with site.websocket_connect(CALL) as first, site.websocket_connect(CALL) as second:
        with site.websocket_connect(CALL) as third:
            assert closure(third) == (1013, "the server has 2 calls already")
        for websocket in (first, second):
            ask(websocket, SILENCE)
    with site.websocket_connect(CALL) as again:
        ask(again, SILENCE)


def test_no_thread_is_left_behind():
    site = client()
    before = threading.active_count()
    for _ in range(5):
        with site.websocket_connect(CALL) as websocket:
            ask(websocket, SILENCE)
    assert threading.active_count() <= before + 1
