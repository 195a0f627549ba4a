"""Packets to speech: `Decoder`, and the kernel that is its block diagram."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from .._types import F32, F64, I16, I64
from ..errors import ArgumentTypeError, FormatError
from . import (
    bitstream,
    comfort_noise,
    concealment,
    copies,
    filters,
    lsf,
    lsf_quantizer,
    modes,
    pitch_postfilter,
    postfilter,
    restoration,
    synthesis,
)
from . import tables as table_sets
from .comfort_noise import NoiseState
from .compiling import kernel, stack_array
from .concealment import ConcealmentState
from .frames import COPY, KINDS, LOST, NOT_SENT, SID, SPEECH, DecodedFrame, DecoderStats
from .modes import (
    DELAY,
    FRAME_LEN,
    LPC_ORDER,
    N_SUBFRAMES,
    N_WORDS,
    SAMPLERATE,
    SID_BYTES,
    SUBFRAME_LEN,
    Mode,
)
from .pitch_postfilter import PitchPostfilterState
from .postfilter import PostfilterSettings, PostfilterState
from .records import Record
from .restoration import RestorationSettings, RestorationState
from .synthesis import SynthesisState
from .tables import ModeTables, TableSet
from .turn import OneStream


class DecoderState(Record):
    """What a frame leaves for the next one."""

    lsf_q: F64 = lsf.flat()  # of the last frame
    synthesis: SynthesisState = SynthesisState.new()
    concealment: ConcealmentState = ConcealmentState.new()
    noise: NoiseState = NoiseState.new()
    restoration: RestorationState = RestorationState.new()
    pitch_postfilter: PitchPostfilterState = PitchPostfilterState.new()
    postfilter: PostfilterState = PostfilterState.new()
    lag: F64 = np.zeros(N_SUBFRAMES)  # of the last frame [samples]
    gain: F64 = np.zeros((N_SUBFRAMES, 2))  # of the last frame


@kernel
def _what_sounds(kind: int, noise: NoiseState) -> int:
    """Return what a frame is to be: within a pause a lost one is as one not sent."""
    if kind in (LOST, COPY) and noise.on:
        return NOT_SENT
    if kind == NOT_SENT and not noise.on:
        return LOST
    return kind


@kernel
def _round(x: F64, out: I16) -> None:
    """Round x (n,), full scale 1, to 16 bits."""
    for n in range(x.shape[0]):
        y = min(max(x[n] * 32768.0, -32768.0), 32767.0)
        out[n] = int(y + 32768.5) - 32768


@kernel
def _decode_frames(
    given: int, words: I64, tables: ModeTables, lifting: RestorationSettings,
    emphasis: PostfilterSettings, filtered: bool, state: DecoderState, out: I16,
) -> None:  # fmt: skip
    """Rebuild frames of one kind, words (n_frames, N_WORDS), into out (n_frames * FRAME_LEN,)."""
    lsf_q, part, a = stack_array(LPC_ORDER), stack_array(LPC_ORDER), stack_array(LPC_ORDER)
    speech = stack_array(SUBFRAME_LEN)
    kind = _what_sounds(given, state.noise)
    for f in range(words.shape[0]):
        if kind == SPEECH:
            state.noise.on = False
            lsf_quantizer.dequantize(words[f], tables.lsf, state.lsf_q[:], lsf_q)
        elif kind == LOST:
            concealment.begin(tables.lsf.mean, state.lsf_q, state.concealment, lsf_q)
        elif kind == COPY:
            concealment.begin_copy(
                words[f], tables.silence, state.synthesis, state.concealment, lsf_q
            )
        else:
            if kind == SID:
                comfort_noise.receive(words[f], tables.silence, state.noise)
            filters.copy(state.noise.lsf[:], lsf_q)
            state.concealment.age = 0
        for s in range(N_SUBFRAMES):
            start = f * FRAME_LEN + s * SUBFRAME_LEN
            lsf.interpolate(state.lsf_q[:], lsf_q, s, part)
            lsf.to_lpc(part, a)
            if kind == SPEECH:
                synthesis.excite(words[f], s, tables, state.synthesis)
                concealment.learn(state.synthesis, state.concealment)
            elif kind in (LOST, COPY):
                concealment.excite(state.concealment, state.synthesis)
            else:
                comfort_noise.excite(state.noise, state.synthesis)
            state.lag[s] = state.synthesis.lag3 / 3.0
            filters.copy(state.synthesis.gain[:], state.gain[s])
            synthesis.speak(a, state.synthesis)
            filters.copy(state.synthesis.speech[LPC_ORDER:], speech)
            if filtered:
                restoration.apply(state.synthesis.exc, lifting, state.restoration, speech)
                pitch_postfilter.apply(state.synthesis.lag3, state.pitch_postfilter, speech)
                postfilter.apply(a, emphasis, state.postfilter, speech)
            concealment.limit(s, state.concealment, speech)
            _round(speech, out[start : start + SUBFRAME_LEN])
        filters.copy(lsf_q, state.lsf_q[:])


class Decoder(OneStream):
    """Rebuild speech from packets.

    Parameters
    ----------
    postfilter : bool
        Restore the upper bands, attenuate what lies between harmonics, emphasize formants. Without
        it, the output is what the encoder's search heard.
    tables : TableSet, optional
        Trained tables; those that the packets were made with.

    Notes
    -----
    One object decodes one stream, from one thread at a time. It can be copied and pickled at any
    frame. Packets tell what they are by their length. The output is the same to the bit on every
    machine; it is the encoder's input `delay_samples` late.
    """

    frame_samples = FRAME_LEN
    delay_samples = DELAY
    samplerate = SAMPLERATE
    _mode: Mode | None
    _kind: int | None
    _stats: DecoderStats

    def __init__(self, *, postfilter: bool = True, tables: TableSet | None = None) -> None:
        self.postfilter = bool(postfilter)
        self.tables = table_sets.given(tables)
        super().__init__()
        self.reset()

    @property
    def mode(self) -> Mode | None:
        """The mode of the last speech packet; None before the first one."""
        return self._mode

    @property
    def bitrate(self) -> int | None:
        """Bits per second of the last speech packet; None before the first one."""
        return self._mode.bitrate if self._mode else None

    @property
    def frame_bytes(self) -> int | None:
        """Length of the last speech packet; None before the first one."""
        return self._mode.frame_bytes if self._mode else None

    @property
    def stats(self) -> DecoderStats:
        """How many frames of each kind there were since the start."""
        return self._stats

    @property
    def last_frame(self) -> DecodedFrame | None:
        """What the last frame was; None before the first one."""
        if self._kind is None:
            return None
        state = self._state
        arrays = (state.lsf_q.copy(), state.lag.copy(), state.gain.copy())
        return DecodedFrame(KINDS[self._kind], self._mode, *arrays)

    def decode_frame(
        self, data: bytes | None, *, next_packet: bytes | None = None, copy: bytes | None = None
    ) -> F32:
        """Return the samples (160,) of a packet, float32 in [-1, 1).

        Parameters
        ----------
        data : bytes or None
            A packet of speech; a silence descriptor of 2 bytes; nothing, ``b""``, where a pause
            goes on; None for a packet that was lost, which is concealed.
        next_packet : bytes, optional
            For a lost packet: the one after it, if it is there already; the spectrum is then led
            towards its spectrum.
        copy : bytes, optional
            For a lost packet: what the next one's envelope says of it, `Encoder.last_copy`.

        Raises
        ------
        FormatError
            If the data are no packet; the decoder is then as it was.
        ConcurrentUseError
            If another thread uses the decoder right now.
        """
        with self._turn:
            if data is None and copy:
                words = np.zeros((1, N_WORDS), dtype=np.int64)
                words[0, :4] = copies.words(_as_bytes(copy))
                out = self._decode(COPY, words)
            else:
                if data is None and next_packet:
                    self._look_ahead(_as_bytes(next_packet))
                out = self._decode_packet(data)
            return np.asarray(out / np.float32(32768.0))

    def decode_frames(self, data: bytes, mode: int | str | Mode) -> I16:
        """Return the samples (n_frames * 160,) of packets of one mode, one after the other.

        Raises
        ------
        FormatError
            If the length is not a multiple of the mode's packet.
        ConcurrentUseError
            If another thread uses the decoder right now.
        """
        mode = modes.get(mode)
        words = bitstream.unpack(mode, _as_bytes(data))
        with self._turn:
            self._mode = mode
            return self._decode(SPEECH, words)

    def write(self, packets: Iterable[bytes | None]) -> F32:
        """Return the samples (n_packets * 160,) of packets as they come from a channel.

        As `decode_frame` for each of them; but what is no packet counts as lost, and as bad in
        `stats`.
        """
        with self._turn:
            parts = [np.empty(0, dtype=np.int16)]
            for data in packets:
                try:
                    parts.append(self._decode_packet(data))
                except FormatError:
                    parts.append(self._decode_packet(None))
                    self._stats = replace(self._stats, bad=self._stats.bad + 1)
            return np.asarray(np.concatenate(parts) / np.float32(32768.0))

    def _look_ahead(self, data: bytes) -> None:
        """Take from the packet after a lost one what it says of that one."""
        mode = modes.BY_LENGTH.get(len(data))
        if mode is not None and not self._state.noise.on:
            words, tables = bitstream.unpack(mode, data)[0, :4].copy(), self.tables.mode(mode)
            concealment.look_ahead(words, tables.lsf, self._state.lsf_q, self._state.concealment)

    def _decode_packet(self, data: bytes | None) -> I16:
        """Return the samples (160,) of a packet of any kind."""
        words = np.zeros((1, N_WORDS), dtype=np.int64)
        if data is None:
            return self._decode(LOST, words)
        data = _as_bytes(data)
        if not data:
            return self._decode(NOT_SENT, words)
        if len(data) == SID_BYTES:
            words[0, :2] = bitstream.unpack_silence(data)
            return self._decode(SID, words)
        mode = modes.BY_LENGTH.get(len(data))
        if mode is None:
            lengths = ", ".join(map(str, (0, SID_BYTES, *modes.BY_LENGTH)))
            raise FormatError(f"packet: expected {lengths} bytes, got {len(data)}")
        self._mode = mode
        return self._decode(SPEECH, bitstream.unpack(mode, data))

    def _decode(self, kind: int, words: I64) -> I16:
        """Return the samples of frames of one kind; words (n_frames, N_WORDS)."""
        mode = self._mode or modes.modes()[0]  # before any speech, none of its tables matters
        out = np.empty(len(words) * FRAME_LEN, dtype=np.int16)
        _decode_frames(
            kind, words, self.tables.mode(mode), restoration.settings(mode), postfilter.SETTINGS,
            self.postfilter, self._state, out,
        )  # fmt: skip
        if len(words):
            self._kind = kind
            self._count(kind, len(words))
        return out

    def _count(self, kind: int, n: int) -> None:
        name = KINDS[kind].replace(" ", "_")
        old = self._stats
        counts = {"frames": old.frames + n, name: getattr(old, name) + n}
        self._stats = replace(old, **counts)

    def reset(self) -> None:
        """Forget all that was heard."""
        self._state = DecoderState.new()
        self._mode = None
        self._kind = None
        self._stats = DecoderStats()


def _as_bytes(data: object) -> bytes:
    if not isinstance(data, bytes | bytearray | memoryview):
        raise ArgumentTypeError(f"data: expected bytes, got {type(data).__name__}")
    return bytes(data)
