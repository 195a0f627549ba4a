"""A channel for packets: losses, bit errors, and files that record them.

>>> from celpvq import channel
>>> packets = [bytes(16)] * 100
>>> lost = channel.gilbert_elliott_losses(len(packets), rate=0.1, burst=3, seed=1)
>>> received = channel.drop(channel.flip_bits(packets, 1e-3, seed=1), lost)
>>> channel.Record.of(packets, received).n_lost == sum(lost.tolist())
True
"""

from .bit_errors import flip_bits, flip_by
from .g192 import read_g192, write_g192
from .losses import draw_losses, drop, gilbert_elliott_losses, random_losses
from .patterns import Pattern, read_pattern, write_pattern
from .record import Record

__all__ = [
    "Pattern",
    "Record",
    "draw_losses",
    "drop",
    "flip_bits",
    "flip_by",
    "gilbert_elliott_losses",
    "random_losses",
    "read_g192",
    "read_pattern",
    "write_g192",
    "write_pattern",
]
