"""The AudioSocket server, with calls from a fake Asterisk."""

import asyncio
import contextlib
import random
import uuid

import numpy as np
import pytest
from audiosocket import HEAD, Call, Limits, Server, echo, player, recorder
from fake_asterisk import place_call

import celpvq

pytestmark = pytest.mark.network
ID = uuid.UUID("40325ec2-5efd-4bd3-805f-53576e581d13")
HELLO = HEAD.pack(1, 16) + ID.bytes
FAST = {"pace_s": 0.0}
SILENCE = HEAD.pack(0x10, 320) + bytes(320)


def with_server(handler, talk, limits=None):
    """What `talk(port)` returns while a server is there."""

    async def run():
        async with Server(handler, port=0, limits=limits or Limits()) as server:
            return await talk(server.port)

    return asyncio.run(run())


async def raw(port, data, *, close=True):
    """What a server sends back for bytes, until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    if close:
        writer.write_eof()
    try:
        return await asyncio.wait_for(reader.read(), 60)
    except ConnectionResetError:  # it closed before it had read everything
        return b""
    finally:
        writer.close()


def sent_frames(speech, loss):
    """The speech without the frames that the fake Asterisk leaves out."""
    rng = random.Random(1)
    frames = speech[: len(speech) // 160 * 160].reshape(-1, 160)
    return np.concatenate([frame for frame in frames if rng.random() >= loss])


@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_a_call_is_recorded_to_the_sample(speech, tmp_path, loss):
    handler = recorder(tmp_path, 4800)
    talk = with_server(
        handler, lambda port: place_call(port, speech, loss=loss, call_id=ID, **FAST)
    )
    sent = sent_frames(speech, loss)
    assert talk.n_sent == len(sent)
    assert (len(sent) < len(speech)) == (loss > 0)
    file = tmp_path / f"{ID}.cvq"
    info = celpvq.info(file)
    assert (info.n_samples, info.mode, info.samplerate, info.whole) == (len(sent), 4800, 8000, True)
    assert file.read_bytes() == celpvq.encode(sent, 8000, 4800)
    assert len(talk.heard) == 0


def test_recording_with_dtx_saves_bytes(tmp_path, speech):
    x = np.concatenate([speech[:4000], np.zeros(8000, np.int16)])
    handler = recorder(tmp_path, dtx=True)
    with_server(handler, lambda port: place_call(port, x, call_id=ID, **FAST))
    info = celpvq.info(tmp_path / f"{ID}.cvq")
    assert (info.n_samples, info.variable) == (12000, True)
    assert info.n_bytes < len(celpvq.encode(x, 8000)) * 0.8


def test_a_file_is_played_to_the_sample_and_the_call_ends(speech, tmp_path):
    x = speech[:4123]
    (tmp_path / "a.cvq").write_bytes(celpvq.encode(x, 8000))
    handler = player(tmp_path / "a.cvq")
    start = []

    async def talk(port):
        start.append(asyncio.get_running_loop().time())
        found = await place_call(port, speech[:800], wait_s=60)
        start.append(asyncio.get_running_loop().time())
        return found

    found = with_server(handler, talk)
    expected, _ = celpvq.decode((tmp_path / "a.cvq").read_bytes(), dtype="int16")
    np.testing.assert_array_equal(found.heard, expected)
    assert len(found.heard) == 4123
    assert found.hung_up
    assert start[1] - start[0] > 0.02 * 25  # in real time


def test_playing_stops_when_the_caller_hangs_up(speech, tmp_path):
    (tmp_path / "a.cvq").write_bytes(celpvq.encode(np.zeros(8000 * 60), 8000, preset="fast"))
    found = with_server(player(tmp_path / "a.cvq"), lambda port: place_call(port, speech[:1600]))
    assert not found.hung_up
    assert len(found.heard) < 8000 * 59


def test_an_echo_through_one_lost_packet_in_ten_keeps_its_length(speech):
    handler = echo(8000, loss=0.1, seed=5)
    found = with_server(handler, lambda port: place_call(port, speech, wait_s=2, **FAST))
    packets = celpvq.Encoder(8000, "fast").write(speech)
    rng, decoder = random.Random(5), celpvq.Decoder(dtype="int16")
    lost = [rng.random() < 0.1 for _ in packets]
    expected = [
        decoder.decode_frame(None if gone else p) for gone, p in zip(lost, packets, strict=True)
    ]
    assert sum(lost) > 3
    assert len(found.heard) == found.n_sent == len(speech)
    np.testing.assert_array_equal(found.heard, np.concatenate(expected))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        HEAD.pack(1, 15) + bytes(15),
        HEAD.pack(0x10, 16) + bytes(16),
        HEAD.pack(1, 0xFFFF) + bytes(100),
        HELLO[:10],
        HELLO,
        HELLO + HEAD.pack(0, 0),
        HELLO + HEAD.pack(0xFF, 1) + b"\2",
    ],
)
def test_a_peer_without_sound_leaves_no_file(tmp_path, data):
    assert with_server(recorder(tmp_path), lambda port: raw(port, data)) == b""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "disconnected"),
        (HEAD.pack(0, 0), "the caller has hung up"),
        (SILENCE[:200], "disconnected within a message"),
        (SILENCE[:2], "disconnected within a message"),
        (HEAD.pack(0x10, 321) + bytes(321), "expected sound at 8000 Hz, got kind 0x10 with 321"),
        (HEAD.pack(0x12, 640) + bytes(640), "expected sound at 8000 Hz, got kind 0x12 with 640"),
        (HEAD.pack(0x10, 8001), "expected at most 8000 bytes, got 8001"),
        (HEAD.pack(0xFF, 1) + b"\2", "Asterisk reports the error 02"),
        (HEAD.pack(0x77, 0), "got kind 0x77 with 0 bytes"),
    ],
)
def test_a_call_that_breaks_off_leaves_a_whole_file(tmp_path, data, reason, caplog):
    caplog.set_level("INFO", "audiosocket")
    begin = HELLO + SILENCE + HEAD.pack(3, 1) + b"5" + HEAD.pack(0x10, 0) + SILENCE
    assert with_server(recorder(tmp_path), lambda port: raw(port, begin + data)) == b""
    info = celpvq.info(tmp_path / f"{ID}.cvq")
    assert (info.n_samples, info.whole) == (320, True)
    assert reason in caplog.text


@pytest.mark.parametrize(
    ("message", "n_frames"), [(SILENCE, 500), (HEAD.pack(0x10, 0), 1), (HEAD.pack(3, 1) + b"5", 1)]
)
def test_a_peer_that_floods_is_cut_off(tmp_path, message, n_frames, caplog, monkeypatch):
    caplog.set_level("INFO", "audiosocket")
    monkeypatch.setattr("audiosocket._now", lambda: 0.0)  # no time passes
    with_server(recorder(tmp_path), lambda port: raw(port, HELLO + SILENCE + message * 3000))
    assert "faster than in real time" in caplog.text
    info = celpvq.info(tmp_path / f"{ID}.cvq")
    assert (info.n_samples, info.whole) == (160 * n_frames, True)


def test_a_peer_that_falls_silent_is_cut_off(tmp_path, caplog):
    caplog.set_level("INFO", "audiosocket")
    limits = Limits(silent_s=0.3)
    data = HELLO + SILENCE + SILENCE[:5]
    with_server(recorder(tmp_path), lambda port: raw(port, data, close=False), limits)
    assert celpvq.info(tmp_path / f"{ID}.cvq").n_samples == 160
    assert "nothing has arrived for 0.3 s" in caplog.text


def test_a_peer_that_never_says_who_it_is_is_cut_off(tmp_path):
    limits = Limits(identify_s=0.3)
    with_server(recorder(tmp_path), lambda port: raw(port, HELLO[:5], close=False), limits)


def test_a_call_has_a_greatest_length(tmp_path, caplog):
    caplog.set_level("INFO", "audiosocket")
    limits = Limits(call_s=0.2)

    async def talk(port):
        return await place_call(port, np.zeros(8000 * 60, np.int16), call_id=ID)

    found = with_server(recorder(tmp_path), talk, limits)
    assert found.n_sent < 8000 * 60
    assert "the call takes more than 0.2 s" in caplog.text
    assert celpvq.info(tmp_path / f"{ID}.cvq").whole


def test_a_peer_that_does_not_listen_is_cut_off():
    class Deaf:
        def write(self, data):
            pass

        async def drain(self):
            await asyncio.sleep(3600)

    async def run():
        call = Call(None, Deaf(), Limits(silent_s=0.1))
        with pytest.raises(TimeoutError):
            await call.send(np.zeros(160, np.int16))

    asyncio.run(run())


def test_the_number_of_calls_is_bounded(tmp_path, caplog):
    async def talk(port):
        async def open_call():
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HEAD.pack(1, 16) + uuid.uuid4().bytes + SILENCE)
            return reader, writer

        first, second = await open_call(), await open_call()
        while len(list(tmp_path.iterdir())) < 2:  # until both calls are being recorded
            await asyncio.sleep(0.01)
        third = await open_call()
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(third[0].read(), 60) == b""
        first[1].write(HEAD.pack(0, 0))
        assert await asyncio.wait_for(first[0].read(), 60) == b""
        await place_call(port, np.zeros(320, np.int16), call_id=ID, **FAST)
        second[1].write(HEAD.pack(0, 0))
        assert await asyncio.wait_for(second[0].read(), 60) == b""
        for _, writer in (first, second, third):
            writer.close()

    with_server(recorder(tmp_path), talk, Limits(2))
    assert "there are 2 calls already" in caplog.text
    assert sorted(celpvq.info(path).n_samples for path in tmp_path.iterdir()) == [160, 160, 320]


def test_a_recording_is_never_replaced(tmp_path, speech, caplog):
    async def talk(port):
        await place_call(port, speech[:1600], call_id=ID, **FAST)
        await place_call(port, speech[:3200], call_id=ID, **FAST)

    with_server(recorder(tmp_path), talk)
    assert [path.name for path in tmp_path.iterdir()] == [f"{ID}.cvq"]
    assert celpvq.info(tmp_path / f"{ID}.cvq").n_samples == 1600
    assert "exists already" in caplog.text


def test_two_calls_with_one_uuid_at_a_time_are_refused(tmp_path, caplog):
    async def talk(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HELLO + SILENCE)
        while not list(tmp_path.iterdir()):
            await asyncio.sleep(0.01)
        assert await raw(port, HELLO + SILENCE * 5) == b""
        writer.write(HEAD.pack(0, 0))
        await reader.read()
        writer.close()

    with_server(recorder(tmp_path), talk)
    assert "there is a call with this UUID" in caplog.text
    assert celpvq.info(tmp_path / f"{ID}.cvq").n_samples == 160


def test_a_server_that_stops_completes_its_recordings(tmp_path):
    async def run():
        async with Server(recorder(tmp_path), port=0) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(HELLO + SILENCE * 10)
            while not list(tmp_path.iterdir()):
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
        assert await reader.read() == b""
        writer.close()

    asyncio.run(run())
    [path] = tmp_path.iterdir()
    info = celpvq.info(path)
    assert info.whole
    assert 160 <= info.n_samples <= 1600
    assert path.name == f"{ID}.cvq"


def test_a_full_disk_ends_one_call_only(tmp_path, monkeypatch, caplog, speech):
    write = celpvq.SpeechWriter.write

    def full(self, chunk):
        if self.n_samples > 800:
            raise celpvq.OutputError("no space left")
        write(self, chunk)

    async def talk(port):
        with monkeypatch.context() as patch:
            patch.setattr(celpvq.SpeechWriter, "write", full)
            await place_call(port, speech, call_id=ID, pace_s=0.005)
        await place_call(port, speech[:1600], **FAST)

    with_server(recorder(tmp_path), talk)
    assert "no space left" in caplog.text
    assert 1600 in [celpvq.info(path).n_samples for path in tmp_path.iterdir()]
