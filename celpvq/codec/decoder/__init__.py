"""The decoder: concealment and enhancement. `frame` is its block diagram."""
