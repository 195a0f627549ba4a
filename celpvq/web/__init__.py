"""Pages that decode and play coded speech in a browser."""
