"""Hosts and origins that may use the server."""

import pytest

from celpvq.errors import ArgumentError
from celpvq.web.live.access import own_origins, parse_origin


def test_a_server_knows_its_own_addresses():
    assert own_origins("127.0.0.1", 8123) == {
        "http://127.0.0.1:8123", "http://localhost:8123", "http://[::1]:8123",
    }  # fmt: skip
    assert "http://[2001:db8::1]:8123" in own_origins("2001:db8::1", 8123)
    assert "http://localhost" in own_origins("127.0.0.1", 80)


@pytest.mark.parametrize("url", ["https://bob.example", "http://bob.example:8080"])
def test_origins_are_read(url):
    assert parse_origin(url) == url


@pytest.mark.parametrize(
    "url", ["bob.example", "https://bob.example/", "https://Bob.example", "ftp://b", "*", "null"]
)
def test_other_texts_are_no_origins(url):
    with pytest.raises(ArgumentError, match=r"expected one such as https://bob\.example"):
        parse_origin(url)
