"""The speed of whole files, of this codec and of the other installed ones."""

from functools import partial

from peers import registry
from peers.amr import NEAREST_KBPS
from peers.codec import Peer

import celpvq
from celpvq._types import F64
from celpvq.audio import to_dtype
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.format.modes import SAMPLERATE

from . import timing


def peer_rates(peer: Peer, x: F64) -> tuple[float, float]:
    """Return the speeds of another codec's encoder and decoder in times real time."""
    runs = [peer.code(to_dtype(x, "int16")) for _ in range(timing.N_RUNS)]
    seconds = x.size / SAMPLERATE
    return seconds / min(r.encode_s for r in runs), seconds / min(r.decode_s for r in runs)


def throughput(x: F64) -> None:
    """Print the speed of whole files, and its ratio to AMR-NB where that is installed."""
    seconds, rows, ratios = x.size / SAMPLERATE, [], []
    amr = {peer.kbps: peer for peer in registry.installed(("amr",))[0]}
    for mode in celpvq.modes():
        times = {name: timing.timed(action) for name, action in timing.coders(mode, x).items()}
        rows.append(
            [mode.bitrate, *(f"{seconds / c:.0f} ({seconds / w:.0f})" for c, w in times.values())]
        )
        if peer := amr.get(NEAREST_KBPS[mode.bitrate]):
            encode, decode = peer_rates(peer, x)
            own = (decode if name == "decode" else encode for name in times)
            ratio = [seconds / c / r for (c, _), r in zip(times.values(), own, strict=True)]
            ratios.append([mode.bitrate, peer.kbps, *(f"{r:.2f}" for r in ratio)])
    names = list(times)
    timing.show(
        "Whole files, times real time per CPU second of the thread (per second of wall time)",
        ["bit/s", *names], rows,
    )  # fmt: skip
    if ratios:
        timing.show(
            "Speed divided by that of AMR-NB at the nearest rate, CPU time of the same run",
            ["bit/s", "AMR-NB [kbit/s]", *names], ratios,
        )  # fmt: skip


def peers(x: F64) -> None:
    """Print the speed of the other installed codecs."""
    found, absent = registry.installed()
    rows = [[peer.name, *(f"{rate:.0f}" for rate in peer_rates(peer, x))] for peer in found]
    timing.show(
        "Other codecs, times real time per CPU second of the thread",
        ["codec", "encode", "decode"], rows,
    )  # fmt: skip
    for kind, missing in absent.items():
        print(f"left out: {kind} needs {missing}\n")


def clip_by_clip(_: F64) -> None:
    """Print the speed of the encoders on each clip; none of them skips pauses here."""
    found, _absent = registry.installed(("amr",))
    rows = []
    for number, x in enumerate(timing.clips()):
        seconds = x.size / SAMPLERATE
        cells: list[object] = [number, f"{seconds:.1f}"]
        for mode in celpvq.modes():
            cells.append(
                f"{seconds / timing.timed(partial(FrameEncoder(mode, 'fast').encode, x))[0]:.0f}"
            )
        cells += [f"{peer_rates(peer, x)[0]:.0f}" for peer in found]
        rows.append(cells)
    head = [f"fast {mode.bitrate}" for mode in celpvq.modes()]
    timing.show(
        "Encoders clip by clip, times real time per CPU second of the thread",
        ["clip", "seconds", *head, *(peer.name for peer in found)], rows,
    )  # fmt: skip
