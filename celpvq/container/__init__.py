"""The file format ``.cvq``, version 1. This page is its definition.

A file is a header, then blocks of packets, then in one form a trailer. Numbers are little-endian
and unsigned. A CRC is CRC-32 as in zlib, PNG and Ethernet. Sizes are in bytes.

Header, 32 bytes:

====== ==== ====================================================================================
offset size content
====== ==== ====================================================================================
0      4    89 43 56 51 ("CVQ" after a byte that no text contains)
4      1    version: 1
5      1    flags: 1 = *variable*, 2 = *unknown length*; all others 0
6      2    mode: bit/s of the packets; with *variable*, of the first ones
8      8    tables: the first bytes of the SHA-256 of the tables that decode the stream
16     4    sample rate of the original [Hz], 4000 to 192000
20     8    samples of the original, at its own rate, at least 1; with *unknown length* 0
28     4    CRC of bytes 0 to 27
====== ==== ====================================================================================

S samples at R Hz are N = S * 8000 / R samples at 8000 Hz, rounded, halves to even. With 40 zeros in
front and as many behind as needed they make ceil((N + 40) / 160) packets. A decoder drops the first
40 samples of its output and keeps the next N.

A block holds 50 packets. The last block holds the packets that are left:

========== =========================================================================================
size       content
========== =========================================================================================
1          with *unknown length* only: the number of packets in this block, 1 to 50 (any block may
           have fewer than 50)
per packet with *variable*: a byte with the packet's length; then the packet. The length gives the
           frame type and mode: 2 is a SID (silence insertion descriptor), 0 is NO_DATA, all others
           are speech
4          CRC of all bytes of the block before it
========== =========================================================================================

With *unknown length*, the form for pipes, a byte 0 follows the last block. Then comes the trailer:
8 bytes, samples of the original, as above; 4 bytes, CRC of the byte 0 and those 8. Nothing follows
the end. A file that ends earlier is truncated.
"""

from .header import Header, capacity_8k, n_packets, n_samples_8k
from .packets import read_packets, write_packets
from .rates import Rates
from .reader import CvqReader
from .summary import Info, info
from .writer import CvqWriter

__all__ = [
    "CvqReader",
    "CvqWriter",
    "Header",
    "Info",
    "Rates",
    "capacity_8k",
    "info",
    "n_packets",
    "n_samples_8k",
    "read_packets",
    "write_packets",
]
