"""Whether what is held is of one person, by e-mail address or phone number."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_APART = re.compile(r"[,;|\n\r]|(?=\+)")
_BETWEEN_MAILS = re.compile(r"[\s,;<>]+")
SHORTEST = 5  # digits of a number at all
TELLING = 9  # digits that tell a number, whatever stands before or after them
NATIONAL = 10  # digits after a country's code, or a trunk's 8


@dataclass(frozen=True, slots=True)
class Person:
    """One person as asked for. A phone number is the same however it is written."""

    email: str = ""
    phone: str = ""

    @property
    def is_nobody(self) -> bool:
        """Whether what was asked for is too little to be anybody's."""
        return not (_mail(self.email) or _number(self.phone))

    def is_in(self, texts: Iterable[str | None]) -> bool:
        """Whether one of some texts holds the address or the number."""
        mail, number = _mail(self.email), _number(self.phone)
        return any(
            (mail and mail in _BETWEEN_MAILS.split(text.casefold()))
            or any(_is_same(number, _number(part)) for part in _APART.split(text))
            for text in texts
            if text
        )


def _mail(text: str) -> str:
    """An address as it is compared; nothing where it is none."""
    text = text.strip().casefold()
    return text if "@" in text.strip("@") else ""


def _number(text: str) -> str:
    """A number's digits, without a trunk's zeros; nothing where it is none."""
    digits = "".join(str(unicodedata.digit(c)) for c in text if c.isdigit())
    digits = digits.lstrip("0")
    return digits if len(digits) >= SHORTEST else ""


def _is_same(asked: str, held: str) -> bool:
    """Whether two numbers are one, with or without a country's code, an extension, or
    another number behind.
    """
    if min(len(asked), len(held)) < TELLING:
        return asked == held != ""
    return asked[-NATIONAL:] in held or asked.endswith(held)
