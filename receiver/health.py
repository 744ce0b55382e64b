"""How each leg is doing, from what is known already: nothing here calls Roistat."""

from typing import Any

from receiver import words
from receiver.bootstrap import Services
from receiver.errors import StoreUnavailable

Leg = dict[str, Any]


def of_store(services: Services) -> Leg:
    """The store: failed where it takes no writes, degraded where it may forget."""
    try:
        services.store.host.answers()
        durable = services.config.store_durable
        return _leg(words.legs.of_store(durable or services.store.host.is_durable()))
    except StoreUnavailable:
        return _leg(words.legs.STORE_AWAY)


def of_roistat(services: Services) -> Leg:
    """Roistat, as the last call to it had it."""
    leg = {**_leg(words.legs.ROISTAT_UNASKED), "checked_at": None}
    try:
        return services.store.notes.verdict() or leg
    except StoreUnavailable:
        return leg


def of_queue(services: Services) -> Leg:
    """What waits and what is parked."""
    try:
        return _leg(words.legs.of_queue(**services.store.counts()))
    except StoreUnavailable:
        return _leg((words.UNKNOWN, words.legs.STORE_AWAY[1]))


def _leg(verdict: tuple[str, str]) -> Leg:
    return {"state": verdict[0], "message": verdict[1]}
