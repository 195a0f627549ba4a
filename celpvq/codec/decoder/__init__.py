"""The decoder: concealment, enhancement, postfilters. `frame` is its block diagram."""
