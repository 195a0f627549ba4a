"""Command lines, run in the folder that a test file prepares as its fixture `here`."""

import pytest

from celpvq.cli import main


@pytest.fixture
def run(here, capfd):
    """Run a command line here: return its status, output and complaint."""

    def run(line):
        try:
            status = main(line.split())
        except SystemExit as error:
            status = error.code
        return status, *capfd.readouterr()

    return run
