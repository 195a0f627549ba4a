"""The format: what a packet is. Modes, order of the bits, packing, frame types."""
