"""Phone numbers, e-mail addresses and birthdays as Roistat takes them. Pure.

https://help-en.roistat.com/API/methods/clients
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

# Between two numbers in one field; a plus always begins a number.
_APART = re.compile(r"[,;|\n\r]|(?=\+)")
_TWO_ZEROS = re.compile(r"^\D*0\D*0")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_BETWEEN_MAILS = re.compile(r"[\s,;<>]+")
_MAIL = re.compile(r"[^@]+@[^@]+")

_POSSIBLE = phonenumbers.ValidationResult.IS_POSSIBLE


def phone_of(text: str | None, region: str | None = None) -> str | None:
    """The first number of a field in international digits, without the plus.

    A number without its country's code can be completed only where `region` says which
    country (ISO 3166, `RU`) it is dialled in. What cannot be understood is given as its
    digits; what has none is no number.
    """
    for part in _APART.split(_with_plain_digits(text or "")):
        digits = re.sub(r"\D", "", part)
        if digits:
            for number in _readings(part, region):
                return phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:]
            return digits
    return None


def _readings(part: str, region: str | None) -> Iterator[PhoneNumber]:
    """What the number may be, the likeliest first: as dialled in the region; or with
    two zeros for a plus; or followed by another one after a slash.
    """
    for text in (part, part.partition("/")[0]):
        if region and "+" not in text:
            number = _parsed(text, region.upper())
            if number and phonenumbers.is_valid_number(number):
                yield number
        number = _parsed(_TWO_ZEROS.sub("+", text), None)
        if number and _is_possible(number):
            yield number


def _is_possible(number: PhoneNumber) -> bool:
    return bool(phonenumbers.is_possible_number_with_reason(number) == _POSSIBLE)


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


def _with_plain_digits(text: str) -> str:
    """Any script's digits as 0 to 9, any plus as +."""
    plain = (str(unicodedata.decimal(one, one)) for one in text)
    return "".join(plain).replace("\N{FULLWIDTH PLUS SIGN}", "+")


def email_of(text: str | None) -> str | None:
    """The first e-mail address of a field, alone."""
    parts = _BETWEEN_MAILS.split(text or "")
    return next((part for part in parts if _MAIL.fullmatch(part)), None)


def day_of(text: str | None) -> str | None:
    """A day as `YYYY-MM-DD`, where it is one: a wrong one refuses the whole call."""
    day = (text or "").strip()
    if not _DAY.fullmatch(day):
        return None
    try:
        date.fromisoformat(day)
    except ValueError:
        return None
    return day
