"""Every state that two saves, two workers, a queue of wake-ups and one death can reach.

A search by exhaustion over the real scripts in a real Valkey: what is in the store is
part of the state, read out after each step and written back before the next one, so
that what was met before is not gone through again.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import redis

from receiver.deal import Deal
from receiver.errors import LeaseLost
from receiver.store import Outcome, Pending, Store, record_of

SAVES = ("A", "B")  # fenced in that order, told in any
WORKERS = ("one", "two")
MEMBER = "deal:d1"

# What is in the store: moments as past or to come, revisions as they are
_READ = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local function moment(text)
  return text and (tonumber(text) > now and 'later' or 'past') or ''
end
local answer = {moment(redis.call('ZSCORE', 'roistat:due', 'deal:d1'))}
for _, key in ipairs({'lease', 'woken', 'turns', 'state:deal:d1'}) do
  answer[#answer + 1] = redis.call('GET', 'roistat:' .. key) or ''
end
for _, name in ipairs({
  'until', 'rev', 'fence', 'digest', 'moved', 'attempt', 'sending', 'sent', 'delivered',
  'unsure'
}) do
  local value = redis.call('HGET', 'roistat:meta:deal:d1', name) or ''
  answer[#answer + 1] = name == 'until' and value ~= '' and moment(value) or value
end
return answer
"""
_WRITE = """
redis.call('FLUSHDB')
if ARGV[1] ~= '' then
  local at = ARGV[1] == 'later' and '1000000000000000' or '0'
  redis.call('ZADD', 'roistat:due', at, 'deal:d1')
end
for i, key in ipairs({'lease', 'woken', 'turns', 'state:deal:d1'}) do
  if ARGV[i + 1] ~= '' then
    redis.call('SET', 'roistat:' .. key, ARGV[i + 1])
  end
end
for i, name in ipairs({
  'until', 'rev', 'fence', 'digest', 'moved', 'attempt', 'sending', 'sent', 'delivered',
  'unsure'
}) do
  local value = ARGV[i + 5]
  if name == 'until' and value ~= '' then
    value = value == 'later' and '1000000000000000' or '0'
  end
  if value ~= '' then
    redis.call('HSET', 'roistat:meta:deal:d1', name, value)
  end
end
"""
_DUE, _LEASE, _UNTIL, _REV = 0, 1, 5, 6  # where these stand in what is read
_EMPTY = (b"",) * 15

# What a worker is at: waiting for a wake-up; awake, about to look; about to look again,
# unless its time is over; having looked, opened, sent; having stopped for want of time,
# about to wake somebody; gone.
IDLE, AWAKE, BETWEEN, LOOKED, OPENED, SENT, STOPPED, DEAD = range(8)


class Worker(NamedTuple):
    """What a worker is at, and what it has seen of the deal."""

    at: int = IDLE
    rev: int = 0
    name: str = ""
    delivered: str = ""
    then: tuple[str, "Worker"] | None = None  # a step that was split off, planted


class State(NamedTuple):
    """All there is: the store, who has told of what, the workers, the queue, Roistat,
    and how much may still go wrong.
    """

    held: tuple[bytes, ...] = _EMPTY
    told: tuple[str, ...] = ("no",) * len(SAVES)  # then put, then done
    workers: tuple[Worker, ...] = (Worker(),) * len(WORKERS)
    queue: int = 0
    roistat: str = ""
    deaths: int = 0


Move = tuple[Any, ...]


@dataclass
class Found:
    """What a search has found: how many states and steps, and the way to each state
    from which it does not end well.
    """

    states: int
    steps: int
    wrong: list[list[Move]]


