"""celpvq: a CELP speech codec for 8 kHz speech at 4.8 to 8 kbit/s with trained codebooks.

The interface has three layers:

- Arrays: `encode`, `decode`, `roundtrip`, `analyze`, `encode_batch`, `decode_batch`.
- Files: `open` for sound (`SpeechReader`, `SpeechWriter`), `read_packets` and `write_packets` for
  packets, `info`.
- Streams: `Encoder` and `Decoder` for chunks and frames, `encode_stream` and `decode_stream`.

>>> import numpy as np
>>> import celpvq
>>> x = 0.1 * np.sin(0.3 * np.arange(16000))  # a second at 16 kHz
>>> data = celpvq.encode(x, 16000, mode=6400)
>>> y, samplerate = celpvq.decode(data)
>>> len(data), len(y), samplerate
(856, 8000, 8000)
>>> packets = celpvq.read_packets(data)
>>> len(packets), len(packets[0])
(51, 16)
>>> sum(len(sound) for sound in celpvq.decode_stream(packets, samplerate=16000))
16240
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import analyze as analyze
    from .api import decode as decode
    from .api import encode as encode
    from .api import roundtrip as roundtrip
    from .api import warmup as warmup
    from .batch import decode_batch as decode_batch
    from .batch import encode_batch as encode_batch
    from .codec.common.table_set import TableSet as TableSet
    from .codec.encoder.variable_rate import VariableRate as VariableRate
    from .codec.format.modes import Mode as Mode
    from .codec.format.modes import modes as modes
    from .container import Info as Info
    from .container import Rates as Rates
    from .container import info as info
    from .container import read_packets as read_packets
    from .container import write_packets as write_packets
    from .errors import ArgumentError as ArgumentError
    from .errors import ArgumentTypeError as ArgumentTypeError
    from .errors import CelpvqError as CelpvqError
    from .errors import ChecksumError as ChecksumError
    from .errors import ClosedError as ClosedError
    from .errors import ConcurrentUseError as ConcurrentUseError
    from .errors import DeviceError as DeviceError
    from .errors import FormatError as FormatError
    from .errors import MissingPackageError as MissingPackageError
    from .errors import NetworkError as NetworkError
    from .errors import OutputError as OutputError
    from .errors import OutputExistsError as OutputExistsError
    from .errors import SoundFileError as SoundFileError
    from .errors import TablesError as TablesError
    from .errors import TruncatedStream as TruncatedStream
    from .stream import Decoder as Decoder
    from .stream import Encoder as Encoder
    from .stream import SpeechReader as SpeechReader
    from .stream import SpeechWriter as SpeechWriter
    from .stream import decode_stream as decode_stream
    from .stream import encode_stream as encode_stream
    from .stream import open as open

    __version__: str

_NAMES = {
    "api": ("analyze", "decode", "encode", "roundtrip", "warmup"),
    "batch": ("decode_batch", "encode_batch"),
    "codec.common.table_set": ("TableSet",),
    "codec.encoder.variable_rate": ("VariableRate",),
    "codec.format.modes": ("Mode", "modes"),
    "container": ("Info", "Rates", "info", "read_packets", "write_packets"),
    "errors": (
        "ArgumentError", "ArgumentTypeError", "CelpvqError", "ChecksumError", "ClosedError",
        "ConcurrentUseError", "DeviceError", "FormatError", "MissingPackageError", "NetworkError",
        "OutputError", "OutputExistsError", "SoundFileError", "TablesError", "TruncatedStream",
    ),
    "stream": (
        "Decoder", "Encoder", "SpeechReader", "SpeechWriter", "decode_stream", "encode_stream",
        "open",
    ),
    "_version": ("__version__",),
}  # fmt: skip
_HOME = {name: module for module, names in _NAMES.items() for name in names}
__all__ = sorted(_HOME)  # noqa: PLE0605  # the table above is the only list


def __getattr__(name: str) -> Any:
    """Load the module that defines `name`: importing celpvq itself loads no other package."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(import_module(f".{_HOME[name]}", __name__), name)
    return globals()[name]


def __dir__() -> list[str]:
    """Return the public names, whether they are loaded or not."""
    return __all__
