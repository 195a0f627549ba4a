"""The files of the vectors: all of them made, or their hashes and values renewed."""

import json
from pathlib import Path
from typing import Any

from celpvq.codec.common import adaptive_codebook
from celpvq.codec.decoder import enhancement, enhancement_features

from .damaged import damaged_vectors
from .notation import stream
from .streams import clip_streams, random_streams, special_streams
from .values import frame_values, value_vectors


def make(folder: Path) -> None:
    """Write the vectors of the tests, with packets as the encoder makes them now."""
    clips = clip_streams()
    write(folder / "frames.json", clips + special_streams(clips) + random_streams(2000, seed=1))
    write(folder / "values.json", value_vectors(clips))
    write(folder / "damaged.json", damaged_vectors())
    write(folder / "constants.json", constants())


def renew(folder: Path) -> None:
    """Decode the frames of the vectors again, after a change of the decoder."""
    streams = json.loads((folder / "frames.json").read_text())
    write(folder / "frames.json", [renewed(one) for one in streams])
    frames = json.loads((folder / "values.json").read_text())
    write(folder / "values.json", [frame_values(one["frames"], one["name"]) for one in frames])


def renewed(one: dict[str, Any]) -> dict[str, Any]:
    """Return a stream of the vectors with the hashes of its samples as they are now."""
    return stream(one["name"], one["frames"], one.get("switches", ()))


def constants() -> dict[str, Any]:
    """Return the constants that formulas state, as exact numbers."""
    return {
        "fine_taps": adaptive_codebook.interpolator(adaptive_codebook.REACH).tolist(),
        "fade": enhancement.FADE.tolist(),
        "band_weights": enhancement_features._WEIGHTS.tolist(),
    }


def write(path: Path, content: Any) -> None:
    """Write JSON with exact numbers, one item of a list in a line."""
    if isinstance(content, list):
        text = "[\n" + ",\n".join(json.dumps(item) for item in content) + "\n]\n"
    else:
        text = json.dumps(content, indent=0) + "\n"
    path.write_text(text)
