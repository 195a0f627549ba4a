"""Speech to packets: `Encoder`, and the kernel that is its block diagram."""

import functools

import numpy as np
import numpy.typing as npt

from .._types import F64, I64
from ..errors import ArgumentError
from . import (
    activity,
    analysis,
    beam,
    bitstream,
    copies,
    filters,
    lsf,
    lsf_quantizer,
    modes,
    paths,
    pauses,
    synthesis,
    tuning,
)
from . import tables as table_sets
from .activity import ActivityState
from .analysis import AnalysisState
from .beam import SearchTables
from .comfort_noise import NoiseState
from .compiling import part, search, stack_array
from .frames import EncodedFrame, Kind
from .modes import DELAY, FRAME_LEN, LPC_ORDER, N_SUBFRAMES, N_WORDS, Mode
from .paths import Beam, Children
from .pauses import PauseState
from .records import Record
from .samples import one_channel
from .tables import ModeTables, TableSet
from .tuning import MAX_SPECTRA, Effort
from .turn import OneStream

RUN_LEN = 500 * FRAME_LEN  # samples in one call of the kernel: Ctrl-C waits no longer


class EncoderState(Record):
    """What a frame leaves for the next one."""

    analysis: AnalysisState = AnalysisState.new()
    lsf_q: F64 = lsf.flat()  # of the last frame, quantized
    predicted: int = 0  # frames since the LSF safety net was used
    beam: Beam = paths.new_beam()
    children: Children = paths.new_children()
    activity: ActivityState = ActivityState.new()
    pause: PauseState = PauseState.new()
    noise: NoiseState = NoiseState.new()


@search
def interpolate(prev: F64, now: F64, lpc: F64) -> None:
    """Put the predictors of the subframes between two LSF (p,) into lpc (N_SUBFRAMES, p)."""
    between = stack_array(LPC_ORDER)
    for s in range(N_SUBFRAMES):
        lsf.interpolate(prev, now, s, between)
        lsf.to_lpc(between, lpc[s])


@part
def _code_speech(
    effort: Effort, tables: ModeTables, derived: SearchTables, state: EncoderState, words: I64
) -> None:
    """Put the words of the analyzed frame into words (N_WORDS,).

    Several spectra near the true one are tried: that whose excitation leaves the least error wins.
    """
    seen = state.analysis
    speech = seen.input[analysis.FRAME_START : analysis.FRAME_START + FRAME_LEN]
    lpc_q, lpc_w = stack_array((N_SUBFRAMES, LPC_ORDER)), stack_array((N_SUBFRAMES, LPC_ORDER))
    interpolate(seen.lsf_prev[:], seen.lsf[:], lpc_w)
    lsf_q = stack_array(LPC_ORDER)
    spectra, errors = stack_array((MAX_SPECTRA, 4), np.int64), stack_array(MAX_SPECTRA)
    n_spectra = lsf_quantizer.quantize(
        seen.lsf, seen.weight, tables.lsf, derived.lsf, state.lsf_q, tuning.LSF_SURVIVORS,
        state.predicted >= tuning.MAX_PREDICTED_FRAMES, spectra[: effort.spectra], errors,
    )  # fmt: skip
    least = np.inf
    for k in range(n_spectra):
        lsf_quantizer.dequantize(spectra[k], tables.lsf, state.lsf_q[:], lsf_q)
        interpolate(state.lsf_q[:], lsf_q, lpc_q)
        cost, row = beam.search_frame(
            speech, lpc_q, lpc_w, effort, least, tables, derived, state.beam, state.children
        )
        if k == 0 or cost < least:
            least = cost
            state.beam[paths.BEST] = state.beam[row]
            filters.copy(spectra[k], words[:4])
    state.beam[paths.HEARD] = state.beam[paths.BEST]
    filters.copy(state.beam[paths.HEARD].words[4:], words[4:])
    lsf_quantizer.dequantize(words[:4], tables.lsf, state.lsf_q[:], lsf_q)
    filters.copy(lsf_q, state.lsf_q[:])
    state.predicted = state.predicted + 1 if words[0] == 1 else 0


@search
def _encode_frames(
    x: F64, highpass: bool, effort: Effort, tables: ModeTables, derived: SearchTables,
    state: EncoderState, words: I64,
) -> None:  # fmt: skip
    """Code all frames of x (n_frames * FRAME_LEN,) into words (n_frames, N_WORDS)."""
    for f in range(words.shape[0]):
        analysis.analyze(x[f * FRAME_LEN : (f + 1) * FRAME_LEN], highpass, state.analysis)
        _code_speech(effort, tables, derived, state, words[f])


