"""Fill a community's record with a month of moderation, the same each time."""

from datetime import timedelta

from bot.usecases import policy_changes, policy_drafts, sanctions
from bot.usecases.policy_desk import sit_down
from core.contracts.actors import Actor, Role
from core.contracts.policies import Scope
from core.contracts.reviews import ReviewKind, ReviewState, Ruling
from core.contracts.verdicts import Decision
from core.workflow import JobState
from tests.bot.web_app.console.conftest import OF_JOBS
from tests.core.storage.samples import a_job, a_review, a_verdict

LOCAL = Scope(community_id="local")
STRICTER = "lists:\n  shock:\n    add: [red apple]\n"
LOOSER = "categories:\n  sexual_explicit:\n    action: review\n"
MEMBERS = ("ada", "bob", "cleo", "dan", "eli")
CATEGORIES = (
    "gore_graphic",
    "sexual_explicit",
    "hate_extremism",
    "gore_graphic",
    "self_harm_eating",
)
HOUR = timedelta(hours=1)

_OF_POLICIES = ("policy_events", "policy_places", "policy_versions")


def person(name: str, role: Role = Role.ADMIN) -> Actor:
    return Actor(
        community_id="local", member_id=f"web:{name}", display_name=name.title(), role=role
    )


def known(services, name: str, **fields) -> None:
    """Let a member have asked for something, which is how Easel knows people."""
    job = a_job(JobState.DELIVERED, member=f"web:{name}", created_at=services.clock())
    actor = job.actor.model_copy(update={"display_name": name.title(), "role": Role.MEMBER})
    with services.store.unit() as unit:
        unit.jobs.add(job.model_copy(update={"actor": actor.model_copy(update=fields)}))


def give(services, name: str, kind: str, hours: str = "", reason: str = "Asked again and again."):
    """Sanction a member as an admin does, and find what they were given."""
    asked = sanctions.asked_in_form(f"web:{name}", kind, hours, reason)
    sanctions.sanction(services, person("tess"), asked)
    with services.store.reading() as unit:
        return unit.sanctions.of_member("local", f"web:{name}")[0]


def propose(services, source: str, by: Actor, note: str = ""):
    return policy_drafts.propose(sit_down(services, by, LOCAL), source, note=note).version


def forget(services) -> None:
    """Empty what requests and policies left behind; the audit trail stays, as it does."""
    with services.store.unit() as unit:
        connection = unit.audit._session.connection()
        for table in (*OF_JOBS, *_OF_POLICIES):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    services.gates.look_again()


def a_month(services) -> None:
    """Thirty days: refusals, what was held and who decided it, a policy and some sanctions."""
    forget(services)
    now = services.clock()
    with services.store.unit() as unit:
        for number in range(90):
            _request(unit, number, now - number * 7.9 * HOUR)
    for name in MEMBERS:
        known(services, name)
    for name, kind, hours in [
        ("ada", "warning", ""),
        ("bob", "strike", ""),
        ("cleo", "cool-down", "24"),
        ("dan", "ban", ""),
    ]:
        give(services, name, kind, hours)
    version = propose(services, STRICTER, person("kim"), "No more shock apples.")
    policy_changes.activate(sit_down(services, person("tess"), LOCAL), version)
    looser = propose(services, STRICTER + LOOSER, person("kim"), "Let people look at it.")
    policy_drafts.put_in_shadow(sit_down(services, person("kim"), LOCAL), looser)


def _request(unit, number: int, at) -> None:
    category = CATEGORIES[number % len(CATEGORIES)]
    job = a_job(JobState.BLOCKED, member=f"web:{MEMBERS[number % 5]}", created_at=at)
    decision = Decision.REVIEW if number % 3 else Decision.BLOCK
    verdict = a_verdict(job.job_id, category=category, decision=decision, decided_at=at)
    fields = {"opened_at": at, "due_at": at + 4 * HOUR, "category": category}
    if number % 4 == 0:
        fields["kind"] = ReviewKind.APPEAL
    if number > 8:
        by = ("tess", "kim", "mo")[number % 7 % 3]
        fields |= {
            "state": ReviewState.SETTLED,
            "ruling": Ruling.APPROVE if number % 3 else Ruling.REJECT,
            "decided_by": f"web:{by}",
            "decided_name": by.title(),
            "decided_at": at + (number % 6 + 0.4) * HOUR,
            "closed_at": at + (number % 6 + 0.5) * HOUR,
        }
    unit.jobs.add(job)
    unit.verdicts.add(verdict)
    assert unit.reviews.open(a_review(job, **fields))
