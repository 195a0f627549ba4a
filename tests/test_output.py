"""`Output`: a file that appears when it is complete."""

import os

import pytest

from celpvq import OutputExistsError
from celpvq.output import Output


def test_an_output_keeps_links_and_permissions(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    with Output(link) as output:
        output.write(b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o640


def test_an_output_replaces_only_what_it_may(tmp_path):
    path = tmp_path / "a"
    output = Output(path, overwrite=False)
    path.write_bytes(b"somebody else's")
    with pytest.raises(OutputExistsError, match="exists already"):
        output.commit()
    with pytest.raises(OutputExistsError, match="exists already"):
        Output(path, overwrite=False)
    assert os.listdir(tmp_path) == ["a"]
    assert path.read_bytes() == b"somebody else's"
