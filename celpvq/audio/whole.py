"""How long the sound of a file is, whatever format it has: from its data."""

from typing import IO

from . import chunks, flac, headers, mpeg, ogg
from .magic import starts_sound
from .survey import Part, Survey, Surveyor
from .tags import padding_end, skip_back, skip_front

_SURVEYORS: tuple[Surveyor, ...] = (
    chunks.survey_riff, chunks.survey_iff, chunks.survey_w64, chunks.survey_caf, flac.survey_flac,
    ogg.survey_ogg, headers.survey_au, headers.survey_nist, headers.survey_voc, headers.survey_sds,
    headers.survey_mat4, headers.survey_mat5, headers.survey_fixed, headers.survey_htk,
    mpeg.survey_mpeg,
)  # fmt: skip


def survey(file: IO[bytes], begin: int, end: int) -> Survey:
    """Return the parts of a sound file; several files one after the other are one.

    A format that is not known here is one part: what libsndfile makes of it.
    """
    result = Survey()
    while begin < end:
        start = skip_front(file, begin, end)
        for surveyor in _SURVEYORS:
            found = surveyor(file, start, end)
            if found is not None:
                result.append(found[0])
                begin = padding_end(file, found[1], end)
                break
        else:
            if not result.parts:
                result.parts.append(Part([(start, skip_back(file, start, end))]))
            break
        if not starts_sound(file, begin):
            break
    return result
