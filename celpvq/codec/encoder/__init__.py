"""The encoder: analysis, the searches, DTX. `frame` is its block diagram."""
