"""The command `celpvq live --web`: its options, its address, and its end."""

import signal
import socket
import sys
import urllib.error
import urllib.request

import pytest

from celpvq.cli import main


def test_the_address_is_printed_and_ctrl_c_ends(start_server):
    address, process = start_server("--mode", "4800", "--loss", "5")
    assert address.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(address + "setup.json") as answer:
        assert b'"mode": 4800' in answer.read()
    foreign = urllib.request.Request(address, headers={"Origin": "https://evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(foreign)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "")


def test_a_port_in_use_is_one_line(capfd):
    pytest.importorskip("uvicorn", reason="needs celpvq[web]")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["live", "--web", "--port", str(port)]) == 1
    err = capfd.readouterr().err
    assert err.startswith(f"celpvq: TCP 127.0.0.1 port {port}: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("live --port 8000", "--port requires --web"),
        ("live --open", "--open requires --web"),
        ("live --web --seconds 3", "--seconds cannot be used with --web"),
        ("live --web --vbr 5600 --vbr-limit 6400", "--vbr-limit cannot be used with --web"),
        ("live --web --burst 3", "--burst requires --loss"),
        ("live --web --port 65536", "--port: expected 0 to 65535, got 65536"),
        ("live --web --loss 60", "loss: expected 0 to 50 %, got 60"),
        ("live --web --origin bob.example", "origin: expected one such as https://bob.example"),
    ],
)
def test_options_that_do_not_fit_are_one_line(capfd, line, words):
    if "--web" in line:
        pytest.importorskip("uvicorn", reason="needs celpvq[web]")
    assert main(line.split()) == 1
    err = capfd.readouterr().err
    assert err.startswith(f"celpvq: {words}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("package", ["starlette", "uvicorn", "websockets"])
def test_a_missing_package_is_one_line(monkeypatch, capfd, package):
    for name in list(sys.modules):
        if name.partition(".")[0] == package or name.startswith("celpvq.web.live"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["live", "--web", "--port", "0"]) == 1
    err = capfd.readouterr().err
    assert "celpvq live --web needs the package" in err
    assert err.endswith("pip install celpvq[web]\n")
    assert err.count("\n") == 1


def test_the_browser_is_opened_on_request(monkeypatch, capfd):
    pytest.importorskip("uvicorn", reason="needs celpvq[web]")
    import webbrowser

    from celpvq.web.live import server

    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)  # none was found
    monkeypatch.setattr(server, "serve", lambda *_: None)
    assert main(["live", "--web", "--port", "0", "--open"]) == 0
    out, err = capfd.readouterr()
    assert opened == [out.strip()]
    assert err == "celpvq: no browser was found; open the address yourself\n"
