"""The command line: parses, calls, prints, exits; nothing below prints, and no command pays for another's imports."""

from classifier.cli.starting import main

__all__ = ["main"]
