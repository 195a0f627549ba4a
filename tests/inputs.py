"""Random inputs for the kernels of the codec, and small helpers that many tests share."""

import os
import subprocess
import sys

import numpy as np
from hypothesis import strategies as st
from scipy.signal import lfilter

from celpvq.codec.common import lsf
from celpvq.codec.common.lsf_dequantizer import LsfTables
from celpvq.codec.common.table_set import TableSet
from celpvq.codec.common.tables import expected
from celpvq.codec.encoder import products
from celpvq.codec.format.modes import (
    FRAME_LEN,
    LPC_ORDER,
    MAX_LAG,
    MIN_LAG,
    SUBFRAME_LEN,
    fcb_stages,
)

seeds = st.integers(0, 2**32 - 1)
lag_thirds = st.integers(3 * MIN_LAG, 3 * MAX_LAG)


def frames(x):
    """`x` in whole frames, shape (n_frames, FRAME_LEN)."""
    return x[: len(x) // FRAME_LEN * FRAME_LEN].reshape(-1, FRAME_LEN)


def level_db(y):
    """The level of `y` [dB of full scale]."""
    return 20 * np.log10(np.sqrt(np.mean(np.square(y))) + 1e-9)


def lose(packets, mask):
    """`packets` with None where the mask says that one is lost."""
    return [None if gone else packet for packet, gone in zip(packets, mask, strict=True)]


def python(code, *args, cwd=None, options=(), without=(), **environ):
    """Run code in a process of its own; return its standard output and its standard error."""
    env = {k: v for k, v in (os.environ | environ).items() if k not in without}
    run = subprocess.run(
        [sys.executable, "-P", *options, "-c", code, *map(str, args)],
        capture_output=True, text=True, check=False, env=env, cwd=cwd,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return run.stdout, run.stderr


# spectra ------------------------------------------------------------------------------------------


def stable_lpc(rng, p=LPC_ORDER):
    """A predictor from reflection coefficients below 1."""
    a = np.ones(1)
    for k in rng.uniform(-0.9, 0.9, size=p):
        a = np.r_[a, 0.0] + k * np.r_[a, 0.0][::-1]
    return a[1:]


def rising_lsf(rng):
    """LSF with gaps above the minimum."""
    gaps = 1.01 * lsf.MIN_GAP + rng.dirichlet(np.ones(LPC_ORDER + 1)) * (
        np.pi - 1.02 * (LPC_ORDER + 1) * lsf.MIN_GAP
    )
    return np.cumsum(gaps)[:LPC_ORDER]


def lsf_tables(rng, sizes, spread=0.1):
    """Random LSF books with `sizes` entries in stage 1 and in the halves of stage 2."""
    return LsfTables(
        mean=lsf.flat(),
        rho=np.stack([np.full(LPC_ORDER, 0.3), np.full(LPC_ORDER, 0.8)]),
        stage1=rng.normal(scale=spread, size=(2, sizes[0], LPC_ORDER)),
        low=rng.normal(scale=spread / 3, size=(2, sizes[1], LPC_ORDER // 2)),
        high=rng.normal(scale=spread / 3, size=(2, sizes[2], LPC_ORDER // 2)),
    )


# excitation ---------------------------------------------------------------------------------------


def impulse_response(rng):
    """A response h that begins with 1 and decays."""
    h = rng.normal(size=SUBFRAME_LEN) * 0.8 ** np.arange(SUBFRAME_LEN)
    h[0] = 1.0
    return h


def response_of(impulse):
    """An impulse response as the products take it."""
    response = np.full((2, products.RESPONSE_LEN), np.nan, np.float32)
    products.respond(impulse, response)
    return response


def past_excitation(rng):
    """Coloured noise, with room for the subframe behind it."""
    past = lfilter([1], [1, -0.5], rng.normal(size=MAX_LAG))
    return np.r_[past, np.full(SUBFRAME_LEN, np.nan)]


def fixed_codebook(rng, bits):
    """Layout, stages and book of a random fixed codebook whose indices have `bits`."""
    stages, start = [], 3
    for stage_bits in fcb_stages(bits):
        stages.append((start, stage_bits))
        start += (1 << stage_bits) + 2
    layout = np.array([x for stage in stages for x in stage] + [0, 0], np.int64)[:4]
    return layout, stages, rng.normal(size=(start, SUBFRAME_LEN))


def table_set(rng):
    """A set of small random tables."""
    arrays = {}
    for name, (shape, _) in expected().items():
        if name.startswith("gain"):
            arrays[name] = rng.uniform([0, -10], [1.2, 10], size=shape)
        elif name.startswith("predictor"):
            arrays[name] = np.array([-40, 0.6, 0.3, 0.2, 0.1])
        else:
            arrays[name] = rng.normal(scale=1.0 if name.startswith("fcb") else 0.05, size=shape)
    return TableSet(arrays)


# sound --------------------------------------------------------------------------------------------

COLOURS = {
    "white": ([1], [1]),
    "dark": ([1], [1, -0.9]),
    "bright": ([1, -0.9], [1]),
    "hum": ([1], [1, -1.5, 0.8]),
}


def noise(n, colour, level, seed=0):
    """Noise of a colour at a level [dB of full scale]."""
    x = lfilter(*COLOURS[colour], np.random.default_rng(seed).normal(size=n))
    return x * 10 ** (level / 20) / x.std()


def two_voices(clips):
    """Half a second of a man, then of a woman, in whole frames."""
    parts = [clips["flite-rms-en"][4000:8000], clips["flite-slt-en"][4000:8000]]
    return frames(np.concatenate(parts)).ravel()


def talk(clips):
    """Three voices, each followed by a pause as long, and whether each frame is speech; 13 s."""
    words = [clips[n][: 110 * FRAME_LEN] for n in ("flite-rms-en", "espeak-f-fr", "flite-slt-en")]
    x = np.concatenate([part for word in words for part in (word, np.zeros(len(word)))])
    return x, np.tile(np.repeat([True, False], 110), 3)


def values(record):
    """All values of a state, of its records as well, in one list of arrays."""
    parts = []
    for name in record.dtype.names:
        part = record[name]
        parts += values(part) if getattr(part.dtype, "names", None) else [np.asarray(part)]
    return parts
