"""The blocks that encoder and decoder share: filters, LSF, codebook vectors, gains, synthesis."""
