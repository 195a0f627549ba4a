"""A serializer for pipecat: the speech of a bot over a websocket, in a few kbit/s.

    from pipecat_serializer import CelpvqFrameSerializer

    transport = FastAPIWebsocketTransport(
        websocket,
        FastAPIWebsocketParams(
            audio_in_enabled=True, audio_out_enabled=True, serializer=CelpvqFrameSerializer()
        ),
    )

`pipecat_bot.py` is a whole bot. The other end sends and receives binary messages as in
`celpvq.rtp.messages`; `websocket_client.py` does. It may also get two texts: ``{"event": "clear"}``
if it should stop playing, and the messages that processors send.

Run the pipeline at 8000 Hz if its services allow it. At other rates pipecat's resamplers are used.
"""

import json
import time
from collections.abc import Callable

import numpy as np
from pipecat.audio.utils import create_stream_resampler
from pipecat.frames.frames import (
    AudioRawFrame,
    CancelFrame,
    EndFrame,
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    OutputTransportMessageFrame,
    OutputTransportMessageUrgentFrame,
)
from pipecat.processors.frame_processor import FrameProcessorSetup
from pipecat.serializers.base_serializer import FrameSerializer

import celpvq
from celpvq.rtp.message_streams import MessageReceiver, MessageSender, MessageStats

SAMPLERATE = 8000


class CelpvqFrameSerializer(FrameSerializer):
    """Turn audio frames into messages of celpvq, and back; one object for each connection.

    Coding 20 ms takes less than a millisecond, so it is done in the event loop: pipecat may call
    `serialize` from two tasks, and the order of the frames has to stay.

    Parameters
    ----------
    mode : int
        Bit rate of the speech that is sent [bit/s].
    dtx : bool
        Whether pauses take fewer bytes.
    params : FrameSerializer.InputParams, optional
        Parameters of the base class.
    clock : callable
        Returns the time [s].
    """

    def __init__(
        self, mode: int = 6400, *, dtx: bool = False,
        params: FrameSerializer.InputParams | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        params = params or FrameSerializer.InputParams(resampler_clear_after_secs=None)
        super().__init__(params)
        self._clock = clock
        self._sender = MessageSender(celpvq.Encoder(mode, "fast", dtx=dtx))
        self._receiver = MessageReceiver(celpvq.Decoder(dtype="int16"))
        self._to_8k = create_stream_resampler(clear_after_secs=params.resampler_clear_after_secs)
        self._from_8k = create_stream_resampler(clear_after_secs=params.resampler_clear_after_secs)
        self._in_hz = SAMPLERATE  # of the pipeline's input
        self._ended = False

    @property
    def stats(self) -> MessageStats:
        """Counts of the packets that arrived, and of those refused."""
        return self._receiver.stats

    async def setup(self, setup: FrameProcessorSetup) -> None:
        """Take the rate of the pipeline's input; both transports call this."""
        self._in_hz = setup.audio_in_sample_rate

    async def serialize(self, frame: Frame) -> str | bytes | None:
        """Return the message for a frame, or None if there is nothing to send yet."""
        if isinstance(frame, EndFrame | CancelFrame):
            return await self._end()
        if isinstance(frame, InterruptionFrame):
            await self._to_8k.reset()
            self._sender.reset()
            return json.dumps({"event": "clear"})
        if isinstance(frame, AudioRawFrame):
            x = np.frombuffer(frame.audio, "<i2").reshape(-1, frame.num_channels)
            mono = x if frame.num_channels == 1 else np.round(x.mean(axis=1)).astype("<i2")
            at_8k = await self._to_8k.resample(mono.tobytes(), frame.sample_rate, SAMPLERATE)
            return self._sender.write(np.frombuffer(at_8k, "<i2"))
        if isinstance(frame, OutputTransportMessageFrame | OutputTransportMessageUrgentFrame):
            return None if self.should_ignore_frame(frame) else json.dumps(frame.message)
        return None

    async def _end(self) -> bytes | None:
        """Return the rest of the speech, once."""
        if self._ended:
            return None
        self._ended = True
        return self._sender.flush(np.frombuffer(await self._to_8k.flush(), "<i2"))

    async def deserialize(self, data: str | bytes) -> Frame | None:
        """Return the sound of a message at the rate of the pipeline; None if it cannot be used.

        It never raises an exception, for that would end the connection.
        """
        if not isinstance(data, bytes):
            return None
        samples = self._receiver.feed(data, self._clock())
        at_8k = samples.astype("<i2").tobytes()
        audio = await self._from_8k.resample(at_8k, SAMPLERATE, self._in_hz)
        if not audio:
            return None
        return InputAudioRawFrame(audio=audio, sample_rate=self._in_hz, num_channels=1)
