"""`FrameEncoder`: frames of samples at 8 kHz to packets. The signal path is in `frame`."""

import functools

import numpy as np

from ..._types import F64, I64
from ..common import table_set
from ..common.exclusive import Stateful
from ..common.table_set import TableSet
from ..format import bitstream, modes, redundancy
from ..format.frame_types import EncodedFrame, FrameType
from ..format.modes import FCB_INDICES, FRAME_LEN, GAIN_INDICES, N_INDICES, Mode
from . import dtx, frame, presets, vad
from .frame import EncoderState
from .search_tables import SearchTables

RUN_LEN = 500 * FRAME_LEN  # samples in one call of the kernel: Ctrl-C waits no longer


@functools.lru_cache(maxsize=32)
def _search_tables(tables: TableSet, mode: Mode) -> SearchTables:
    return SearchTables.derive(tables.mode(mode))


class EncoderCore(Stateful):
    """The settings and the state of an encoder, and what its forms share.

    The parameters are those of `celpvq.Encoder`.

    Attributes
    ----------
    state : EncoderState
        The memory of the encoder, for study and for tests. Its fields may change with any version.

    Raises
    ------
    ArgumentError
        If `mode` or `preset` has no such value.
    """

    _last: EncodedFrame | None

    def __init__(
        self, mode: int | str | Mode = 6400, preset: str = "default", *, highpass: bool = True,
        dtx: bool = False, tables: TableSet | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.mode = mode
        self.preset = preset
        self.highpass = bool(highpass)
        self.dtx = bool(dtx)
        self.tables = table_set.given(tables)
        self._restart()

    @property
    def mode(self) -> Mode:
        """The mode of the next frame; may be set to a bit rate."""
        return self._mode

    @mode.setter
    def mode(self, mode: int | str | Mode) -> None:
        self._mode = modes.get(mode)

    @property
    def preset(self) -> str:
        """The width of the search; may be set to the name of another preset."""
        return self._preset

    @preset.setter
    def preset(self, preset: str) -> None:
        presets.get(preset)  # raises
        self._preset = preset

    @property
    def bitrate(self) -> int:
        """Bit rate of the next frame [bit/s]."""
        return self._mode.bitrate

    @property
    def frame_bytes(self) -> int:
        """Length of the next speech packet."""
        return self._mode.frame_bytes

    @property
    def last_frame(self) -> EncodedFrame | None:
        """A report on the last frame; None before the first one."""
        return self._last

    @property
    def redundancy(self) -> bytes:
        """The last frame as a redundant frame of 3 bytes, to travel with the next packet.

        Empty before the first frame, and in pauses.
        """
        if self._last is None or self._last.type != "speech":
            return b""
        tables, committed = self.tables.mode(self._last.mode), self.state.committed
        rows = tables.gain_layout[:, 0] + committed.indices[GAIN_INDICES:FCB_INDICES]
        rms = float(np.sqrt((committed.synthesis.exc[-FRAME_LEN:] ** 2).mean()))
        lag, gain = committed.synthesis.lag3 / 3, float(tables.gain[rows, 0].mean())
        return redundancy.pack(self._last.lsf, lag, rms, gain, tables.sid)

    def _encode(self, frames: F64) -> list[bytes]:
        if self.dtx:
            return [
                self._speech_or_pause(frames[i : i + FRAME_LEN])
                for i in range(0, len(frames), FRAME_LEN)
            ]
        packets = []
        size = self._mode.frame_bytes
        for i in range(0, len(frames), RUN_LEN):
            data = bitstream.pack(self._mode, self._search(frames[i : i + RUN_LEN]))
            packets += [data[k : k + size] for k in range(0, len(data), size)]
        return packets

    def _speech_or_pause(self, x: F64) -> bytes:
        """Return the packet of a frame with DTX."""
        n_quiet = vad.update(x, self.state.vad)
        if n_quiet <= vad.HANGOVER:
            data = bitstream.pack(self._mode, self._search(x))
            dtx.remember(self.state.analysis, self.state.dtx)
            self._report("speech", n_quiet == 0)
            return data
        indices = np.zeros(2, dtype=np.int64)
        book = self.tables.mode(self._mode).sid
        sent = frame.encode_silence(x, self.highpass, n_quiet, book, self.state, indices)
        self._report("sid" if sent else "no_data", False)
        return bitstream.pack_sid(indices) if sent else b""

    def _search(self, frames: F64) -> I64:
        indices = np.zeros((len(frames) // FRAME_LEN, N_INDICES), dtype=np.int64)
        tables = self.tables.mode(self._mode)
        derived = _search_tables(self.tables, self._mode)
        self.state.noise.on = False
        preset = presets.get(self._preset, self._mode.bitrate)
        frame.encode_frames(frames, self.highpass, preset, tables, derived, self.state, indices)
        if len(indices):
            self._report("speech", None)
        return indices

    def _report(self, frame_type: FrameType, active: bool | None) -> None:
        self._last = EncodedFrame(frame_type, self._mode, active, self.state.lsf_q.copy())

    def reset(self) -> None:
        """Start a new stream."""
        with self._access:
            self._restart()

    def _restart(self) -> None:
        self.state = EncoderState.new()
        self._last = None


class FrameEncoder(EncoderCore):
    """Code whole frames at 8 kHz; nothing checks the samples."""

    def encode(self, frames: F64) -> list[bytes]:
        """Return the packets of frames (n_frames * 160,), samples in [-1, 1]."""
        with self._access:
            return self._encode(frames)

    def indices(self, frames: F64) -> I64:
        """Return the indices (n_frames, N_INDICES) of frames (n_frames * 160,), all as speech."""
        with self._access:
            return self._search(frames)
