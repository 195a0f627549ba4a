"""Small listening tests, with systems that add noise."""

import dataclasses
import json

import soundfile

from celpvq.lab.clips import Clip
from celpvq.lab.contenders import Coded
from celpvq.listening import encode_sounds, make_design, make_page, mnru, write_key
from celpvq.listening.anchors import parse

QUALITY = {  # of the systems here, on the scale of MUSHRA
    "reference": 100, "fine codec": 80, "middling codec": 50, "rough codec": 20,
    "MNRU 0 dB": 5, "low-pass 1500 Hz": 30,
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Noisy:
    """A codec that adds noise."""

    name: str
    q_db: float

    def key(self, clip):
        return ""

    def code(self, clip, ref):
        return Coded(mnru(ref, self.q_db, seed=5), 8.0)


SYSTEMS = [Noisy("rough codec", 8), Noisy("middling codec", 16), Noisy("fine codec", 24)]


def small_design(method, n_clips=3, systems=SYSTEMS, anchors=("MNRU 0 dB",), **options):
    clips = [f"voice-{i}.flac" for i in range(n_clips)]
    names = [system.name for system in systems]
    return make_design(method, names, clips, "voice-9.flac", anchors=anchors, seed=3, **options)


def write_test(folder, clips, method, *, seconds=0.6, systems=SYSTEMS, **options):
    """Write test.html and test.key.json; return the design."""
    anchors = [parse("mnru:0")] if method != "abx" else []
    names = [anchor.name for anchor in anchors]
    design = small_design(method, systems=systems, anchors=names, **options)
    sources = list(clips.values())
    speech = []
    for i, name in enumerate([*design.clips, "voice-9.flac"]):
        samples = sources[i][3000 + 1000 * i :][: round(seconds * 8000)]
        soundfile.write(folder / name, samples, 8000)
        speech.append(Clip(name, folder / name, seconds))
    sounds = encode_sounds(design, speech, systems, anchors, 10.0)
    (folder / "test.html").write_text(make_page(design, sounds), encoding="utf-8")
    write_key(folder / "test.key.json", design)
    return design


def write_results(folder, results):
    """Write the results of listeners; return the paths."""
    paths = []
    for i, result in enumerate(results):
        paths.append(folder / f"answers-{i:02d}.json")
        paths[-1].write_text(json.dumps(result), encoding="utf-8")
    return paths
