"""Nothing is lost and nothing is stale, whatever is killed; and the test can fail.

Each part of the protocol that makes it so is taken out of a copy of the receiver, and
the same scenario is played against the copy and against the receiver as it is.
"""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from tests.kill.crm import Crm, Difference, Event
from tests.kill.run import as_body, run_all, say, settle
from tests.kill.world import CODE, World

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

ADD_ORDERS = "/project/add-orders"
SEEDS = (1, 2)
TAKEN_UP_SECONDS = 20

Scenario = Callable[[World, Crm], None]


class Pair(NamedTuple):
    """How a scenario ends with the receiver as it is, and with the mutated copy."""

    intact: Difference
    mutated: Difference


def test_no_deal_is_lost_or_stale_whatever_is_killed(capsys):
    with capsys.disabled():  # the summaries belong into every log
        results = run_all(SEEDS)
    assert all(result.is_fine for result in results)


def test_without_the_fence_a_late_event_leaves_a_deal_stale(tmp_path):
    mutated = without(
        tmp_path,
        "store/put.lua",
        "if held[1] and tonumber(fence) < tonumber(held[1]) then",
        "if false then",
    )
    ends = side_by_side(older_events_after_newer, mutated)
    assert not ends.intact
    assert ends.mutated.stale


def test_without_the_revision_check_an_edit_during_a_push_is_lost(tmp_path):
    mutated = without(
        tmp_path,
        "store/settle.lua",
        "local decided = mine and held[1] == rev",
        "local decided = mine",
    )
    ends = side_by_side(edits_during_a_push, mutated)
    assert not ends.intact
    assert ends.mutated.stale


@pytest.fixture(scope="module")
def killed_pushes(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    mutated = without(
        tmp_path_factory.mktemp("timer"),
        "schedule.py",
        "        self.wake_if_due()\n",
        "",
    )
    return side_by_side(worker_killed_during_a_push, mutated)


def test_what_a_killed_worker_was_pushing_is_taken_up_within_20_seconds(killed_pushes):
    assert not killed_pushes.intact


def test_without_the_timer_what_a_killed_worker_was_pushing_is_lost(killed_pushes):
    assert killed_pushes.mutated.lost


# --- scenarios ---


def older_events_after_newer(world: World, crm: Crm) -> None:
    first = [crm.save(f"deal-{n:03}") for n in range(10)]
    second = [crm.save(f"deal-{n:03}") for n in range(9)]
    second.append(crm.delete("deal-009"))
    send(world, second)
    send(world, first)
    settle(world)


def edits_during_a_push(world: World, crm: Crm) -> None:
    world.faults({"path": ADD_ORDERS, "latency_ms": 4000})
    send(world, [crm.save(f"deal-{n:03}") for n in range(10)])
    world.wait_until(lambda: world.calls(ADD_ORDERS), 10, "push under way")
    send(world, [crm.save(f"deal-{n:03}") for n in range(5)])
    assert not world.roistat()["orders"], "the push was over before the edits"
    settle(world)


def worker_killed_during_a_push(world: World, crm: Crm) -> None:
    # refused in the end, or it would arrive even though its sender is dead
    world.faults({"path": ADD_ORDERS, "latency_ms": 6000, "status": 500})
    send(world, [crm.save(f"deal-{n:03}") for n in range(10)])
    world.wait_until(lambda: world.calls(ADD_ORDERS), 10, "push under way")
    assert world.kill("worker")
    world.wait_until(lambda: not crm.compare(world.roistat()), TAKEN_UP_SECONDS)


def send(world: World, events: list[Event]) -> None:
    with requests.Session() as session:
        assert world.send(session, as_body(events), "msg_1")


# --- mutations ---


def without(directory: Path, file: str, old: str, new: str) -> Path:
    """A directory with a copy of the receiver in which one thing is taken out."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(CODE / "receiver", directory / "receiver", ignore=ignored)
    path = directory / "receiver" / file
    text = path.read_text()
    assert text.count(old) == 1, f"{file} has changed: mutate it anew"
    path.write_text(text.replace(old, new))
    return directory


def side_by_side(scenario: Scenario, mutated: Path) -> Pair:
    """Play a scenario against the receiver as it is and against the mutated copy."""

    def play(code: Path) -> Difference:
        crm = Crm()
        with World(code) as world:
            scenario(world, crm)
            return crm.compare(world.roistat())

    with ThreadPoolExecutor(2) as pool:
        pair = Pair(*pool.map(play, (CODE, mutated)))
    for name, difference in pair._asdict().items():
        lost, stale = len(difference.lost), len(difference.stale)
        say(f"{scenario.__name__}, {name}: lost {lost}, stale {stale}")
    return pair