@search
def _pass_pause(
    x: F64, highpass: bool, n_quiet: int, book: F64, state: EncoderState, words: I64
) -> bool:
    """Go through the frame x (FRAME_LEN,) of a pause; return whether words (2,) describe it."""
    analysis.analyze(x, highpass, state.analysis)
    pauses.remember(state.analysis, state.pause)
    state.predicted = tuning.MAX_PREDICTED_FRAMES  # a lost descriptor must not reach speech
    return pauses.frame(
        n_quiet,
        book,
        state.lsf_q,
        state.pause,
        state.noise,
        state.beam[paths.HEARD],
        words,
    )


@functools.lru_cache(maxsize=32)
def _search_tables(tables: TableSet, mode: Mode) -> SearchTables:
    return SearchTables.derive(tables.mode(mode))


class Encoder(OneStream):
    """Code speech frame by frame.

    Parameters
    ----------
    mode : int or str, default 6400
        Bit rate [bit/s], one of `celpvq.modes`.
    preset : {"fast", "default", "best"}
        How far the search goes; the bitstream is the same.
    highpass : bool
        Filter the input by a high-pass of 100 Hz.
    dtx : bool
        Code pauses by silence descriptors of 2 bytes, one in 8 frames; the packets of the frames
        between are empty, and need not be sent. May be set anew before any frame.
    tables : TableSet, optional
        Trained tables; the decoder needs the same.

    Raises
    ------
    ArgumentError
        If there is no such mode or preset.

    Notes
    -----
    One object codes one stream, from one thread at a time. It can be copied and pickled at any
    frame. The mode may be set anew before any frame; packets tell their mode by their length.
    Frames are given one by one, in runs, or in chunks of any length by `write`.
    """

    frame_samples = FRAME_LEN
    delay_samples = DELAY
    _pending: F64  # samples that do not fill a frame
    _last: EncodedFrame | None

    def __init__(
        self,
        mode: int | str | Mode = 6400,
        preset: str = "default",
        *,
        highpass: bool = True,
        dtx: bool = False,
        tables: TableSet | None = None,
    ) -> None:
        self.mode = mode
        self.preset = preset
        self.highpass = bool(highpass)
        self.dtx = bool(dtx)
        self.tables = table_sets.given(tables)
        super().__init__()
        self.reset()

    @property
    def mode(self) -> Mode:
        """The mode of the next frame; may be set to a bit rate."""
        return self._mode

    @mode.setter
    def mode(self, mode: int | str | Mode) -> None:
        self._mode = modes.get(mode)

    @property
    def preset(self) -> str:
        """The effort of the search; may be set to another preset's name."""
        return self._preset

    @preset.setter
    def preset(self, preset: str) -> None:
        tuning.preset(preset)  # raises
        self._preset = preset

    @property
    def bitrate(self) -> int:
        """Bits per second of the next frame."""
        return self._mode.bitrate

    @property
    def frame_bytes(self) -> int:
        """Length of the next packet."""
        return self._mode.frame_bytes

    @property
    def last_frame(self) -> EncodedFrame | None:
        """What the last frame was; None before the first one."""
        return self._last

    @property
    def last_copy(self) -> bytes:
        """A coarse copy of the last frame, 3 bytes, for the envelope of the next packet.

        Empty before the first frame, and in pauses.
        """
        if self._last is None or self._last.kind != "speech":
            return b""
        tables, heard = self.tables.mode(self._last.mode), self._state.beam[paths.HEARD]
        rows = tables.gain_layout[:, 0] + heard.words[synthesis.GAIN_WORDS : synthesis.FCB_WORDS]
        rms = float(np.sqrt((heard.synthesis.exc[-FRAME_LEN:] ** 2).mean()))
        lag, gain = heard.synthesis.lag3 / 3, float(tables.gain[rows, 0].mean())
        return copies.make(self._last.lsf, lag, rms, gain, tables.silence)

    def encode_frame(self, x: npt.ArrayLike) -> bytes:
        """Return the packet of the next frame.

        Parameters
        ----------
        x : array_like, shape (160,)
            Samples at 8 kHz: float in [-1, 1] or int16.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If x has another length or type, or is not finite; the encoder is then as it was.
        ConcurrentUseError
            If another thread uses the encoder right now.
        """
        samples = one_channel(x)
        if len(samples) != FRAME_LEN:
            raise ArgumentError(f"x: expected {FRAME_LEN} samples, got {len(samples)}")
        with self._turn:
            return self._packets(samples)[0]

    def encode_frames(self, x: npt.ArrayLike) -> bytes:
        """Return the packets of a run of frames, one after the other.

        Parameters
        ----------
        x : array_like, shape (n_frames * 160,)
            Samples at 8 kHz: float in [-1, 1] or int16.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If x is no whole number of frames, of another type, or not finite; with `dtx`, whose
            packets have several lengths.
        ConcurrentUseError
            If another thread uses the encoder right now.
        """
        return bitstream.pack(self._mode, self.encode_words(x))

    def encode_words(self, x: npt.ArrayLike) -> I64:
        """Return the codewords of a run of frames, before they are packed.

        Parameters
        ----------
        x : array_like, shape (n_frames * 160,)
            Samples at 8 kHz: float in [-1, 1] or int16.

        Returns
        -------
        ndarray of int64, shape (n_frames, N_WORDS)
            In the order of the fields of the mode.

        Raises
        ------
        ArgumentError, ArgumentTypeError, ConcurrentUseError
            As for `encode_frames`.
        """
        samples = one_channel(x)
        if len(samples) % FRAME_LEN:
            raise ArgumentError(
                f"x: expected a multiple of {FRAME_LEN} samples, got {len(samples)}"
            )
        if self.dtx:
            raise ArgumentError("dtx: packets of pauses have lengths of their own, use write()")
        with self._turn:
            return self._search(samples)

    def write(self, chunk: npt.ArrayLike) -> list[bytes]:
        """Return the packets of all frames that a chunk completes.

        Parameters
        ----------
        chunk : array_like, shape (n,)
            Samples at 8 kHz, of any n: float in [-1, 1] or int16.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If they are of another type, or not finite; the encoder is then as it was.
        ConcurrentUseError
            If another thread uses the encoder right now.
        """
        samples = one_channel(chunk)
        with self._turn:
            samples = np.concatenate([self._pending, samples])
            end = len(samples) - len(samples) % FRAME_LEN
            self._pending = samples[end:].copy()
            return self._packets(samples[:end])

    def flush(self) -> list[bytes]:
        """Return the packets of what is left, the delay included, and start anew.

        Of N samples written since the start there are then ceil((N + 40) / 160) packets.
        """
        with self._turn:
            n_frames = -(-(len(self._pending) + DELAY) // FRAME_LEN)
            rest = np.zeros(n_frames * FRAME_LEN)
            rest[: len(self._pending)] = self._pending
            packets = self._packets(rest)
            self.reset()
            return packets

    def _packets(self, samples: F64) -> list[bytes]:
        """Return the packets of whole frames."""
        if self.dtx:
            return [
                self._speech_or_pause(samples[i : i + FRAME_LEN])
                for i in range(0, len(samples), FRAME_LEN)
            ]
        packets = []
        size = self._mode.frame_bytes
        for i in range(0, len(samples), RUN_LEN):
            data = bitstream.pack(self._mode, self._search(samples[i : i + RUN_LEN]))
            packets += [data[k : k + size] for k in range(0, len(data), size)]
        return packets

    def _speech_or_pause(self, frame: F64) -> bytes:
        """Return the packet of a frame by discontinuous transmission."""
        state = self._state
        n_quiet = activity.update(frame, state.activity)
        if n_quiet <= activity.HANGOVER:
            data = bitstream.pack(self._mode, self._search(frame))
            pauses.remember(state.analysis, state.pause)
            self._note("speech", n_quiet == 0)
            return data
        words = np.zeros(2, dtype=np.int64)
        book = self.tables.mode(self._mode).silence
        sent = _pass_pause(frame, self.highpass, n_quiet, book, state, words)
        self._note("sid" if sent else "not sent", False)
        return bitstream.pack_silence(words) if sent else b""

    def _search(self, samples: F64) -> I64:
        words = np.zeros((len(samples) // FRAME_LEN, N_WORDS), dtype=np.int64)
        tables = self.tables.mode(self._mode)
        derived = _search_tables(self.tables, self._mode)
        self._state.noise.on = False
        effort = tuning.preset(self._preset, self._mode.bitrate)
        _encode_frames(samples, self.highpass, effort, tables, derived, self._state, words)
        if len(words):
            self._note("speech", None)
        return words

    def _note(self, kind: Kind, active: bool | None) -> None:
        self._last = EncodedFrame(kind, self._mode, active, self._state.lsf_q.copy())

    def reset(self) -> None:
        """Forget all that was heard."""
        self._state = EncoderState.new()
        self._pending = np.zeros(0)
        self._last = None
