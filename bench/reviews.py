"""Measure the moderators' queue with ten thousand items open: pages, and the queries they take.

    python -m bench.reviews [--items 10000] [--rounds 40] [--database URL]

In one process, over a fresh SQLite home or an empty database that is named. What is timed is the
server's part of each page as the desk answers it: permission, policy, items, counts; and of the
console's pages everything from the request to the last byte, without a network between.
"""

import argparse
import dataclasses
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import event
from starlette.testclient import TestClient

from bench.report import Figure, publish, spread
from bench.submit import MEMBERS, Silence
from bot.bootstrap import Services, build_services
from bot.usecases import imagine
from bot.web_app.app import create_app
from bot.web_app.console.tokens import cookie_name, new_token, stored
from core.contracts.actors import Actor, Platform, ReplyAddress, Role
from core.contracts.console import ConsoleSession
from core.contracts.ids import ChannelId, JobId, MemberId, new_id
from core.contracts.reviews import ReviewFilter, ReviewItem, ReviewKind, ReviewOrder
from core.settings import CoreSettings, WebSettings
from core.workflow import JobState, Outcome
from moderation.review.opening import Held, opened

BAR_MS = 200.0
"""What the issue asks of the first page's median."""

PAGE = 50
WORDS = ("knight", "harbour", "bear", "lantern", "market", "river", "violin", "orchard")
CATEGORIES = ("violence_weapons", "shock_disturbing", "illegal_goods_activity", "ip_brand")
KINDS = (
    ReviewKind.HELD_PROMPT,
    ReviewKind.HELD_PICTURE,
    ReviewKind.APPEAL,
    ReviewKind.FAILED_CHECK,
)

MODERATOR = Actor(
    community_id=MEMBERS[0].community_id,
    member_id=MemberId("web:moderator"),
    display_name="Moderator",
    role=Role.MODERATOR,
)

Asked = Callable[[Services, ReviewItem], object]


def _first_page(services: Services, _: ReviewItem) -> object:
    """What a page of the queue shows at its top: the most urgent items, and how many there are."""
    items = services.desk.page(MODERATOR, ReviewFilter(), limit=PAGE)
    with services.store.reading() as unit:
        return items, unit.reviews.counts(MODERATOR.community_id)


def _page(asked: ReviewFilter, order: ReviewOrder = ReviewOrder.URGENT) -> Asked:
    return lambda services, _: services.desk.page(MODERATOR, asked, order, limit=PAGE)


PAGES: dict[str, Asked] = {
    "first_page": _first_page,
    "newest": _page(ReviewFilter(), ReviewOrder.NEWEST),
    "deep_page": lambda services, middle: services.desk.page(
        MODERATOR, ReviewFilter(), after=middle.item_id, limit=PAGE
    ),
    "one_category": _page(ReviewFilter(categories=frozenset({"ip_brand"}), is_free=True)),
    "search": _page(ReviewFilter(words="violin in the orchard")),
    "search_in_vain": _page(ReviewFilter(words="nobody wrote this")),
    "context": lambda services, middle: services.desk.context(MODERATOR, middle.item_id),
    "alike": lambda services, middle: services.desk.alike(MODERATOR, middle.item_id),
}


CONSOLE = {
    "console_first_page": "/console/queue",
    "console_item": "/console/queue?item={item}",
    "console_item_part": "/console/queue/items/{item}",
    "console_standing": "/console/queue/items/{item}/standing",
}
"""The console's pages, as a browser asks for them."""


def _console(services: Services) -> dict[str, Asked]:
    """Sign a moderator in and make their browser's questions."""
    token, now = new_token(), services.clock()
    session = ConsoleSession(
        session_id=new_id(),
        community_id=MODERATOR.community_id,
        member_id=MODERATOR.member_id,
        display_name=MODERATOR.display_name,
        role=MODERATOR.role,
        provider="link",
        browser="bench",
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(hours=12),
    )
    with services.store.unit() as unit:
        unit.console_sessions.open(session, token_sha256=stored(token), proof_id=token[:16])
    app = create_app(services, WebSettings(_env_file=None))
    browser = TestClient(app, "http://127.0.0.1", cookies={cookie_name(is_secure=False): token})

    def question(path: str) -> Asked:
        def ask(_: Services, middle: ReviewItem) -> object:
            headers = {"HX-Request": "true"} if "/items/" in path else {}
            answer = browser.get(path.format(item=middle.item_id), headers=headers)
            assert answer.status_code == 200, answer.text
            return answer

        return ask

    return {name: question(path) for name, path in CONSOLE.items()}


