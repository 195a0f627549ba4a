"""Tracks of decoded parameters."""

import numpy as np
import pytest

from celpvq import ArgumentError, FormatError
from celpvq.codec.decoder import tracks
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.format.modes import FRAME_LEN


def test_parameters_agree_with_the_reports_of_the_decoder(mode, speech):
    packets = FrameEncoder(mode, "fast").encode(speech)
    found = tracks.parameters(b"".join(packets), mode)
    n = len(speech) // FRAME_LEN
    assert [track.shape for track in found] == [(n, 10), (4 * n,), (4 * n, 2)]
    decoder = FrameDecoder()
    for i, packet in enumerate(packets):
        decoder.decode(packet)
        frame = decoder.last_frame
        np.testing.assert_array_equal(found.lsf[i], frame.lsf)
        np.testing.assert_array_equal(found.lag[4 * i : 4 * i + 4], frame.lag)
        np.testing.assert_array_equal(found.gain[4 * i : 4 * i + 4], frame.gain)
    assert [len(track) for track in tracks.parameters(b"", mode)] == [0, 0, 0]


def test_lost_packets_have_tracks_too(speech):
    packets = FrameEncoder(preset="fast").encode(speech)
    reports = tracks.decoded([packets[0], None, b""])
    assert [frame.type for frame in reports] == ["speech", "bad", "no_data"]
    assert tracks.tracks(reports).lag.shape == (12,)


def test_other_lengths_and_modes_are_refused(mode):
    with pytest.raises(FormatError, match=f"expected a multiple of {mode.frame_bytes} bytes, got"):
        tracks.parameters(bytes(mode.frame_bytes + 1), mode)
    with pytest.raises(ArgumentError, match="mode"):
        tracks.parameters(b"", 12200)
