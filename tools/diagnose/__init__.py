"""Loss of quality by class of frame, by talker, and by part of the codec.

`classes` classifies the frames, `frames` measures them, `contenders` holds codecs that differ from
the shipped one in a single property, and `command` compares them.
"""
