"""A quantizer tried on data: what it reaches at some rates, beside theory, and pictures of it."""
