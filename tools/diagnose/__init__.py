"""Where the quality goes: frames by class, talkers, and the parts of the codec, one by one.

`classes` tells the frames apart, `frames` measures them, `contenders` holds the codecs that differ
from the shipped one in a single thing, and `command` compares them.
"""
