"""What people are told when Roistat takes nothing just now."""

import re

import pytest

from receiver.errors import BudgetExhausted, RoistatError, UpstreamError
from receiver.words.legs import ROISTAT_ANSWERS, of_roistat


@pytest.mark.parametrize(
    ("error", "state", "says"),
    [
        (BudgetExhausted(90), "degraded", "Our share .* used up until"),
        (BudgetExhausted(2, "request_limit_error"), "degraded", "all wait until"),
        (BudgetExhausted(120, "project_frozen"), "failed", "frozen.* next try is at"),
        (BudgetExhausted(120, "http_402"), "failed", "paid.* next try is at"),
        (RoistatError("project_frozen", permanent=False), "failed", "is frozen"),
        (RoistatError("internal_error", permanent=False), "degraded", "internal_error"),
        (UpstreamError("Roistat cannot be reached"), "degraded", "cannot be reached"),
    ],
)
def test_a_failed_call_is_explained_with_when_it_goes_on(error, state, says):
    told = of_roistat(error)
    assert told[0] == state
    assert re.search(says, told[1])
    if isinstance(error, BudgetExhausted):
        assert re.search(r"\d\d:\d\d:\d\d UTC", told[1])


def test_a_refusal_of_one_deal_is_no_illness():
    assert of_roistat(RoistatError("incorrect_request", permanent=True)) == (
        ROISTAT_ANSWERS
    )
