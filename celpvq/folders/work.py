"""What is done to each file: `Encode`, `Decode` or `Roundtrip`, with its settings."""

import itertools
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from typing import IO, Any, ClassVar, NamedTuple

from .. import channel as channels
from ..audio import SoundWriter, check_samplerate, read_sound
from ..audio.sound import Sound
from ..audio.soundwriter import check_suffix
from ..channel.losses import check_rate
from ..codec.common import table_set
from ..codec.common.table_set import TableSet
from ..codec.encoder import presets, variable_rate
from ..codec.encoder.variable_rate import RateLike, VariableRate
from ..codec.format.modes import SAMPLERATE, Mode
from ..container import n_samples_8k
from ..errors import ArgumentError
from ..output import Output
from ..stream import Encoder, SpeechReader, SpeechWriter
from ..stream.file_decoder import FileDecoder
from . import stopping

SOUND_ENDINGS = (
    ".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".snd",
    ".sph", ".voc", ".w64", ".wav", ".wave",
)  # fmt: skip
CODED_ENDINGS = (".cvq",)
_RUN_LEN = 500  # packets that are decoded at a time


class Done(NamedTuple):
    """The sound of an output file."""

    n_samples: int
    samplerate: int  # [Hz]
    mode: int  # [bit/s]
    note: str  # about faults of the input; "" if there are none


@dataclass(frozen=True)
class Work(ABC):
    """What is done to each file."""

    endings: ClassVar[tuple[str, ...]]  # of the files of a folder that it is for

    @property
    @abstractmethod
    def output_ending(self) -> str:
        """Ending of an output's name."""

    @abstractmethod
    def convert(self, file: IO[bytes], name: str, output: Output, seed: int) -> Done:
        """Convert a file; errors call it `name`."""

    @property
    def variable_rate(self) -> bool:
        """Whether it encodes at variable rate."""
        return isinstance(getattr(self, "mode", None), VariableRate)

    def settings(self) -> dict[str, Any]:
        """Return the settings as JSON values; tables by the beginning of their hash."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        if self.variable_rate:
            values["mode"] = asdict(values["mode"])
        tables: TableSet | None = values.pop("tables", None)
        if tables is None and self.endings != CODED_ENDINGS:  # a stream names its own
            tables = table_set.default()
        digest = None if tables is None else tables.hash[:16]
        return {"work": type(self).__name__.lower(), **values, "tables": digest}


@dataclass(frozen=True)
class Encode(Work):
    """Encode sound files to ``.cvq`` files.

    Parameters
    ----------
    mode, preset, highpass, dtx, tables
        As for `celpvq.encode`.
    channel : int, optional
        The channel to take, from 0; without it the mean of all channels is coded.
    partial : bool
        Whether to use the undamaged part of a damaged or truncated file. If not, it is a failure.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument has no such value.
    """

    mode: RateLike = 6400
    preset: str = "default"
    channel: int | None = None
    highpass: bool = True
    dtx: bool = False
    partial: bool = False
    tables: TableSet | None = None

    endings = SOUND_ENDINGS

    def __post_init__(self) -> None:
        _check_encoder(self)

    @property
    def output_ending(self) -> str:
        """Ending of an output's name."""
        return ".cvq"

    def convert(self, file: IO[bytes], name: str, output: Output, seed: int) -> Done:
        """Encode a file."""
        sound = read_sound(file, name, strict=not self.partial)
        with SpeechWriter(
            output, sound.samplerate, self.mode, self.preset,
            highpass=self.highpass, dtx=self.dtx, tables=self.tables,
        ) as stream:  # fmt: skip
            for block in sound.mono(self.channel):
                stopping.check()
                stream.write(block)
        return Done(stream.n_samples, sound.samplerate, stream.mode.bitrate, _notes(sound))


@dataclass(frozen=True)
class Decode(Work):
    """Decode ``.cvq`` files to sound files of 16 bits.

    Parameters
    ----------
    samplerate, enhancement, tables
        As for `celpvq.decode`; None stands for the rate of the original.
    ending : str
        Ending of the outputs' names, which selects the format: ``".wav"``, ``".flac"``, or another
        one that libsndfile writes.
    partial : bool
        Whether to decode the undamaged part of a damaged or truncated file.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument has no such value.
    """

    samplerate: int | None = SAMPLERATE
    ending: str = ".wav"
    enhancement: bool = True
    partial: bool = False
    tables: TableSet | None = None

    endings = CODED_ENDINGS

    def __post_init__(self) -> None:
        if self.samplerate is not None:
            check_samplerate(self.samplerate)
        if self.tables is not None:
            table_set.or_default(self.tables)
        _check_ending(self.ending)

    @property
    def output_ending(self) -> str:
        """Ending of an output's name."""
        return self.ending

    def convert(self, file: IO[bytes], name: str, output: Output, seed: int) -> Done:
        """Decode a file."""
        with SpeechReader(
            file, self.samplerate, "int16", enhancement=self.enhancement, tables=self.tables,
            strict=not self.partial,
        ) as stream:  # fmt: skip
            rate, n = stream.samplerate, 0
            n_known = None if self.partial else stream.n_samples
            writer = SoundWriter(output, self.ending, rate, n_known)
            while len(samples := stream.read(rate)):
                stopping.check()
                writer.write(samples)
                n += len(samples)
            writer.close()
        note = f"{_count(stream.n_missing)} missing: {stream.damage}" if stream.damage else ""
        return Done(n, rate, stream.header.mode.bitrate, note)


