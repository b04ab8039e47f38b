"""Files that no reader of documents is meant to see, by their names."""

from __future__ import annotations


def is_hidden(name: str) -> bool:
    """True for names of files that are not shown: with a dot in front, or litter."""
    return name.startswith(".") or is_litter(name)


def is_litter(name: str) -> bool:
    """True for names of files that no user made: of macOS and Windows, locks of Office."""
    return name.startswith(("~$", "._")) or name.lower() in (".ds_store", "thumbs.db", "desktop.ini")
