"""Play out a queue of requests against a device whose step times are given, without a device."""

import math
import random
from dataclasses import dataclass

from worker.engine.turns import Candidate

STEP_S = {1: 0.030, 2: 0.036, 4: 0.050, 8: 0.080}
"""Step times of a batch of 1 to 8, near those of the shipped model on one CPU thread."""

CAP = 8
ROW_S = STEP_S[CAP] / CAP


@dataclass(frozen=True)
class Wish:
    """A request that will arrive."""

    name: str
    arrives_at: float
    steps: int
    pictures: int = 1
    owner: str = ""
    key: str = "square"
    priority: int = 0

    @property
    def work_s(self) -> float:
        return self.steps * self.pictures * ROW_S


class FirstComeFirstServed:
    """Continuous batching with no other idea than the order of arrival: the baseline."""

    def choose(self, waiting, now, room):
        first = min(waiting, key=lambda each: (each.arrived_at, each.request_id))
        of_key = [each for each in waiting if each.key == first.key]
        of_key.sort(key=lambda each: (each.arrived_at, each.request_id, each.picture))
        return of_key[: room(first.key, len(of_key))]

    def charge(self, chosen, took_s):
        pass


def play(turns, wishes, *, until_s=math.inf):
    """Return when each request was finished, by its name."""
    due = sorted(wishes, key=lambda wish: wish.arrives_at)
    left: dict[tuple[str, int], int] = {}
    by_name = {wish.name: wish for wish in wishes}
    finished: dict[str, float] = {}
    now = 0.0
    while (due or left) and now < until_s:
        if not left:
            now = max(now, due[0].arrives_at)
        while due and due[0].arrives_at <= now:
            wish = due.pop(0)
            left |= {(wish.name, index): wish.steps for index in range(wish.pictures)}
        waiting = [_candidate(by_name[name], index, steps) for (name, index), steps in left.items()]
        chosen = turns.choose(waiting, now, lambda _key, count: min(count, CAP))
        took_s = STEP_S[min(size for size in STEP_S if size >= len(chosen))]
        turns.charge(chosen, took_s)
        now += took_s
        for each in chosen:
            left[each.request_id, each.picture] -= 1
            if left[each.request_id, each.picture] == 0:
                del left[each.request_id, each.picture]
                if not any(name == each.request_id for name, _ in left):
                    finished[each.request_id] = now
    return finished


def _candidate(wish, index, steps):
    return Candidate(
        request_id=wish.name,
        picture=index,
        key=wish.key,
        remaining_s=steps * ROW_S,
        arrived_at=wish.arrives_at,
        owner=wish.owner,
        priority=wish.priority,
    )


def mixed_load(*, load, count, seed=0):
    """Let strangers ask, at random moments, for 4 steps or for 30 steps of 1 to 4 pictures."""
    chance = random.Random(seed)
    wishes = []
    now = 0.0
    mean_work_s = (4 + 30 * 2.5) / 2 * ROW_S
    for index in range(count):
        now += chance.expovariate(load / mean_work_s)
        steps, pictures = (4, 1) if chance.random() < 0.5 else (30, chance.randint(1, 4))
        wishes.append(Wish(f"{index}", now, steps, pictures, owner=f"{index}"))
    return wishes


def waits(wishes, finished):
    """Tell how long each request took from its arrival to its end."""
    return {wish.name: finished[wish.name] - wish.arrives_at for wish in wishes}