@dataclass(frozen=True)
class Roundtrip(Work):
    """Pass sound files through encoder, channel and decoder, at the same rate and length.

    Each file has its own seed: a hash of the run's seed and the file's path below its folder.

    Parameters
    ----------
    mode, preset, loss, burst, ber, highpass, dtx, enhancement, tables
        As for `celpvq.roundtrip`.
    channel : int, optional
        The channel to take, from 0; without it the mean of all channels is coded.
    ending : str
        As for `Decode`.
    partial : bool
        As for `Encode`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument has no such value.
    """

    mode: RateLike = 6400
    preset: str = "default"
    loss: float = 0.0
    burst: float | None = None
    ber: float = 0.0
    channel: int | None = None
    ending: str = ".wav"
    highpass: bool = True
    dtx: bool = False
    enhancement: bool = True
    partial: bool = False
    tables: TableSet | None = None

    endings = SOUND_ENDINGS

    def __post_init__(self) -> None:
        _check_encoder(self)
        _check_ending(self.ending)
        channels.draw_losses(1, check_rate(self.loss, "loss"), self.burst, 0)
        check_rate(self.ber, "ber")

    @property
    def output_ending(self) -> str:
        """Ending of an output's name."""
        return self.ending

    def convert(self, file: IO[bytes], name: str, output: Output, seed: int) -> Done:
        """Encode a file, send it through the channel, and decode it."""
        sound = read_sound(file, name, strict=not self.partial)
        rate = sound.samplerate
        encoder = Encoder(
            self.mode, self.preset, samplerate=rate, highpass=self.highpass, dtx=self.dtx,
            tables=self.tables,
        )  # fmt: skip
        packets: list[bytes] = []
        for block in sound.mono(self.channel):
            stopping.check()
            packets += encoder.write(block)
        n = encoder.n_samples
        if not n:
            raise ArgumentError(f"{name}: expected at least one sample, got none")
        packets += encoder.flush()
        lost = channels.draw_losses(len(packets), self.loss, self.burst, seed)
        sent = channels.flip_bits(packets, self.ber, seed + 1) if self.ber else packets
        decoder = FileDecoder(rate, "int16", enhancement=self.enhancement, tables=self.tables)
        writer = SoundWriter(output, self.ending, rate, n)
        *runs, last = _runs(channels.drop(sent, lost))
        for run in runs:
            stopping.check()
            if run[0] is None:
                for samples in decoder.look_ahead(run):
                    writer.write(samples)
            else:
                writer.write(decoder.write(run))
        writer.write(decoder.finish(last, n_samples_8k(n, rate), n, look_ahead=True))
        writer.close()
        return Done(n, rate, encoder.mode.bitrate, _notes(sound))


def _runs(packets: Iterable[bytes | None]) -> Iterator[list[bytes | None]]:
    """Yield runs of received packets; a run of lost ones ends with the packet after them.

    So a run has everything that conceals its lost packets.
    """
    after_loss: list[bytes | None] = []
    for lost, group in itertools.groupby(packets, lambda packet: packet is None):
        if lost:
            after_loss = list(group)
            continue
        while run := [*after_loss, *itertools.islice(group, 1 if after_loss else _RUN_LEN)]:
            yield run
            after_loss = []
    if after_loss:
        yield after_loss


def _check_encoder(work: Encode | Roundtrip) -> None:
    """Refuse settings that the encoder would refuse for each file; give a mode as a number."""
    rate = variable_rate.get(work.mode)
    object.__setattr__(work, "mode", rate.bitrate if isinstance(rate, Mode) else rate)
    presets.get(work.preset)
    if work.tables is not None:
        table_set.or_default(work.tables)
    if work.channel is not None and work.channel < 0:
        raise ArgumentError(f"channel: expected 0 or more, got {work.channel}")


def _check_ending(ending: str) -> None:
    """Raise `ArgumentError` unless a format has this ending."""
    if check_suffix(f"file{ending}") != ending or os.path.sep in ending:
        raise ArgumentError(f"ending: expected one such as .wav, in lower case, got {ending!r}")


def _notes(sound: Sound) -> str:
    """Return the faults of a sound file in one line."""
    return "; ".join(text for text in (sound.clipping, *sound.notes) if text)


def _count(n_missing: int | None) -> str:
    return "an unknown number of packets is" if n_missing is None else f"{n_missing} packets are"