class Search:
    """All steps from all states.

    `timer`: the clock looks whether anything is due. `deaths`: so many workers,
    wake-ups on their way, or web processes about to wake somebody are lost. `expiry`: a
    lease may run out at any moment. Where somebody may die, nobody sleeps in a call for
    longer than a push is unsure (see docs/decisions/0001). `late_flag` and `late_lease`
    are planted mistakes: what one step of the script does is done in a step of its own.
    """

    def __init__(
        self,
        store: Store,
        client: "redis.Redis",
        *,
        timer: bool,
        deaths: int = 0,
        expiry: bool = False,
        late_flag: bool = False,
        late_lease: bool = False,
    ) -> None:
        self.store, self.redis = store, client
        self.timer, self.deaths, self.expiry = timer, deaths, expiry
        self.late_flag, self.late_lease = late_flag, late_lease
        self._read = client.register_script(_READ)
        self._write = client.register_script(_WRITE)
        self._known: dict[tuple[Any, ...], tuple[tuple[bytes, ...], Any]] = {}

    def run(self) -> Found:
        """Go everywhere; then see from where a good end cannot be reached."""
        first = State(deaths=self.deaths)
        came: dict[State, tuple[State, Move] | None] = {first: None}
        before: dict[State, list[State]] = {}
        resting, steps, waiting = [], 0, deque([first])
        while waiting:
            state = waiting.popleft()
            moves = list(self._moves(state))
            if not moves:
                resting.append(state)
            for move in moves:
                steps += 1
                after = self._after(state, move)
                before.setdefault(after, []).append(state)
                if after not in came:
                    came[after] = (state, move)
                    waiting.append(after)
        well = self._leading_to([one for one in resting if _is_good(one)], before)
        wrong = [_way(came, state) for state in came if state not in well]
        return Found(len(came), steps, sorted(wrong, key=len))

    def _leading_to(
        self, ends: list[State], before: dict[State, list[State]]
    ) -> set[State]:
        well, waiting = set(ends), deque(ends)
        while waiting:
            for state in before.get(waiting.popleft(), []):
                if state not in well:
                    well.add(state)
                    waiting.append(state)
        return well

    # --- what can happen ---

    def _moves(self, state: State) -> Iterator[Move]:
        for number, told in enumerate(state.told):
            if told == "no":
                yield self._put, number
            elif told == "put":
                yield self._enqueue, number
                if state.deaths:
                    yield self._web_dies, number
        for number, worker in enumerate(state.workers):
            yield from self._moves_of(state, number, worker)
        yield from self._moves_around(state)

    def _moves_around(self, state: State) -> Iterator[Move]:
        due, until = state.held[_DUE], state.held[_UNTIL]
        if state.queue and state.deaths:
            yield (self._job_is_lost,)
        if self.expiry and state.held[_LEASE]:
            yield (self._lease_expires,)
        if self.timer and due == b"past" and not state.queue:
            yield (self._tick,)
        in_a_call = any(one.at in (OPENED, SENT) for one in state.workers)
        if b"later" in (due, until) and not (self.deaths and in_a_call):
            yield (self._time_passes,)

    def _moves_of(self, state: State, number: int, worker: Worker) -> Iterator[Move]:
        if worker.at == DEAD:
            return
        if worker.at == IDLE and not worker.then:
            if state.queue:
                yield self._take, number
            return
        yield self._go, number
        if worker.at == BETWEEN:
            yield self._stop, number
        if state.deaths:
            yield self._die, number

    def _after(self, state: State, move: Move) -> State:
        do: Callable[..., State] = move[0]
        return _in_ranks(do(state, *move[1:]))

    # --- what needs no store ---

    def _enqueue(self, state: State, number: int) -> State:
        return _told(state, number, "done")._replace(queue=state.queue + 1)

    def _web_dies(self, state: State, number: int) -> State:
        return _told(state, number, "done")._replace(deaths=state.deaths - 1)

    def _job_is_lost(self, state: State) -> State:
        return state._replace(queue=state.queue - 1, deaths=state.deaths - 1)

    def _tick(self, state: State) -> State:
        return state._replace(queue=state.queue + 1)

    def _take(self, state: State, number: int) -> State:
        taken = state._replace(queue=state.queue - 1)
        return _with(taken, number, Worker(AWAKE))

    def _die(self, state: State, number: int) -> State:
        return _with(state, number, Worker(DEAD))._replace(deaths=state.deaths - 1)

    def _lease_expires(self, state: State) -> State:
        return state._replace(held=_set(state.held, _LEASE, b""))

    def _time_passes(self, state: State) -> State:
        held = state.held
        for place in (_DUE, _UNTIL):
            if held[place] == b"later":
                held = _set(held, place, b"past")
        return state._replace(held=held)

    # --- what is a step in the store ---

    def _stored(
        self, state: State, step: Callable[[], Any], *names: Any
    ) -> tuple[State, Any]:
        """Do a step in the store as it is in this state. The step's name and what it is
        about are given too: where the store was the same, so is what came of it.
        """
        key = (state.held, *names)
        if key not in self._known:
            self._write([], list(state.held))
            answer = step()
            self._known[key] = tuple(self._read([])), answer
        held, answer = self._known[key]
        return state._replace(held=held), answer

    def _put(self, state: State, number: int) -> State:
        record = record_of(Deal("d1", SAVES[number]), number + 1)
        state, (wake, _) = self._stored(
            state, lambda: self.store.put([record]), "put", number
        )
        return _told(state, number, "put" if wake else "done")

    def _stop(self, state: State, number: int) -> State:
        name = WORKERS[number]
        state, _ = self._stored(
            state, lambda: self.store.release(name), "release", number
        )
        return _with(state, number, Worker(STOPPED))

    def _go(self, state: State, number: int) -> State:
        worker = state.workers[number]
        if worker.then:
            key, following = worker.then
            state, _ = self._stored(
                state, lambda: self._do_late(key, number), key, number
            )
            return _with(state, number, following)
        if worker.at in (AWAKE, BETWEEN):
            return self._look(state, number)
        if worker.at == LOOKED:
            return self._open(state, number, worker)
        if worker.at == OPENED:
            sent = _with(state, number, worker._replace(at=SENT))
            return sent._replace(roistat=worker.name)
        if worker.at == SENT:
            return self._settle(state, number, worker, f"attempt-{WORKERS[number]}")
        woken = state._replace(queue=state.queue + 1)  # it had stopped
        return _with(woken, number, Worker())

    def _do_late(self, what: str, number: int) -> None:
        if what == "flag":
            self.redis.delete("roistat:woken")
        else:
            self.store.release(WORKERS[number])

    def _look(self, state: State, number: int) -> State:
        state, look = self._stored(
            state,
            lambda: self.store.look(WORKERS[number], 10, hold=0),
            "look",
            number,
        )
        following = Worker()
        if look.due:
            (one,) = look.due
            following = Worker(LOOKED, one.rev, one.thing.name, one.delivered)
        elif self.late_lease and look.state == "idle":
            following = Worker(then=("lease", following))
        if self.late_flag and look.state == "idle":
            following = following._replace(then=("flag", following))
        return _with(state, number, following)

    def _open(self, state: State, number: int, worker: Worker) -> State:
        if worker.delivered == worker.name:
            return self._settle(state, number, worker, "")
        name = WORKERS[number]
        pending = Pending(MEMBER, worker.rev, 0, Deal("d1", worker.name), "")

        def step() -> int:
            sending = [(pending, worker.name, "{}")]
            try:
                return self.store.open(name, f"attempt-{name}", sending)[0]
            except LeaseLost:
                return -2

        state, rev = self._stored(state, step, "open", worker, number)
        if rev == -2:
            return _with(state, number, Worker())
        if rev == -1:
            return _with(state, number, Worker(BETWEEN))
        return _with(state, number, worker._replace(at=OPENED, rev=rev))

    def _settle(self, state: State, number: int, worker: Worker, attempt: str) -> State:
        outcome = Outcome(MEMBER, worker.rev, "delivered", worker.name)
        state, _ = self._stored(
            state, lambda: self.store.settle(attempt, [outcome]), outcome, attempt
        )
        return _with(state, number, Worker(BETWEEN))


def _is_good(state: State) -> bool:
    return not state.held[_DUE] and state.roistat == SAVES[-1]


def _told(state: State, number: int, what: str) -> State:
    return state._replace(told=_set(state.told, number, what))


def _with(state: State, number: int, worker: Worker) -> State:
    return state._replace(workers=_set(state.workers, number, worker))


def _set(values: tuple[Any, ...], place: int, value: Any) -> tuple[Any, ...]:
    return (*values[:place], value, *values[place + 1 :])


def _in_ranks(state: State) -> State:
    """The same with small revisions: they are only ever compared and raised, so that
    nothing but their order counts.
    """
    now = int(state.held[_REV] or 0)
    revs = sorted({0, now, *(worker.rev for worker in state.workers)})
    rank = {rev: number for number, rev in enumerate(revs)}
    held = _set(state.held, _REV, str(rank[now]).encode() if now else b"")
    workers = tuple(one._replace(rev=rank[one.rev]) for one in state.workers)
    return state._replace(held=held, workers=workers)


def _way(came: dict[State, tuple[State, Move] | None], state: State) -> list[Move]:
    way = []
    while (step := came[state]) is not None:
        state, move = step
        way.append((move[0].__name__.strip("_"), *move[1:]))
    return way[::-1]
