"""A server of the page as a process, and a Chromium whose microphone plays the bundled clips."""

import contextlib
import subprocess
import sys

import numpy as np
import pytest
import soundfile

PACKAGES = ("starlette", "uvicorn", "websockets")


@pytest.fixture(scope="session")
def microphone(clips):
    """The sound of the microphone, 8000 Hz."""
    return np.concatenate([clips[name] for name in sorted(clips)])


@pytest.fixture(scope="module")
def browser(launch, microphone, tmp_path_factory):
    """Yield a headless Chromium with this microphone."""
    path = tmp_path_factory.mktemp("microphone") / "sound.wav"
    soundfile.write(path, microphone, 8000, subtype="PCM_16")
    browser = launch(f"--use-file-for-fake-audio-capture={path}")
    yield browser
    browser.close()


@contextlib.contextmanager
def starter():
    """Yield a function that runs `celpvq live --web` and returns its address and process."""
    for name in PACKAGES:
        pytest.importorskip(name, reason="needs celpvq[web]")
    processes = []

    def start(*options):
        command = [sys.executable, "-m", "celpvq", "live", "--web", "--port", "0", *options]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(command, **pipes)
        processes.append(process)
        return process.stdout.readline().strip(), process

    try:
        yield start
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.communicate(timeout=60)


@pytest.fixture
def start_server():
    """Return a function that starts a server and returns its address and process."""
    with starter() as start:
        yield start


@pytest.fixture(scope="module")
def address():
    """Return the address of a server that the tests of a file share."""
    with starter() as start:
        yield start("-p", "fast")[0]
