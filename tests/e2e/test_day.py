"""A day of a busy community, with everything that may go wrong in one: nothing lost or told twice.

200 requests by ten members, of which the policy holds 40; three moderators and an admin at once;
appeals, a ban, a stricter policy from the middle on; every process is killed once. Afterwards the
record is held against what was asked for.
"""

import os
import random
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import psutil
import pytest

from bot.bootstrap import build_services
from bot.embedded.stack import Stack, settings_from
from bot.replies import Action, Reply, ReplyKind
from bot.usecases import commands
from bot.usecases.actions import press
from bot.usecases.policy import run as run_policy
from core.contracts.actors import Actor, Platform, ReplyAddress, Role
from core.contracts.ids import ChannelId, CommunityId, MemberId
from core.contracts.policies import Scope
from core.contracts.reviews import ReviewFilter, ReviewKind, ReviewState, Ruling
from core.errors import AppError
from core.settings import WebSettings
from core.storage.models import NoticeRow
from core.workflow import FINAL, TABLE, JobState, NoticeKind, Outcome
from moderation.review.acts import Said
from moderation.review.desk import ReviewDesk
from tests.e2e.test_kills import engine_pid, until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

ENV = {
    "EASEL_WEB_PORT": "0",
    "EASEL_JOB_LEASE_S": "3",
    "EASEL_OUTBOX_SWEEP_S": "0.5",
    "EASEL_VISIBILITY_TIMEOUT_S": "6",
    "EASEL_MAX_WAITING_JOBS": "50",
}
COMMUNITY = CommunityId(WebSettings().community)
ADDRESS = ReplyAddress(platform=Platform.WEB, channel_id=ChannelId(WebSettings().channel))

MEMBERS, PLAIN, HELD, REFUSED, APPEALS, LAPSING = 10, 130, 40, 30, 12, 3
"""130 + 40 + 30 requests; three of the held ones are left alone until they lapse."""

THINGS = ("apple", "star", "heart", "car", "tree", "house", "cat", "fish", "flower", "boat")
COLOURS = ("red", "green", "blue", "yellow", "orange", "purple", "pink", "brown", "black", "white")
QUICK = "--steps 2"

MORNING = """\
review_timeout_h: 0.02
sanctions: {steps: []}
review: {undo_s: 1, second_person: [shock_disturbing]}
"""
"""A minute and a bit for what nobody decides; every approval of shock takes two people."""

NOON = MORNING + "categories: {illegal_goods_activity: {member_text: Not in the afternoon.}}\n"

REVIEWED = {Outcome.APPROVED: "approved", Outcome.REJECTED: "rejected", Outcome.TIMED_OUT: "lapsed"}


def person(name: str, role: Role = Role.MEMBER) -> Actor:
    return Actor(
        community_id=COMMUNITY, member_id=MemberId(f"web:{name}"), display_name=name, role=role
    )


MODERATORS = tuple(person(f"Moderator {name}", Role.MODERATOR) for name in ("A", "B", "C"))
ADMIN = person("Admin", Role.ADMIN)
BANNED = 3


@dataclass
class Told:
    """What the day's people were answered, counted as it happened."""

    replies: list[tuple[Actor, str, Reply]] = field(default_factory=list)
    rulings: Counter[Ruling] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)

    def of(self, kind: ReplyKind) -> list[tuple[Actor, str, Reply]]:
        return [each for each in self.replies if each[2].kind is kind]


