"""A bot on pipecat that repeats what it hears, over a websocket.

    python examples/servers/pipecat_bot.py --port 8000
    python examples/servers/websocket_client.py speech.wav reply.wav --loss 10

It needs `pip install "pipecat-ai[websocket]" fastapi uvicorn`. Between `input` and `output` a real
bot has recognition of speech, a language model and synthesis.
"""

import argparse
import asyncio

import uvicorn
from fastapi import FastAPI, WebSocket
from pipecat.frames.frames import Frame, InputAudioRawFrame, OutputAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner
from pipecat_serializer import SAMPLERATE, CelpvqFrameSerializer

import celpvq
from celpvq.rtp import messages

N_BOTS = 8  # at the same time
SESSION_S = 600
app = FastAPI()
app.state.origins = []  # of web pages that may connect
bots: set[asyncio.Task[None] | None] = set()


class Echo(FrameProcessor):
    """Turn the sound that arrives into sound that leaves."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Pass a frame on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            frame = OutputAudioRawFrame(frame.audio, frame.sample_rate, frame.num_channels)
        await self.push_frame(frame, direction)


@app.websocket("/speech")
async def speech(websocket: WebSocket) -> None:
    """Run a bot for a connection."""
    origins = websocket.headers.getlist("origin")
    if len(bots) >= N_BOTS or any(origin not in app.state.origins for origin in origins):
        await websocket.close(1008)  # before `accept`: HTTP status 403
        return
    await websocket.accept()
    transport = FastAPIWebsocketTransport(
        websocket,
        FastAPIWebsocketParams(
            audio_in_enabled=True,
            audio_out_enabled=True,
            serializer=CelpvqFrameSerializer(),
            session_timeout=SESSION_S,
        ),
    )
    worker = PipelineWorker(
        Pipeline([transport.input(), Echo(), transport.output()]),
        params=PipelineParams(audio_in_sample_rate=SAMPLERATE, audio_out_sample_rate=SAMPLERATE),
        enable_rtvi=False,
        cancel_on_idle_timeout=False,
    )

    @transport.event_handler("on_client_disconnected")
    @transport.event_handler("on_session_timeout")
    async def leave(*_: object) -> None:
        await worker.cancel()

    bots.add(asyncio.current_task())
    try:
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(worker)
        await runner.run()
    finally:
        bots.discard(asyncio.current_task())


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="A bot that repeats what it hears.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--origin", action="append", default=[], metavar="URL")
    args = parser.parse_args()
    app.state.origins = args.origin
    celpvq.warmup()
    uvicorn.run(
        app, host=args.host, port=args.port, ws_max_size=messages.MAX_BYTES,
        ws_per_message_deflate=False,
    )  # fmt: skip


if __name__ == "__main__":
    main()
