"""Write the tables of the specification from the code, so that both state the same numbers.

    python tools/specification.py            write the tables in docs/spec again
    python tools/specification.py --check    exit status 1 if one of them differs

A table stands between ``<!-- table: NAME -->`` and ``<!-- /table -->``.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import options

from celpvq.audio.arrays import MAX_SAMPLERATE, MIN_SAMPLERATE
from celpvq.codec.common import (
    adaptive_codebook,
    comfort_noise,
    enhancement_tables,
    filters,
    gains,
    lsf,
    noise,
    pitch,
    synthesis,
    table_set,
    tables,
)
from celpvq.codec.common.samples import FULL_SCALE
from celpvq.codec.decoder import concealment, enhancement, enhancement_features, enhancement_network
from celpvq.codec.format import modes, redundancy
from celpvq.container import header

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "spec"

Row = tuple[str, object, str]

CONSTANTS: dict[str, list[Row]] = {
    "geometry": [
        ("SAMPLERATE", modes.SAMPLERATE, "sampling rate of the codec, in Hz"),
        ("FRAME_LEN", modes.FRAME_LEN, "samples of a frame"),
        ("N_SUBFRAMES", modes.N_SUBFRAMES, "subframes of a frame"),
        ("SUBFRAME_LEN", modes.SUBFRAME_LEN, "samples of a subframe"),
        ("DELAY", modes.DELAY, "samples that the decoded stream is late"),
        ("LPC_ORDER", modes.LPC_ORDER, "order of the predictor, number of LSF"),
        ("MIN_LAG", modes.MIN_LAG, "least lag, in samples"),
        ("MAX_LAG", modes.MAX_LAG, "greatest lag, in samples"),
    ],
    "sid": [
        ("SID_BYTES", modes.SID_BYTES, "length of a SID"),
        ("SID_LSF_BITS", modes.SID_LSF_BITS, "bits of its row of LSF"),
        ("SID_LEVEL_BITS", modes.SID_LEVEL_BITS, "bits of its level"),
    ],
    "redundancy": [
        ("REDUNDANCY_BYTES", redundancy.REDUNDANCY_BYTES, "length of a redundant frame"),
        ("REDUNDANCY_LSF_BITS", redundancy._BITS[0], "bits of the row of LSF"),
        ("REDUNDANCY_LAG_BITS", redundancy._BITS[1], "bits of the lag"),
        ("REDUNDANCY_LEVEL_BITS", redundancy._BITS[2], "bits of the level"),
        ("REDUNDANCY_GAIN_BITS", redundancy._BITS[3], "bits of the pitch gain"),
        ("REDUNDANCY_LOWEST_DB", redundancy._LOWEST_DB, "level of index 0, in dB"),
        ("REDUNDANCY_STEP_DB", redundancy._STEP_DB, "step of the level, in dB"),
        ("REDUNDANCY_GAIN_STEP", redundancy._GAIN_STEP, "step of the pitch gain"),
    ],
    "container": [
        ("VERSION", header.VERSION, "version of the format"),
        ("HEADER_LEN", header.HEADER_LEN, "bytes of the header"),
        ("VARIABLE", header.VARIABLE, "flag: each packet has its length in front"),
        ("UNKNOWN_LENGTH", header.UNKNOWN_LENGTH, "flag: the trailer holds the length"),
        ("BLOCK_PACKETS", header.BLOCK_PACKETS, "packets of a full block"),
        ("MIN_SAMPLERATE", MIN_SAMPLERATE, "least sampling rate of an original, in Hz"),
        ("MAX_SAMPLERATE", MAX_SAMPLERATE, "greatest sampling rate of an original, in Hz"),
    ],
    "lsf": [
        ("MIN_GAP", lsf.MIN_GAP, "least distance of two LSF, and from 0 and π, in radians"),
        ("SPLIT", tables.SPLIT, "number of LSF in the lower half of stage 2"),
    ],
    "synthesis": [
        ("REACH", adaptive_codebook.REACH, "samples of the interpolator to each side"),
        ("FIRST_INTEGER", pitch._FIRST_INTEGER, "least lag without thirds, in an index of 8 bits"),
        ("N_THIRDS", pitch._N_THIRDS, "lags with thirds, in an index of 8 bits"),
        ("DELTA_BELOW", pitch.DELTA_BELOW, "reach of an index of 5 bits below the centre"),
        ("DELTA_ABOVE", pitch.DELTA_ABOVE, "reach of an index of 5 bits above the centre"),
        ("DELTA_FINE", pitch._FINE, "its reach with thirds, to each side"),
        ("MIN_SHARPENING", synthesis._MIN_SHARPENING, "least factor of the sharpening"),
        ("MAX_SHARPENING", synthesis._MAX_SHARPENING, "greatest factor of the sharpening"),
        ("N_TAPS", gains.N_TAPS, "taps of the gain predictor"),
        ("MAX_CHANGE_DB", gains.MAX_CHANGE_DB, "limit of the predicted change, in dB"),
        ("LOG2_10_20", gains._LOG2_10_20, "log2(10) / 20"),
        ("LN2", gains._LN2, "natural logarithm of 2"),
        ("LEAST_RMS", gains._LEAST_RMS, "least root mean square of a vector"),
        ("CLAMP", synthesis.CLAMP, "limit of excitation and synthesis; full scale is 1"),
        ("TINY", filters.TINY, "greatest magnitude that a memory forgets"),
        ("FULL_SCALE", FULL_SCALE, "full scale of the output, in units of 16 bits"),
    ],
    "noise": [
        ("LCG_FACTOR", 1664525, "factor of the random numbers"),
        ("LCG_INCREMENT", 1013904223, "increment of the random numbers"),
        ("UNIT_VARIANCE", noise._UNIT_VARIANCE, "square root of 3"),
        ("NOISE_STEP_DB", comfort_noise.STEP_DB, "step of the level of a SID, in dB"),
        ("NOISE_LOWEST_DB", comfort_noise.LOWEST_DB, "level of index 1, in dB"),
        ("SILENT_DB", comfort_noise._SILENT_DB, "level of index 0, in dB"),
        ("SMOOTHING", comfort_noise._SMOOTHING, "part of the way to the level, per subframe"),
        ("N_LEVELS", comfort_noise.N_LEVELS, "number of levels"),
        ("SEED_STEP", comfort_noise._SEED_STEP, "factor of the first seed"),
    ],
    "concealment": [
        ("UNVOICED", concealment._UNVOICED, "mean pitch gain of a frame that continues as noise"),
        ("VOICED", concealment._VOICED, "mean pitch gain of a frame that continues as pitch"),
        ("LSF_SHARE", concealment._LSF_SHARE, "share of the last LSF in those of a lost frame"),
        ("MAX_GLIDE", concealment._MAX_GLIDE, "greatest change of the lag, of the last lag"),
        ("MAX_AGE", concealment._MAX_AGE, "limit of the number of lost frames in a row"),
        ("HELD", concealment._HELD, "lost frames with slow fading"),
        ("SLOW_NOISE", concealment._SLOW_NOISE, "slow fading of noise, per subframe"),
        ("SLOW_PITCH", concealment._SLOW_PITCH, "slow fading of pitch, per subframe"),
        ("FAST", concealment._FAST, "fast fading, per subframe"),
        ("NOISE_SHARE", concealment._NOISE_SHARE, "share of the level that noise gets"),
        ("MAX_LIFT", concealment._MAX_LIFT, "greatest gain of the past period"),
        ("CORRECTION_SHARE", concealment._CORRECTION_SHARE, "share of the mean correction"),
        ("CORRECTION_DB", concealment._CORRECTION_DB, "added to the correction, in dB"),
        ("LOST_LIFT", concealment._LOST_LIFT, "limit in a loss, of the last good energy"),
        ("FOUND_LIFT", concealment._FOUND_LIFT, "limit after a loss, of the loudest energy"),
        ("ALWAYS_ALLOWED", concealment._ALWAYS_ALLOWED, "least limit after a loss"),
        ("WATCHED", concealment._WATCHED, "subframes after a loss with a limit"),
        ("FORGETTING", concealment._FORGETTING, "of the loudest energy, per subframe"),
        ("LIMITER_MEMORY", concealment._LIMITER_MEMORY, "of the gain, per sample"),
    ],
    "enhancement": [
        ("N_FEATURES", enhancement_tables.N_FEATURES, "features of a subframe"),
        ("PAST_LEN", enhancement_features.PAST_LEN, "samples kept before a frame"),
        ("N_BANDS", enhancement_features.N_BANDS, "bands of a spectrum"),
        ("N_LAGS", enhancement_features.N_LAGS, "lags of the correlations"),
        ("MATCHED", enhancement_features._MATCHED, "samples that are matched"),
        ("FLOOR", enhancement_features._FLOOR, "power of silence"),
        ("BAND_FLOOR", enhancement_features._BAND_FLOOR, "floor of a band, of all power"),
        ("SQRT2", enhancement_features._SQRT2, "square root of 2"),
        ("PEAK_DECAY", enhancement_features._PEAK_DECAY, "decay of the peak, per subframe"),
        ("LONGEST_LOSS", enhancement_features._LONGEST_LOSS, "frames of the longest loss"),
        ("RECOVERED", enhancement_features._RECOVERED, "subframes of the recovery"),
        ("FEATURE_LIMIT", enhancement_network.FEATURE_LIMIT, "limit of a scaled feature"),
        ("N_COMB", enhancement_tables.N_COMB, "taps of each comb"),
        ("N_FIR", enhancement_tables.N_FIR, "taps of the FIR filter"),
        ("COMB_LIMIT", enhancement_network.COMB_LIMIT, "limit of a tap of a comb"),
        ("FIR_LIMIT", enhancement_network.FIR_LIMIT, "limit of a tap of the FIR filter"),
        ("FADE_LEN", enhancement.FADE_LEN, "samples of a fade"),
        ("KEPT", enhancement._KEPT, "share of the energy that a lost frame keeps"),
        ("ENHANCEMENT_MAX_LIFT", enhancement._MAX_LIFT, "greatest gain of a lost frame"),
        ("LIFT_MEMORY", enhancement._LIFT_MEMORY, "of this gain, per sample"),
    ],
    "limits": [
        ("PITCH_GAIN_LIMIT", table_set._PITCH_GAIN_LIMIT, "of a pitch gain"),
        ("CORRECTION_LIMIT_DB", table_set._CORRECTION_LIMIT_DB, "of a correction, in dB"),
        ("MAX_PREDICTOR_TAP", table_set._MAX_PREDICTOR_TAP, "of a tap of a gain predictor"),
        ("WEIGHT_LIMIT", enhancement_tables.LIMIT, "of a weight of the network, after scaling"),
        ("MEAN_LIMIT", enhancement_tables._MEAN_LIMIT, "of the mean of a feature"),
        ("SCALE_LIMIT", enhancement_tables._SCALE_LIMIT, "of the scale of a feature"),
        ("MAX_TABLE_BYTES", table_set._MAX_BYTES, "of a file of tables, packed and unpacked"),
    ],
}  # fmt: skip


def constants(name: str) -> str:
    """Return a table of constants."""
    rows = [f"| `{symbol}` | {value!r} | {meaning} |" for symbol, value, meaning in CONSTANTS[name]]
    return "\n".join(["| constant | value | meaning |", "|---|---|---|", *rows])


def bit_order() -> str:
    """Return the order of the bits of each mode, a row for each byte of a packet."""
    parts = []
    for mode in modes.modes():
        bits = [f"{field}{entry}[{place}]" for field, entry, place in mode.transmission]
        rows = [
            f"| {i // 8} | " + " | ".join(bits[i : i + 8]) + " |" for i in range(0, len(bits), 8)
        ]
        head = ["| byte | 7 | 6 | 5 | 4 | 3 | 2 | 1 | 0 |", "|---" * 9 + "|"]
        parts.append("\n".join([f"Mode {mode.name}:", "", *head, *rows]))
    return "\n\n".join(parts)


def fixed_codebooks() -> str:
    """Return the layout of the index of each fixed codebook."""
    rows = ["| bits of the index | row of stage 1 | row of stage 2 | signs |", "|---|---|---|---|"]
    for bits in sorted({bits for mode in modes.modes() for bits in mode.bits("fcb")}):
        first, second = (*modes.fcb_stages(bits), 0)[:2]
        rows.append(f"| {bits} | {first} | {second or '-'} | {2 if second else 1} |")
    return "\n".join(rows)


def arrays() -> str:
    """Return the names, shapes and types of the arrays of a set of tables."""
    wanted = {**tables.expected(), **enhancement_tables.expected()}
    rows = [
        f"| `{name}` | {' x '.join(map(str, shape))} | `{dtype}` |"
        for name, (shape, dtype) in sorted(wanted.items())
    ]
    return "\n".join(["| array | shape | type |", "|---|---|---|", *rows])


def layers() -> str:
    """Return the layers of the enhancement network."""
    rows = [
        f"| `{name}` | {layer.n_in} | {layer.n_out} |"
        for name, layer in enhancement_tables.LAYERS.items()
    ]
    return "\n".join(["| layer | inputs | outputs |", "|---|---|---|", *rows])


def sizes() -> str:
    """Return the sizes of the enhancement network."""
    names = ("LAG_UNITS", "SUBFRAME_UNITS", "FRAME_UNITS", "OUTPUT_UNITS")
    rows = [f"| `{name}` | {getattr(enhancement_tables, name)} |" for name in names]
    return "\n".join(["| size | value |", "|---|---|", *rows])


def interpolator() -> str:
    """Return the taps of the interpolator times 2^15."""
    taps = np.round(adaptive_codebook.interpolator(adaptive_codebook.REACH) * 2**15).astype(int)
    rows = [f"| {i} | {one} | {two} |" for i, (one, two) in enumerate(taps.T.tolist())]
    return "\n".join(["| i | 2¹⁵ h(1, i) | 2¹⁵ h(2, i) |", "|---|---|---|", *rows])


def fade() -> str:
    """Return the weights of the fade times 2^20."""
    values = np.round(enhancement.FADE * 2**20).astype(int).tolist()
    return ", ".join(map(str, values))


def band_edges() -> str:
    """Return the edges of the bands in Hz."""
    return ", ".join(map(str, enhancement_features._EDGES_HZ))


TABLES: dict[str, Callable[[], str]] = {
    "allocation": modes.bit_table,
    "bit order": bit_order,
    "fixed codebooks": fixed_codebooks,
    "arrays": arrays,
    "layers": layers,
    "sizes": sizes,
    "interpolator": interpolator,
    "fade": fade,
    "band edges": band_edges,
}

_BLOCK = re.compile(r"<!-- table: (.+?) -->\n(.*?)<!-- /table -->", re.DOTALL)


def table(name: str) -> str:
    """Return a table by its name; ``constants NAME`` is one of `CONSTANTS`."""
    kind, _, rest = name.partition(" ")
    return constants(rest) if kind == "constants" else TABLES[name]()


def renewed(text: str) -> str:
    """Return a page with its tables as the code states them."""
    return _BLOCK.sub(lambda m: f"<!-- table: {m[1]} -->\n\n{table(m[1])}\n\n<!-- /table -->", text)


def names(text: str) -> list[str]:
    """Return the names of the tables of a page."""
    return [match[1] for match in _BLOCK.finditer(text)]


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="default: docs/spec")
    args = parser.parse_args(argv)
    different = []
    for path in sorted(args.folder.glob("*.md")):
        text = path.read_text()
        if renewed(text) != text:
            different.append(path.name)
            if not args.check:
                path.write_text(renewed(text))
    print(f"specification: other tables in {', '.join(different) or 'no page'}")
    return int(args.check and bool(different))


if __name__ == "__main__":
    sys.exit(main())
