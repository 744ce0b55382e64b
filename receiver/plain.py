"""Text that a terminal only shows.

A name that somebody typed into a website's form reaches the commands' output and the
logs. In it may stand what moves a terminal's cursor, writes its title, or turns the
direction in which the line is read.
"""

import re

# Control characters of both sets but tab and line feed; directions that are switched
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """The text with a mark in place of each character that commands a terminal."""
    return text if text.isprintable() else _COMMANDS.sub("\ufffd", text)


def plain_json(text: str) -> str:
    """The same for JSON, which can say each of them: what reads it finds them again."""
    return _COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
