"""The format of packets: modes, order of the bits, packing, frame types."""
