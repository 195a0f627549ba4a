"""The known codecs, and the search for the installed ones."""

from importlib import import_module

from .codec import AbsentError, Peer

KINDS = ("amr", "g729", "g723", "speex", "opus", "codec2")  # modules of this package


def installed(kinds: tuple[str, ...] = KINDS) -> tuple[list[Peer], dict[str, str]]:
    """Return the installed codecs of `kinds`, and for each other kind the missing package."""
    peers: list[Peer] = []
    absent = {}
    for kind in kinds:
        try:
            peers += import_module(f".{kind}", __package__).peers()
        except AbsentError as error:
            absent[kind] = str(error)
    return peers, absent
