"""The media streams of telephone services, such as Twilio's, to packets and back.

These websockets carry text: JSON, with mu-law bytes at 8000 Hz in base64, 20 ms in each message. A
gateway to a narrow link turns each message into packets, and packets into messages:

    encoder, decoder = celpvq.Encoder(4800, "fast"), celpvq.Decoder(dtype="int16")
    for packet in packets(text, encoder):
        link.send(packet)
    await websocket.send_text(media(decoder.decode_frame(packet), stream_id))
"""

import base64
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

import celpvq
from celpvq.audio.rawfiles import compress, expansion

MAX_TEXT = 16_000  # characters of a message, a second and a half of sound


def packets(text: str, encoder: celpvq.Encoder) -> list[bytes]:
    """Return the packets that a message completes; none for events other than media.

    Parameters
    ----------
    text : str
        A message from the telephone service.
    encoder : Encoder
        Codes the sound of the caller, at 8000 Hz.

    Raises
    ------
    FormatError
        If the text is not such a message. The encoder stays as it was.
    """
    if len(text) > MAX_TEXT:
        raise celpvq.FormatError(f"text: expected at most {MAX_TEXT} characters, got {len(text)}")
    try:
        message: Any = json.loads(text)
        if message["event"] != "media" or message["media"].get("track") == "outbound":
            return []
        mu_law = base64.b64decode(message["media"]["payload"], validate=True)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise celpvq.FormatError(f"text: expected a message of a media stream: {error}") from None
    return encoder.write(expansion("ULAW")[np.frombuffer(mu_law, np.uint8)])


def media(samples: NDArray[np.int16], stream_id: str) -> str:
    """Return the message that plays samples (n,) at 8000 Hz to the caller of a stream."""
    payload = base64.b64encode(compress(samples, "ULAW")).decode()
    return json.dumps({"event": "media", "streamSid": stream_id, "media": {"payload": payload}})
