"""The stress tool: short runs of each check, and checks that can fail."""

import pytest
import stress

import celpvq


@pytest.mark.slow
def test_ended_encoders_leave_a_complete_file_or_none(capsys):
    assert stress.main(["kills", "--runs", "6"]) == 0
    assert "kills: 6 runs, seed 1" in capsys.readouterr().out


def test_a_damaged_target_fails_the_check(capsys, monkeypatch):
    monkeypatch.setattr(stress, "_end", lambda *_: "damaged")
    assert stress.main(["kills", "--runs", "2"]) == 1
    assert "2 damaged" in capsys.readouterr().out


@pytest.mark.slow
def test_processes_that_share_an_empty_cache_agree(capsys):
    assert stress.main(["processes", "--runs", "2"]) == 0
    assert "{0: 2}, 1 results" in capsys.readouterr().out


def test_threads_agree_and_different_results_fail_the_check(capsys, monkeypatch):
    assert stress.main(["threads", "--runs", "4"]) == 0
    assert "same results True, after a fork True" in capsys.readouterr().out
    decode, calls = celpvq.decode, []

    def changing(data):
        calls.append(data)
        sound, samplerate = decode(data)
        return sound + len(calls), samplerate

    monkeypatch.setattr(celpvq, "decode", changing)
    assert stress.main(["threads", "--runs", "2"]) == 1


def test_a_long_file_comes_out_whole(capsys):
    assert stress.main(["long", "--hours", "0.01"]) == 0
    out = capsys.readouterr().out
    assert "encode, 0.01 h at 16 kHz: status 0, peak" in out
    assert "decode, 0.01 h at 16 kHz: status 0, peak" in out
