"""Phone numbers, e-mail addresses and birthdays as Roistat takes them. Pure."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from receiver.deal import Client
from receiver.roistat.contacts import day_of, email_of, phone_of
from receiver.roistat.schemas import client_of

ARABIC = {ord("0") + n: 0x660 + n for n in range(10)}  # the digits of the Arabic script


@pytest.mark.parametrize(
    ("text", "region", "digits"),
    [
        ("+7 (999) 123-45-67", None, "79991234567"),
        ("+7 999 123-45-67 ext. 12", None, "79991234567"),
        ("+49 (0)30 123456", None, "4930123456"),
        ("00 49 30 123456", None, "4930123456"),
        ("(0049) 30/123456", None, "4930123456"),
        ("tel:+49-30-123456;ext=3", None, "4930123456"),
        ("\uff0b\uff17 999 123-45-67", None, "79991234567"),
        ("+7 999 123 45 67".translate(ARABIC), None, "79991234567"),
        ("79991234567", None, "79991234567"),
        ("8 (999) 123-45-67", None, "89991234567"),
        ("8 (999) 123-45-67", "RU", "79991234567"),
        ("8 (999) 123-45-67", "ru", "79991234567"),
        ("79991234567", "RU", "79991234567"),
        ("030 123456", "DE", "4930123456"),
        ("030/123456", "DE", "4930123456"),
        ("8~10 49 30 123456", "RU", "4930123456"),
        ("00 49 30 123456", "US", "4930123456"),
        ("+7 999 123-45-67", "DE", "79991234567"),
        ("123-45-67", "RU", "1234567"),
        ("8 (999) 123-45-67", "nowhere", "89991234567"),
        ("+7 999 123-45-67, +7 999 765-43-21", None, "79991234567"),
        ("+7 999 123-45-67 +7 999 765-43-21", None, "79991234567"),
        ("+7 999 123-45-67 / 8 999 765-43-21", None, "79991234567"),
        ("none; 8 999 123-45-67|1", "RU", "79991234567"),
        ("+7", None, "7"),
        ("1" * 40, None, "1" * 40),
        ("", None, None),
        (None, "RU", None),
        ("ask Ada", "RU", None),
    ],
)
def test_a_phone_number_is_the_first_one_in_international_digits(text, region, digits):
    assert phone_of(text, region) == digits


@settings(max_examples=300)
@given(st.text(st.characters() | st.sampled_from("+0123456789 -()/,;")))
def test_whatever_is_written_a_phone_number_is_digits_or_nothing(text):
    digits = phone_of(text, "RU")
    assert (digits is None) is not any(one.isdecimal() for one in text)
    assert digits is None or (digits.isascii() and digits.isdigit())


NUMBERS = [
    number
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)
    if (number := phonenumbers.example_number_for_type(region, kind))
]


@given(st.sampled_from(NUMBERS), st.sampled_from(["", " ", "-", "."]))
def test_every_countrys_numbers_are_understood_however_they_are_written(number, gap):
    digits = f"{number.country_code}{phonenumbers.national_significant_number(number)}"
    region = phonenumbers.region_code_for_number(number)
    for form in (PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164):
        text = phonenumbers.format_number(number, form).replace(" ", gap)
        assert phone_of(text) == digits
        assert phone_of(text, "US") == digits
        assert phone_of("00" + text[1:]) == digits
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    assert phone_of(national, region) == digits


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" ada@example.com\n", "ada@example.com"),
        ("ada@example.com; bob@example.com", "ada@example.com"),
        ("Ada Example <ada@example.com>", "ada@example.com"),
        ("none, bob@example.com", "bob@example.com"),
        ("ada", None),
        ("@", None),
        ("ada@", None),
        ("a@b@c", None),
        ("", None),
        (None, None),
    ],
)
def test_an_email_address_is_one_address_or_nothing(text, address):
    assert email_of(text) == address


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1980-02-29", "1980-02-29"),
        (" 1980-01-01 ", "1980-01-01"),
        ("1981-02-29", None),
        ("0000-00-00", None),
        ("19800101", None),
        ("1980-W01-1", None),
        ("1980-01-01 00:00:00", None),
        ("01.02.1980", None),
        ("1980-01-01".translate(ARABIC), None),
        ("", None),
        (None, None),
    ],
)
def test_a_birthday_is_a_day_or_nothing(text, day):
    assert day_of(text) == day


def test_a_client_is_sent_in_the_form_that_roistat_takes():
    ada = Client(
        "c1", "A" * 2000, "8 999 123 45 67", " ada@x.com ", "C" * 2000, "1.2.1980"
    )
    assert client_of(ada, "RU") == {
        "id": "c1",
        "name": "A" * 1000,
        "phone": "79991234567",
        "email": "ada@x.com",
        "company": "C" * 1000,
        "birth_date": None,
    }
    assert client_of(ada)["phone"] == "89991234567"


def test_what_a_client_lacks_is_sent_as_null():
    assert client_of(Client("c1", "")) == {
        "id": "c1",
        "name": "c1",
        "phone": None,
        "email": None,
        "company": None,
        "birth_date": None,
    }
