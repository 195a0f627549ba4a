"""Other speech codecs of this machine, each through its own library or program, for comparison.

    python tools/peers FOLDER OUT

Nothing of them comes with celpvq: what is not installed is named and left out.
"""
