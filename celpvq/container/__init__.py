"""The file format ``.cvq``, version 1. This page is its definition.

A file is a header, blocks of packets, and in one form a trailer. Numbers are little-endian and
unsigned; a CRC is CRC-32 as in zlib, PNG and Ethernet; sizes are in bytes.

Header, 32 bytes:

====== ==== ====================================================================================
offset size content
====== ==== ====================================================================================
0      4    89 43 56 51 ("CVQ" after a byte that no text holds)
4      1    version: 1
5      1    flags: 1 = *variable*, 2 = *unknown length*; all others 0
6      2    mode: bit/s of the packets; with *variable*, of the first ones
8      8    tables: the first bytes of the SHA-256 of the codebooks that decode the stream
16     4    sample rate of the original [Hz], 4000 to 192000
20     8    samples of the original, at its own rate, at least 1; with *unknown length* 0
28     4    CRC of bytes 0 to 27
====== ==== ====================================================================================

S samples at R Hz are N = S * 8000 / R samples at 8000 Hz, rounded, halves to even; with 40 zeros in
front and as many behind as needed they make ceil((N + 40) / 160) packets. A decoder drops the first
40 samples of its output and keeps the next N.

A block holds 50 packets, or in the last block those that are left:

========= ==========================================================================================
size      content
========= ==========================================================================================
1         with *unknown length* only: the number of packets in this block, 1 to 50 (any block may
          have fewer than 50)
per packet  with *variable*: a byte that says its length; then the packet. The length tells the
          mode; 2 is that of a silence descriptor, 0 stands for a frame that was not sent
4         CRC of all bytes of the block before it
========= ==========================================================================================

With *unknown length* (what is written to a pipe) a byte 0 follows the last block, then the trailer:
8 bytes, samples of the original, as above; 4 bytes, CRC of the byte 0 and those 8. Nothing follows
the end. A file that ends earlier is truncated.
"""

from .header import Header, n_packets, n_samples_8k
from .reader import CvqReader
from .summary import Info, info
from .writer import CvqWriter

__all__ = ["CvqReader", "CvqWriter", "Header", "Info", "info", "n_packets", "n_samples_8k"]
