"""What SugarCRM's documents leave open or an administrator decides, as switches."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from receiver.emulators.sugarcrm.errors import ApiError


@dataclass(frozen=True)
class Assumptions:
    """How the emulator behaves where one SugarCRM differs from another."""

    # How long tokens last; the documents' samples say these.
    token_seconds: int = 3600
    refresh_seconds: int = 1_209_600
    # Platforms that are registered, comma-separated; others are refused.
    platforms: str = "base,mobile,portal,roistat"
    # The most rows that a list gives, whatever is asked for.
    most_rows: int = 1000
    # A deleted row in a list has no date, only an id.
    deleted_rows_have_dates: bool = False
    # A list gives linked records within each record, where asked by a map.
    links_are_nested: bool = True
    # The pipeline: Opportunities, or RevenueLineItems.
    opps_view_by: str = "Opportunities"
    # A new record keeps the id that is given for it.
    ids_are_kept: bool = True
    # The zone in which answers write moments.
    zone: str = "+00:00"

    def changed(self, given: Mapping[str, Any]) -> Self:
        """The same but for the switches given by name. Raises `ApiError`."""
        known = {one.name: type(one.default) for one in fields(self)}
        for name, value in given.items():
            if type(value) is not known.get(name):
                names = ", ".join(known)
                message = f"{name}: unknown or a wrong value; there are {names}"
                raise ApiError("invalid_parameter", message)
        return replace(self, **given)
