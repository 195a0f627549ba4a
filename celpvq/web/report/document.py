"""`report_page`: one HTML file that shows the scores of codecs and plays clips after each codec."""

import base64
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ..._version import __version__
from ...codec.common.table_set import TableSet
from ...errors import ArgumentError
from ...lab.scores import Result
from ...lab.stored_results import common_measures
from ...lab.summary import Summary, columns, failures, summarize
from ...lab.versions import ClipVersions, Version
from ...quality.evaluation import BANDS, score_names
from ..page import asset, javascript, module, page, tables_base64
from . import tables as tabled

MAX_VERSIONS = 31  # of a clip, beside the original: browsers play buffers of 32 channels
_SCRIPTS = (
    "embedded.js", "elements.js", "report/switching.js", "report/frames.js", "report/pictures.js",
    "report/sortable.js", "report/charts.js", "report/scores.js", "report/decoding.js",
    "report/report.js",
)  # fmt: skip
_NO_RESULTS: Mapping[str, Sequence[Result]] = MappingProxyType({})
_NO_BASES: Mapping[str, str] = MappingProxyType({})


def report_page(
    clips: Sequence[ClipVersions], results: Mapping[str, Sequence[Result]] = _NO_RESULTS, *,
    tables: TableSet | None = None, title: str = "Speech after codecs",
    bases: Mapping[str, str] = _NO_BASES, against: str = "", notes: Sequence[str] = (),
) -> str:  # fmt: skip
    """Return an HTML document with scores, and players that switch between codecs.

    It needs no other file. celpvq's versions are embedded as ``.cvq`` files, which the page decodes
    by itself, to the same samples as `celpvq.decode`; all other sound is embedded as FLAC.

    Parameters
    ----------
    clips : sequence of ClipVersions
        The clips to play, from `celpvq.lab.versions.find_versions`.
    results : mapping of str to sequence of Result
        By codec, the same clips in the same order; from `celpvq.lab.stored_results.read_results`.
        Without results the page has no scores.
    tables : TableSet, optional
        The tables of all ``.cvq`` files; by default the shipped ones.
    title : str
        Heading of the page.
    bases, against : mapping of str to str, and str
        The codec with which each codec is compared, and the name of these codecs together. They add
        a table of differences.
    notes : sequence of str
        Sentences that stand below the scores.

    Raises
    ------
    ArgumentError
        If there is no clip, or a clip has more than 31 versions.
    """
    if not clips:
        raise ArgumentError("clips: expected at least one, got none")
    for clip in clips:
        if len(clip.versions) > MAX_VERSIONS:
            raise ArgumentError(
                f"codecs: expected at most {MAX_VERSIONS} versions of a clip,"
                f" got {len(clip.versions)}"
            )
    sounds = _Sounds()
    data = {
        "title": title,
        "version": __version__,
        "clips": [_clip(clip, sounds) for clip in clips],
        "sounds": sounds.texts,
        "tables": tables_base64(tables),
        "notes": [*notes, *(problem for clip in clips for problem in clip.problems)],
        **_scores(results, bases, against),
    }
    script = module(javascript("celpvq.js"), *map(asset, _SCRIPTS))
    style = asset("base.css") + asset("report/report.css")
    document = page(title, asset("report/page.html"), style, script, data)
    return document.encode(errors="backslashreplace").decode()  # names that are not Unicode


class _Sounds:
    """Encoded sounds, each of them once."""

    def __init__(self) -> None:
        self._places: dict[bytes, int] = {}
        self.texts: list[str] = []  # base64

    def place(self, sound: bytes) -> int:
        """Return the number of a sound."""
        if sound not in self._places:
            self._places[sound] = len(self.texts)
            self.texts.append(base64.b64encode(sound).decode())
        return self._places[sound]


def _clip(clip: ClipVersions, sounds: _Sounds) -> dict[str, Any]:
    original = Version("original", None, "flac", clip.original)
    return {
        "name": clip.clip.name,
        "samples": clip.n_samples,
        "versions": [
            {
                "codec": version.codec, "kbps": version.kbps, "form": version.form,
                "sound": sounds.place(version.sound), "enhancement": version.enhancement,
                "lost": version.lost,
            }
            for version in (original, *clip.versions)
        ],
    }  # fmt: skip


def _scores(
    results: Mapping[str, Sequence[Result]], bases: Mapping[str, str], against: str
) -> dict[str, Any]:
    """Return the tables and charts of a page, all empty without results."""
    if not results:
        return {"means": [], "charts": [], "heads": [], "scores": {}, "failures": [], "scored": 0}
    measures = common_measures(results.values())
    summaries = summarize(results, score_names(measures), bases)
    return {
        "means": _tables(summaries, against),
        "charts": tabled.rate_charts(summaries),
        "heads": tabled.score_heads(summaries),
        "scores": tabled.clip_scores(results, columns(summaries)),
        "failures": failures(results, measures),
        "scored": summaries[0].n_clips,
    }


def _tables(summaries: Sequence[Summary], against: str) -> list[dict[str, Any]]:
    tables = [tabled.means_table(summaries)]
    if any(summary.differences for summary in summaries):
        tables.append(tabled.difference_table(summaries, against))
    if BANDS[0] in summaries[0].scores:
        tables.append(tabled.band_table(summaries))
    return tables