def requests() -> list[str]:
    """Write the day's 200 requests, in a random but fixed order."""
    pairs = [f"a {colour} {thing}" for thing in THINGS for colour in COLOURS]
    plain = [f"{pairs[n % 100]} {QUICK} --seed {n}" for n in range(PLAIN)]
    held = [f"cocaine on a {COLOURS[n % 10]} table {QUICK} --seed {n}" for n in range(HELD // 2)]
    held += [f"a vomiting {THINGS[n % 10]} {QUICK} --seed {n}" for n in range(HELD // 2)]
    refused = [f"a naked woman and {pairs[n]} {QUICK}" for n in range(REFUSED)]
    asked = plain + held + refused
    random.Random(7).shuffle(asked)
    return asked


class Day:
    """The people of the day, at work on one running stack."""

    def __init__(self, stack, services):
        self.stack, self.services, self.told = stack, services, Told()
        self.desk = ReviewDesk(services.store, services.gates, services.clock, services.events)
        self.left_alone: set[str] = set()
        self.is_over = threading.Event()
        self.lock = threading.Lock()

    def ask(self, actor: Actor, prompt: str) -> None:
        reply = commands.run(self.services, actor, f"/imagine {prompt}", ADDRESS)
        with self.lock:
            self.told.replies.append((actor, prompt, reply))

    def ask_all(self, asked: list[tuple[int, str]]) -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda each: self.ask(person(f"Member {each[0]}"), each[1]), asked))

    def appeal(self) -> int:
        """Have the authors of some refusals ask a moderator, each twice: the second is too late."""
        refused = [each for each in self.told.of(ReplyKind.REFUSAL) if each[2].job_id]
        for actor, _, reply in refused[:APPEALS]:
            for _ in range(2):
                press(
                    self.services,
                    actor,
                    Action.APPEAL,
                    reply.job_id,
                    ADDRESS,
                    fields={"note": "It is for an art class."},
                )
        return min(APPEALS, len(refused))

    def moderate(self, actor: Actor) -> None:
        """Decide whatever is open, approve two of three, change one's mind now and then."""
        chance = random.Random(actor.member_id)
        while not self.is_over.is_set():
            try:
                items = self.desk.page(actor, ReviewFilter(is_free=True), limit=50)
            except AppError:
                items = []
            mine = [each for each in items if each.item_id not in self.left_alone]
            if not mine:
                time.sleep(0.1)
                continue
            self._decide(actor, chance.choice(mine[:6]).item_id, chance)

    def _decide(self, actor, item_id, chance):
        ruling = Ruling.APPROVE if chance.random() < 0.67 else Ruling.REJECT
        said = Said(ruling, "fine" if ruling is Ruling.APPROVE else "breaks_policy")
        try:
            self.desk.claim(actor, item_id)
            self.desk.decide(actor, item_id, said)
            if chance.random() < 0.15:
                self.desk.undo(actor, item_id)
                with self.lock:
                    self.told.taken["undone"] += 1
        except AppError as error:  # Somebody else was faster, or has to be the second.
            with self.lock:
                self.told.taken[error.code] += 1
        else:
            with self.lock:
                self.told.rulings[ruling] += 1

    def kill(self, name: str) -> None:
        os.kill(until(f"{name} runs", lambda: self._pid(name)), signal.SIGKILL)

    def _pid(self, name: str) -> int | None:
        """Find a process; None while it is being started again."""
        if name != "engine":
            return self.stack.pids().get(name)
        try:
            return engine_pid(self.stack.pids()["worker"])
        except (KeyError, ValueError, psutil.NoSuchProcess):
            return None


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    stack = Stack(ENV, tmp_path_factory.mktemp("day")).start()
    services = build_services(settings_from(stack.env))
    yield Day(stack, services)
    services.close()
    stack.stop()


def test_a_whole_day(day, capsys):
    """Every item ends once, every author is told once, the trail verifies, the counts agree."""
    put_in_force(day, MORNING)
    asked = [(n % MEMBERS, prompt) for n, prompt in enumerate(requests())]
    morning, afternoon = asked[:110], asked[110:]

    day.ask_all(morning[:40])
    leave_some_alone(day)
    moderators = [
        threading.Thread(target=day.moderate, args=(actor,)) for actor in (*MODERATORS, ADMIN)
    ]
    for each in moderators:
        each.start()
    try:
        for name, part in zip(
            ("screening", "worker", "redis", "web", "engine"), parts(morning[40:]), strict=True
        ):
            day.ask_all(part)
            day.kill(name)
        appeals = day.appeal()
        put_in_force(day, NOON)
        banned = commands.run(
            day.services, ADMIN, f'/sanction "Member {BANNED}" ban Floods the queue.', ADDRESS
        )
        assert banned.kind is ReplyKind.CARD, banned
        day.ask_all(afternoon)
        await_evening(day)
    finally:
        day.is_over.set()
        for each in moderators:
            each.join()

    assert_every_item_ended_once(day)
    assert_everybody_was_told_once(day)
    assert_the_trail_verifies(day)
    report = counts(day, appeals)
    with capsys.disabled():
        print("\n" + "\n".join(f"  {name:34} {value}" for name, value in report.items()))
    assert_the_counts_agree(day, report)


def parts(asked):
    """Share requests out, one part before each kill."""
    size = len(asked) // 5
    return [asked[n * size : (n + 1) * size if n < 4 else None] for n in range(5)]


def put_in_force(day, text):
    scope = Scope(community_id=COMMUNITY)
    # Its list of what takes two is shorter than the shipped one: that takes two people too.
    for who, verb, rest in ((MODERATORS[0], "propose", text), (ADMIN, "activate", "")):
        reply = run_policy(day.services, who, scope, verb, rest)
        assert reply.kind is ReplyKind.CARD, reply


def leave_some_alone(day):
    """Choose the items that nobody will decide."""

    def some():
        items = day.desk.page(ADMIN, ReviewFilter(kinds=frozenset({ReviewKind.HELD_PROMPT})))
        return items if len(items) >= LAPSING else None

    day.left_alone = {item.item_id for item in until("some are held", some)[:LAPSING]}


def await_evening(day, deadline_s=600.0):
    """Wait until nothing is owed to anybody; say what is, if that does not come."""
    ends = time.monotonic() + deadline_s
    while left := owed(day):
        if time.monotonic() > ends:
            pytest.fail(f"not within {deadline_s:.0f} s: {left}")
        time.sleep(0.5)  # Each look reads the whole record.


def owed(day) -> dict[str, int]:
    """Count what is still to come: jobs that wait, items that are open, notices to give."""
    with day.services.store.reading() as unit:
        left = {
            f"jobs {state.value}": count
            for state, count in unit.jobs.counts().items()
            if state not in FINAL
        }
        for (state, kind), count in unit.reviews.counts(COMMUNITY).items():
            left[f"items {state.value} {kind.value}"] = count
        left["notices"] = unit.notices.pending(Platform.WEB)
    return {name: count for name, count in left.items() if count}


def jobs_of(day):
    with day.services.store.reading() as unit:
        return unit.jobs.recent(COMMUNITY, limit=1000)


def assert_every_item_ended_once(day):
    ends = Counter()
    with day.services.store.reading() as unit:
        for job in jobs_of(day):
            rows = unit.audit.of_job(job.job_id)
            for item in unit.reviews.of_job(job.job_id):
                done = [
                    row.kind
                    for row in rows
                    if row.kind in {"review_settled", "review_lapsed", "review_withdrawn"}
                    and row.facts.get("item") == item.item_id
                ]
                assert len(done) == 1, (item, done)
                assert item.state in {ReviewState.SETTLED, ReviewState.LAPSED}
                ends[item.state] += 1
    assert ends[ReviewState.LAPSED] >= LAPSING
    assert ends[ReviewState.SETTLED] >= HELD // 2


def assert_everybody_was_told_once(day):
    """Each step that has news left one notice, each was acknowledged, and one message stands."""
    store = day.services.store
    with store.reading() as unit:
        session = unit.jobs._session
        notices = Counter(
            (row.job_id, row.kind) for row in session.query(NoticeRow).all() if row.acked_at
        )
        unacked = session.query(NoticeRow).filter(NoticeRow.acked_at.is_(None)).count()
        messages = Counter()
        for job in jobs_of(day):
            due = Counter()
            for row in unit.audit.of_job(job.job_id):
                if row.kind != "step":
                    continue
                step = TABLE[JobState(row.facts["from"]), Outcome(row.facts["outcome"])]
                for kind in (step.notice, step.aside):
                    if kind is not None:
                        due[job.job_id, kind] += 1
            if unit.rewrites.of(job.job_id) is not None:  # That there is one is news as well.
                due[job.job_id, NoticeKind.REFUSED] += 1
            assert due == Counter({key: n for key, n in notices.items() if key[0] == job.job_id})
            viewer = job.actor.member_id
            message = unit.chat.get(f"job:{job.job_id}")
            if due:
                assert message is not None, job
                reply = Reply.model_validate_json(message.body)
                is_public = message.audience is None
                assert is_public or message.audience == viewer
                messages[reply.kind] += 1
                assert (reply.kind is ReplyKind.RESULT) == (job.state is JobState.DELIVERED)
    assert unacked == 0
    assert messages[ReplyKind.RESULT] >= PLAIN - PLAIN // MEMBERS


def assert_the_trail_verifies(day):
    with day.services.store.reading() as unit:
        report = unit.audit.check()
    assert report.is_sound, report


def counts(day, appeals):
    jobs = jobs_of(day)
    steps = Counter()
    with day.services.store.reading() as unit:
        items = [item for job in jobs for item in unit.reviews.of_job(job.job_id)]
        for job in jobs:
            for row in unit.audit.of_job(job.job_id):
                if row.kind == "step":
                    steps[Outcome(row.facts["outcome"])] += 1
    states = Counter(job.state.value for job in jobs)
    rulings = Counter((item.kind is ReviewKind.APPEAL, item.ruling) for item in items)
    barred = [
        each for each in day.told.of(ReplyKind.ERROR) if each[0] == person(f"Member {BANNED}")
    ]
    return {
        "requests": len(day.told.replies),
        "turned away by the ban": len(barred),
        "jobs": len(jobs),
        **{f"jobs {state}": n for state, n in sorted(states.items())},
        **{f"items {kind}": sum(each.kind is kind for each in items) for kind in ReviewKind},
        **{f"items {name}": steps[outcome] for outcome, name in REVIEWED.items()},
        "refused at first": steps[Outcome.RULES_BLOCK] + steps[Outcome.PROMPT_BLOCK],
        "held and rejected": rulings[False, Ruling.REJECT],
        "appeals": appeals,
        "appeals approved": rulings[True, Ruling.APPROVE],
        "appeals lapsed": sum(
            item.kind is ReviewKind.APPEAL and item.state is ReviewState.LAPSED for item in items
        ),
        **{f"desk: {code}": n for code, n in sorted(day.told.taken.items())},
    }


def assert_the_counts_agree(day, report):
    """What people were answered, what jobs there are and how items ended is one and the same."""
    errors = day.told.of(ReplyKind.ERROR)
    assert len(errors) == report["turned away by the ban"] > 0, errors
    assert report["requests"] == PLAIN + HELD + REFUSED
    assert report["jobs"] == report["requests"] - report["turned away by the ban"]
    items = sum(report[f"items {kind}"] for kind in ReviewKind)
    ended = sum(report.get(f"items {name}", 0) for name in REVIEWED.values())
    assert items == ended
    assert report["items appeal"] == report["appeals"] == APPEALS
    assert report["items held_prompt"] >= HELD - HELD // MEMBERS
    assert report.get("jobs failed", 0) == 0
    states = {state: report.get(f"jobs {state.value}", 0) for state in JobState}
    assert sum(states[state] for state in FINAL) == report["jobs"]
    assert states[JobState.EXPIRED] == report["items lapsed"]
    no_longer_refused = report["appeals approved"] + report["appeals lapsed"]
    assert states[JobState.BLOCKED] == (
        report["refused at first"] + report["held and rejected"] - no_longer_refused
    )
    assert states[JobState.DELIVERED] == (
        report["jobs"] - states[JobState.BLOCKED] - states[JobState.EXPIRED]
    )
