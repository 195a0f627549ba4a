"""Other speech codecs of this machine, each through its own library or program, for comparison.

    python tools/peers FOLDER OUT

celpvq contains none of them. The command names those that are not installed, and leaves them out.
"""
