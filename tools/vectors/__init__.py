"""The test vectors for other decoders, which lie in ``data/vectors``.

=================  =============  =================================================================
file               module         contents
=================  =============  =================================================================
`frames.json`      `streams`      streams of packets, and the SHA-256 of their samples
`values.json`      `values`       frames of each type, with their parameters and signals
`damaged.json`     `damaged`      small files with faults, and the error that each one raises
`constants.json`   `files`        the interpolator, the fade and the weights of the bands
=================  =============  =================================================================

`notation` decodes the frames of the vectors, and `files` writes the files.
"""
