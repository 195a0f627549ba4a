"""The spectral distortion of the quantized LSF."""

import numpy as np

import celpvq
from celpvq._types import F64
from celpvq.codec.decoder.tracks import parameters
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.quality import spectral_distortion
from celpvq.training import lsf_frames

from . import timing


def spectrum(_: F64) -> None:
    """Print the spectral distortion of the quantized LSF, over all audible frames of all clips."""
    recordings = timing.clips()
    analyzed = lsf_frames.analyze(recordings)
    audible = analyzed.weight.any(axis=1)
    rows = []
    for mode in celpvq.modes():
        coded = (b"".join(FrameEncoder(mode, "fast").encode(x)) for x in recordings)
        lsf_q = np.concatenate([parameters(packets, mode).lsf for packets in coded])
        distortion = spectral_distortion(analyzed.lsf, lsf_q)[audible]
        outliers = [np.mean((distortion > 2) & (distortion <= 4)), np.mean(distortion > 4)]
        shares = [f"{100 * share:.1f}" for share in outliers]
        rows.append([mode.bitrate, sum(mode.bits("lsf")), f"{distortion.mean():.2f}", *shares])
    timing.show(
        f"Spectral distortion of the LSF, 0-4 kHz, {audible.sum()} frames",
        ["bit/s", "LSF bits", "mean [dB]", "2-4 dB [%]", "over 4 dB [%]"], rows,
    )  # fmt: skip
