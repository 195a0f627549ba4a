"""Code a folder of speech with every other codec that is installed.

    python tools/peers ~/speech coded
    celpvq compare ~/speech --out results --with coded

OUT gets a folder for each codec and rate. It holds 16-bit WAV files, as long as the originals and
aligned with them, and coded.csv with the rate and the times of each clip. Times are processor time
of the thread, including calls through ctypes (about a microsecond a frame).
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import options
import soundfile

from celpvq._types import I16
from celpvq.audio import to_dtype
from celpvq.codec.format.modes import SAMPLERATE
from celpvq.lab.clips import find_clips
from celpvq.lab.coded_folders import write_coded_csv
from celpvq.lab.contenders import Coded

from .alignment import lag
from .codec import Peer
from .registry import KINDS, installed


def write(folder: Path, coded: Mapping[str, Coded]) -> None:
    """Write the clips by name, and their rates and times."""
    for name, clip in coded.items():
        path = (folder / name).with_suffix(".wav")
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, clip.samples, SAMPLERATE, subtype="PCM_16")
    write_coded_csv(folder, coded)


def describe(peer: Peer, clips: Mapping[str, I16], coded: Mapping[str, Coded]) -> str:
    """Return a line on a codec: rate, speed, and the delay that is left after alignment."""
    seconds = sum(clip.size for clip in clips.values()) / SAMPLERATE
    kbps = sum(coded[name].kbps * clip.size for name, clip in clips.items()) / SAMPLERATE / seconds
    encode = seconds / max(sum(c.encode_s for c in coded.values()), 1e-9)
    decode = seconds / max(sum(c.decode_s for c in coded.values()), 1e-9)
    delay = lag(((clips[n], coded[n].samples) for n in clips), waveform=peer.waveform)
    of = "" if peer.waveform else " (envelope)"
    return f"{peer.name:<24}{kbps:>8.2f}{encode:>10.0f}{decode:>10.0f}{delay:>7}{of}"


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    parser.prog = "peers"
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="speech: 8000 Hz, mono")
    parser.add_argument("out", metavar="OUT", type=Path, help="folder for the coded speech")
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS, help="some codecs")
    args = parser.parse_args(argv)
    options.check_outside(parser, args.out, args.folder)
    with options.errors_end("peers"):
        clips = {clip.name: to_dtype(clip.read(), "int16") for clip in find_clips(args.folder)}
    peers, absent = installed(tuple(args.only))
    for kind, missing in absent.items():
        print(f"left out: {kind} needs {missing}", file=sys.stderr)
    if not peers:
        return 1
    print(f"{'codec':<24}{'kbit/s':>8}{'encode x':>10}{'decode x':>10}{'delay':>7}")
    for peer in peers:
        coded = {name: peer.code(clip) for name, clip in clips.items()}
        write(args.out / peer.name, coded)
        print(describe(peer, clips, coded), flush=True)
    return 0
