"""What ends a command with status 1 and a message instead of a stack trace."""

from __future__ import annotations


class CommandError(Exception):
    """Something that the user can mend; the message says what and how."""