@contextmanager
def _services(database: str) -> Iterator[Services]:
    with tempfile.TemporaryDirectory() as home:
        settings = CoreSettings(_env_file=None, home=Path(home), database_url=database)
        built = build_services(settings)
        built.store.migrate()
        services = dataclasses.replace(built, queue=Silence(), events=Silence())
        try:
            yield services
        finally:
            services.close()


def _fill(services: Services, count: int) -> ReviewItem:
    """Open items as requests of many members open them, and name one from the middle."""
    chance = random.Random(count)
    address = ReplyAddress(platform=Platform.WEB, channel_id=ChannelId("general"), thread="t")
    with services.store.reading() as unit:
        known = unit.jobs.recent(MODERATOR.community_id, limit=1)
    if not known:
        imagine.submit(services, MEMBERS[0], "a red apple", address)
        services.courier.settle(10)  # It would wait for the long unit below.
        with services.store.reading() as unit:
            known = unit.jobs.recent(MODERATOR.community_id, limit=1)
    policy, now = (
        services.gates.of(MODERATOR.community_id, address.channel_id).policy,
        services.clock(),
    )
    items = []
    with services.store.unit() as unit:
        for number in range(count):
            prompt = f"a {chance.choice(WORDS)} in the {chance.choice(WORDS)}, number {number}"
            job = known[0].model_copy(
                update={
                    "job_id": JobId(new_id()),
                    "state": JobState.PROMPT_REVIEW,
                    "actor": MEMBERS[number % len(MEMBERS)],
                    "spec": known[0].spec.model_copy(update={"prompt": prompt}),
                    "created_at": now - timedelta(seconds=number),
                }
            )
            held = Held(Outcome.PROMPT_REVIEW, None, policy)
            kind = chance.choice(KINDS)
            looks = tuple(f"{chance.getrandbits(256):064x}" for _ in range(4))
            item = opened(job, held, kind=kind, now=job.created_at).model_copy(
                update={
                    "category": chance.choice(CATEGORIES),
                    "picture_hashes": looks if kind is ReviewKind.HELD_PICTURE else (),
                }
            )
            unit.jobs.add(job)
            unit.reviews.open(item)
            items.append(item)
    pictured = [item for item in items if item.kind is ReviewKind.HELD_PICTURE]
    return pictured[len(pictured) // 2]


class _Count:
    """Count the statements that a question takes."""

    def __init__(self, services: Services) -> None:
        self.statements = 0
        engines = services.store._engines  # noqa: SLF001 - only its own tests look closer.
        for engine in (engines.reading, engines.writing):
            event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        self.statements += statement.lstrip()[:6].upper() == "SELECT"

    def of(self, ask: Callable[[], object]) -> int:
        """Ask, and say how many it took."""
        before = self.statements
        ask()
        return self.statements - before


def _milliseconds(ask: Callable[[], object], rounds: int) -> list[float]:
    taken = []
    for _ in range(rounds + 2):
        begun = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - begun) * 1000)
    return taken[2:]  # The first ones fill the caches.


def main() -> None:
    """Fill a queue twice and measure it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--items", type=int, default=10_000)
    arguments.add_argument("--rounds", type=int, default=40)
    arguments.add_argument("--database", default="")
    asked = arguments.parse_args()
    few = asked.items // 100
    with _services(asked.database) as services:
        counting, pages = _Count(services), PAGES | _console(services)
        middle = _fill(services, few)
        before = {name: counting.of(partial(ask, services, middle)) for name, ask in pages.items()}
        middle = _fill(services, asked.items - few)
        after, taken = {}, {}
        for name, ask in pages.items():
            page = partial(ask, services, middle)
            after[name] = counting.of(page)
            taken[name] = _milliseconds(page, asked.rounds)
    grown = max(after[name] - before[name] for name in pages)
    figures = [
        Figure(
            f"{name}_ms", f"{name.replace('_', ' ')}, median", statistics.median(each), "ms", BAR_MS
        )
        for name, each in taken.items()
    ]
    figures.append(
        Figure("queries_grown", f"queries more at {asked.items} items than at {few}", grown, "", 0)
    )
    detail = {
        "items": asked.items,
        "database": "postgres" if asked.database else "sqlite",
        "queries": after,
        "milliseconds": {name: spread(each) for name, each in taken.items()},
    }
    publish("reviews", figures, detail)


if __name__ == "__main__":
    main()
