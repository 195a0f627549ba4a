"""Inputs for the parsers: small valid files with a few changes."""

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

MAX_LEN = 1 << 16  # bytes of an input
Repair = Callable[[bytes], bytes]

_NUMBERS = st.one_of(
    st.sampled_from([0, 1, 127, 128, 255, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000]),
    st.sampled_from([0xFFFFFFFF, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]),
    st.integers(0, (1 << 64) - 1),
)


@st.composite
def mutated(draw: st.DrawFn, corpus: Sequence[bytes], repair: Repair | None = None) -> bytes:
    """Draw a file of the corpus, change it, and maybe make its checksums agree again.

    Without a repair, a checksum would reject nearly every input before the code behind it runs.
    """
    data = draw(st.sampled_from(corpus))
    for _ in range(draw(st.integers(0, 6))):
        data = _changed(draw, data, corpus)[:MAX_LEN]
    if repair is not None and draw(st.booleans()):
        data = repair(data)
    return data


def _changed(draw: st.DrawFn, data: bytes, corpus: Sequence[bytes]) -> bytes:
    """Return the data with one change."""
    # headers are short, so that half of the places are near the start
    near = st.integers(0, min(len(data), 64))
    start = draw(st.one_of(near, st.integers(0, len(data))))
    end = min(start + draw(st.integers(1, 64)), len(data))
    kind = draw(st.sampled_from(["bytes", "number", "bit", "cut", "drop", "repeat", "splice"]))
    if kind == "bytes":
        return data[:start] + draw(st.binary(max_size=8)) + data[start:]
    if kind == "number":
        size = draw(st.sampled_from([1, 2, 3, 4, 8]))
        order = draw(st.sampled_from(["little", "big"]))
        number = (draw(_NUMBERS) % (1 << 8 * size)).to_bytes(size, order)
        return data[:start] + number + data[start + size :]
    if kind == "bit" and start < len(data):
        flipped = data[start] ^ 1 << draw(st.integers(0, 7))
        return data[:start] + bytes([flipped]) + data[start + 1 :]
    if kind == "cut":
        return data[:start]
    if kind == "drop":
        return data[:start] + data[end:]
    if kind == "repeat":
        return data[:start] + data[start:end] * draw(st.integers(2, 100)) + data[end:]
    return data[:start] + draw(st.sampled_from(corpus))[draw(st.integers(0, 64)) :]
