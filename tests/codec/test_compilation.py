"""Compilation of the codec: once for all modes and presets, and only what is needed."""

import importlib
import json
import pickle
import pkgutil
from pathlib import Path

import numpy as np
import pytest
from inputs import python

import celpvq
import celpvq.codec
from celpvq import Decoder, Encoder, _numba
from celpvq.codec.decoder import frame as decoder_frame
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.encoder import frame as encoder_frame
from celpvq.codec.encoder import vad
from celpvq.codec.encoder.presets import PRESETS
from celpvq.codec.format.modes import FRAME_LEN

ALL_KERNELS = """
import importlib, pkgutil
import celpvq.codec, celpvq.training, celpvq.vq
WITHOUT_KERNELS = ("celpvq.vq.nn", "celpvq.training.enhancement")
def kernels():
    found = {}
    for package in (celpvq.codec, celpvq.training, celpvq.vq):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if module.name.startswith(WITHOUT_KERNELS):  # they need PyTorch
                continue
            for name, item in vars(importlib.import_module(module.name)).items():
                if hasattr(item, "signatures") and item.py_func.__module__ == module.name:
                    found[module.name[7:] + "." + name] = item
    return found
def signatures(kernel):
    # those for which it is compiled, for calls from Python and from kernels
    inner = kernel.twin().signatures if hasattr(kernel, "twin") else []
    return {*kernel.signatures, *inner}
"""


def cached(folder):
    return [path for path in Path(folder).rglob("*") if path.suffix in (".nbi", ".nbc")]


def test_one_specialization_serves_all_modes_presets_and_inputs(clips):
    x = clips["flite-slt-en"][4000:5600]
    read_only = x.copy()
    read_only.flags.writeable = False
    inputs = [
        x, read_only, x.astype(np.float32), np.round(x * 32768).astype(np.int16), x.tolist(),
        np.repeat(x, 2)[::2], np.stack([x, x], axis=1)[:, 0], x.astype(">f4"),
    ]  # fmt: skip
    for mode in celpvq.modes():
        for preset in PRESETS:
            packets = Encoder(mode, preset, highpass=preset == "fast").write(x)
            Decoder(enhancement=preset == "best").write(map(memoryview, packets))
            FrameDecoder().decode_run(b"".join(packets), mode)
        pauses = Encoder(mode, "fast", dtx=True)
        sent = pauses.write(np.r_[x, np.zeros(5000)]) + pauses.flush()
        Decoder().write([None, *sent, None, b"", packets[0], None])
        Decoder().decode_frame(None, redundancy=bytes(3))
        Decoder().decode_frame(None, next_packet=packets[0])
    assert b"" in sent
    for other in inputs:
        codec = pickle.loads(pickle.dumps(Encoder())).copy()
        packets = codec.write(other)
        codec.reset()
        codec.encode_frame(other[:FRAME_LEN])
        codec = pickle.loads(pickle.dumps(Decoder())).copy()
        for kind in (bytes, bytearray, memoryview):
            codec.decode_frame(kind(packets[0]))
        FrameDecoder().decode_run(bytes(16), np.int64(6400))
    assert len(encoder_frame.encode_frames.signatures) == 1
    assert len(decoder_frame.decode_frames.signatures) == 1
    assert len(encoder_frame.encode_silence.signatures) == 1
    assert len(vad.update.signatures) == 1


@pytest.fixture(scope="module")
def after_a_packet(tmp_path_factory):
    """For each kernel its specializations after a packet was decoded, and whether it is fast."""
    code = ALL_KERNELS + (
        "import json\n"
        "from celpvq import Decoder\n"
        "Decoder().decode_frame(bytes(16))\n"
        "print(json.dumps({n: [len(signatures(k)), bool(k.targetoptions.get('fastmath'))]"
        " for n, k in kernels().items()}))"
    )
    cache = tmp_path_factory.mktemp("cache")
    return json.loads(python(code, CELPVQ_CACHE=str(cache))[0])


@pytest.mark.slow
def test_decoding_compiles_no_encoder(after_a_packet):
    compiled = {name for name, (n, _) in after_a_packet.items() if n}
    searches = {name for name, (_, fast) in after_a_packet.items() if fast}
    assert {"codec.decoder.frame.decode_frames", "codec.common.synthesis.excite"} <= compiled
    assert {
        "codec.encoder.frame.encode_frames", "codec.encoder.fixed_search.preselect",
    } <= searches  # fmt: skip
    assert not compiled & searches
    assert not any(name.startswith("codec.encoder") for name in compiled)
    assert not any(name.split(".")[0] != "codec" for name in compiled)


@pytest.mark.slow
def test_decoding_compiles_each_kernel_once(after_a_packet):
    several = {name for name, (n, _) in after_a_packet.items() if n > 1}
    # floats and integers; constants as arguments, which numba compiles in
    assert several <= {
        "codec.common.filters.copy", "codec.common.filters.keep_past",
        "codec.common.lsf._expand_pairs",
    }  # fmt: skip


def test_importing_compiles_nothing(tmp_path):
    code = ALL_KERNELS + "print(len(kernels()), [n for n, k in kernels().items() if signatures(k)])"
    out, _ = python(code, CELPVQ_CACHE=str(tmp_path))
    n, compiled = out.split(" ", 1)
    assert int(n) > 50
    assert compiled == "[]\n"
    assert cached(tmp_path) == []


def test_every_kernel_is_compiled_by_one_of_the_policies():
    folders = set()
    for module in pkgutil.walk_packages(celpvq.codec.__path__, "celpvq.codec."):
        for item in vars(importlib.import_module(module.name)).values():
            if not hasattr(item, "signatures"):
                continue
            options = item.targetoptions
            assert options["nogil"] is True
            assert options["error_model"] == "numpy"
            assert options["_nrt"] is False
            assert options.get("fastmath", False) in (
                False, {"reassoc", "contract", "arcp", "nsz"},
            )  # fmt: skip
            assert not options.get("parallel")
            folders.add(Path(item.stats.cache_path).parent)
    assert folders == {_numba.CACHE_DIR}
