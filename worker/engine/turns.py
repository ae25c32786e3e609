"""Say who takes part in the next step: pure arithmetic over who waits, with no clock of its own.

Priority comes first. Within one priority the least work left goes first, because that is what
gets most people their pictures soonest; three things keep it just. Waiting makes up for work
(ageing), so that from some moment on no newcomer overtakes a big job. What an owner has ahead in
their own queue, and what they were given beyond others, counts as work, so that owners take turns
however much each of them asks for. And no key holds the device for long while another waits.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field

AGEING = 0.05
"""Seconds of work that one second of waiting makes up for.

Chosen by simulation (`tests/worker/engine/test_turns.py`, load 0.8, 4-step requests among 30-step
ones of up to 4 pictures): in order of arrival the short ones' p95 is 7.6 s, with 0.05 it is 0.4 s
and the longest wait of a big one 19 s. Without ageing that is 31 s for no gain; with 0.2 the short
ones' p95 is back at 4.2 s."""

RESIDENCY_S = 2.0
"""How long one key may hold the device while another waits; as long as a person notices."""

SLICE_S = 0.5
"""How long a key that was let in after such a wait may stay: a fifth of the device at least."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One picture that wants its next step."""

    request_id: str
    picture: int
    key: Hashable
    """Only equal ones can share a step."""
    remaining_s: float
    """Device time that it still takes, in good company."""
    arrived_at: float
    owner: str = ""
    priority: int = 0
    is_ready: bool = True
    """It has begun; until then it takes no part, but its request's work counts."""


Room = Callable[[Hashable, int], int]
"""How many of so many pictures of a key are best drawn in one step; at least one."""


class Turns:
    """Choose, step by step; remembers only what each owner was given and which key is at it."""

    def __init__(
        self,
        *,
        ageing: float = AGEING,
        residency_s: float = RESIDENCY_S,
        slice_s: float = SLICE_S,
    ) -> None:
        self._ageing = ageing
        self._tenancy = _Tenancy(residency_s, slice_s)
        self._accounts = _Accounts()

    def choose(self, waiting: Sequence[Candidate], now: float, room: Room) -> list[Candidate]:
        """Pick the pictures of the next step, all of one key; none where none is ready."""
        ordered = [each for each in self.order(waiting, now) if each.is_ready]
        if not ordered:
            return []
        key = self._tenancy.key_for(ordered, now)
        of_key = [each for each in ordered if each.key == key]
        return of_key[: max(1, room(key, len(of_key)))]

    def order(self, waiting: Sequence[Candidate], now: float) -> list[Candidate]:
        """List who waits, the next one first."""
        self._accounts.open_for(waiting)
        ranks = self._ranks(waiting, now)
        return sorted(waiting, key=lambda each: ranks[each.request_id])

    def charge(self, chosen: Iterable[Candidate], took_s: float) -> None:
        """Note that a step of these pictures was taken, and how long it took."""
        chosen = list(chosen)
        for each in chosen:
            self._accounts.charge(each, took_s / len(chosen))

    def _ranks(
        self, waiting: Sequence[Candidate], now: float
    ) -> dict[str, tuple[int, float, float, str]]:
        """Rank the requests; the least comes first."""
        ranks = {}
        requests = sorted(_requests(waiting), key=lambda each: self._need(each, now))
        ahead: dict[str, float] = {}
        for each in requests:
            before = ahead.get(each.owner, 0.0)
            ahead[each.owner] = before + each.remaining_s
            unfair = before + self._accounts.debt(each)
            ranks[each.request_id] = (
                -each.priority,
                unfair + self._need(each, now),
                each.arrived_at,
                each.request_id,
            )
        return ranks

    def _need(self, request: "_Request", now: float) -> float:
        return request.remaining_s - self._ageing * (now - request.arrived_at)


@dataclass(frozen=True, slots=True)
class _Request:
    """The pictures of one request together: it is done when they all are."""

    request_id: str
    owner: str
    priority: int
    arrived_at: float
    remaining_s: float


def _requests(waiting: Sequence[Candidate]) -> list[_Request]:
    groups: dict[str, list[Candidate]] = {}
    for each in waiting:
        groups.setdefault(each.request_id, []).append(each)
    return [
        _Request(
            request_id=request_id,
            owner=pictures[0].owner,
            priority=pictures[0].priority,
            arrived_at=pictures[0].arrived_at,
            remaining_s=math.fsum(each.remaining_s for each in pictures),
        )
        for request_id, pictures in groups.items()
    ]


class _Accounts:
    """What each owner was given, as start-time fair queueing counts it.

    Only owners with something open have an account. Who comes back begins where the least served
    stands: nobody saves up turns, and nobody pays for times at which the device was free.
    """

    def __init__(self) -> None:
        self._given: dict[str, float] = {}
        self._of_request: dict[str, float] = {}

    def open_for(self, waiting: Sequence[Candidate]) -> None:
        """Keep accounts of those who wait, and of nobody else."""
        owners = {each.owner for each in waiting}
        requests = {each.request_id for each in waiting}
        least = self._least()
        self._given = {owner: self._given.get(owner, least) for owner in owners}
        self._of_request = {name: self._of_request.get(name, 0.0) for name in requests}

    def charge(self, candidate: Candidate, share_s: float) -> None:
        """Book device time."""
        self._given[candidate.owner] = self._given.get(candidate.owner, self._least()) + share_s
        so_far = self._of_request.get(candidate.request_id, 0.0)
        self._of_request[candidate.request_id] = so_far + share_s

    def debt(self, request: _Request) -> float:
        """Tell what its owner was given beyond the least served, other than for this request."""
        excess = self._given[request.owner] - self._least()
        return max(0.0, excess - self._of_request[request.request_id])

    def _least(self) -> float:
        return min(self._given.values(), default=0.0)


@dataclass(slots=True)
class _Tenancy:
    """Which key has the device, and who else would like it."""

    residency_s: float
    slice_s: float
    _key: Hashable = None
    _until: float = -math.inf
    """While this is ahead, the key was let in out of turn and stays."""
    _served_at: dict[Hashable, float] = field(default_factory=dict)

    def key_for(self, ordered: Sequence[Candidate], now: float) -> Hashable:
        """Settle whose step it is: the first one's, unless a key has waited for too long.

        Args:
            ordered: Who waits, the best first.
            now: The time.
        """
        first = ordered[0]
        rivals = {each.key for each in ordered if each.priority == first.priority}
        # A key is first seen as if it had just been served: it waits from now on.
        self._served_at = {key: self._served_at.get(key, now) for key in rivals}
        if self._key in rivals and now < self._until:
            key = self._key
        else:
            longest = min(rivals, key=lambda key: self._served_at[key])
            is_due = now - self._served_at[longest] >= self.residency_s
            key = longest if is_due and longest != self._key else first.key
            self._until = now + self.slice_s if key != first.key else -math.inf
        self._key = key
        self._served_at[key] = now
        return key
