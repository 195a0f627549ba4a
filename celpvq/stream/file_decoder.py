"""`FileDecoder`: packets to sound of an exact length, for files and whole arrays."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._types import I16
from .decoder import Decoder, checked


class FileDecoder(Decoder):
    """Decode streams whose exact length is known at their end.

    Parameters
    ----------
    strict : bool
        Whether a malformed packet raises a `FormatError`. If not, it is concealed.
    samplerate, dtype, **options
        As for `Decoder`.
    """

    def __init__(
        self, samplerate: int, dtype: str = "float32", *, strict: bool = False, **options: Any
    ) -> None:
        self._strict = strict
        super().__init__(samplerate, dtype, **options)

    def finish(
        self, packets: Iterable[bytes | None], n_8k: int, n_samples: int, *,
        look_ahead: bool = False,
    ) -> NDArray[Any]:  # fmt: skip
        """Return the sound of the last packets, and start a new stream.

        Parameters
        ----------
        packets : iterable of bytes or None
            The last packets, or all packets, of the stream.
        n_8k, n_samples : int
            Length of the whole stream at 8 kHz and at `samplerate`.
        look_ahead : bool
            Whether to conceal lost packets as `Decoder.look_ahead` does.
        """
        listed = checked(packets)
        with self._access:
            self._begin_chunks(listed)
            sound = self._sound(self._decode_all(listed, look_ahead=look_ahead), n_8k)
            return np.concatenate([sound, self._flush(n_samples)])

    def _tolerant(self, packet: bytes | None, following: bytes | None = None) -> I16:
        if self._strict:
            return self._decode(packet, following)
        return super()._tolerant(packet, following)
