"""The policy's desk in the chat: drafts, trials, replays, two people for what loosens; on record."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.usecases import commands
from core.contracts.actors import Role
from core.contracts.features import Disagreement
from core.contracts.policies import PolicyDeed, Scope
from core.storage.models import AuditTrailRow
from core.workflow import JobState
from moderation.gates import LOOK_EVERY_S, Gates

LOCAL = Scope(community_id="local")
HERE = Scope(community_id="local", channel_id="general")
STRICTER = "/policy set lists.shock.add red apple"
LOOSER = "/policy set categories.sexual_explicit.action review"


@pytest.fixture
def eve(ada):
    return ada.model_copy(
        update={"member_id": "web:eve", "display_name": "Eve", "role": Role.ADMIN}
    )


@pytest.fixture
def kim(eve):
    return eve.model_copy(update={"member_id": "web:kim", "display_name": "Kim"})


@pytest.fixture
def say(services, address):
    def run(actor, text):
        return commands.run(services, actor, text, address)

    return run


def words_of(reply) -> str:
    fields = [f"{field.name}: {field.value}" for field in reply.fields]
    return "\n".join((reply.title, *reply.lines, *fields))


def deeds(services, scope=LOCAL):
    with services.store.reading() as unit:
        return [event.deed for event in reversed(unit.policies.events(scope))]


def active(services, scope=LOCAL):
    with services.store.reading() as unit:
        found = unit.policies.in_force(scope).active
    return found and found.number


@pytest.mark.parametrize("text", ["/policy", "/policy show"])
def test_everybody_sees_what_is_allowed(say, ada, text):
    assert say(ada, text).title == "What is allowed here: PG-13"


@pytest.mark.parametrize(
    "text",
    [
        *(STRICTER, "/policy propose {title: Club}", "/policy import {title: Club}"),
        *("/policy explain", "/policy lists", "/policy diff", "/policy test", "/policy replay"),
        *("/policy shadow", "/policy history", "/policy export"),
        *("/policy activate", "/policy rollback"),
    ],
)
def test_the_rest_is_for_those_whom_the_policy_names(say, services, ada, moderator, text):
    """By the role that the server knows, not by what is typed; nothing is recorded."""
    is_admins = text.split()[1] in {"activate", "rollback"}

    for actor in (ada, moderator) if is_admins else (ada,):
        assert say(actor, text).title == "That takes another role"
    assert deeds(services) == []


def test_a_draft_goes_all_the_way_and_each_step_is_on_record(say, services, moderator, eve, ada):
    say(ada, "/imagine a blue bird")

    assert say(moderator, STRICTER).title == "Version 1 is proposed"
    assert say(moderator, "/policy test 1").title == "Version 1 passes its examples"
    assert say(moderator, "/policy replay 1").title.startswith("Version 1 would change 0 of 0")
    assert active(services) is None
    assert say(eve, "/policy activate 1").title == "Version 1 is in force"
    held = say(ada, "/imagine a red apple")
    assert say(eve, "/policy export").lines[0] == "lists:"
    assert say(eve, "/policy rollback").title == "The wider policy alone is in force again"

    with services.store.reading() as unit:
        assert unit.jobs.get(held.job_id).state is JobState.PROMPT_REVIEW
        rows = unit.audit._session.scalars(
            select(AuditTrailRow).where(AuditTrailRow.kind.startswith("policy_"))
        ).all()
        [version] = unit.policies.versions(LOCAL)
    assert active(services) is None
    assert deeds(services) == [
        PolicyDeed.PROPOSED,
        PolicyDeed.TESTED,
        PolicyDeed.REPLAYED,
        PolicyDeed.ACTIVATED,
        PolicyDeed.EXPORTED,
        PolicyDeed.ROLLED_BACK,
    ]
    assert [(row.kind, row.by) for row in rows][:4] == [
        ("policy_proposed", "web:mod"),
        ("policy_tested", "web:mod"),
        ("policy_replayed", "web:mod"),
        ("policy_activated", "web:eve"),
    ]
    assert rows[3].facts["sha256"] == version.sha256
    told = words_of(say(eve, "/policy history"))
    assert "version 1 put in force by Eve" in told
    assert "version 1 proposed by Mod" in told


def test_a_replay_lists_the_changed_decisions(say, services, eve, ada):
    refused = say(ada, "/imagine porn").job_id
    say(ada, "/imagine gore")

    say(eve, LOOSER)
    told = words_of(say(eve, "/policy replay"))

    assert "Version 1 would change 1 of 2 decisions" in told
    assert f"{refused}: was refused, would be held · sexual_explicit" in told
    assert active(services) is None


def test_loosening_a_grave_category_takes_two(say, services, eve, kim):
    """Nobody activates their own; somebody else may."""
    told = words_of(say(eve, LOOSER))
    alone = words_of(say(eve, "/policy activate 1"))
    assert "somebody else must put it in force" in told
    assert "That takes a second person" in alone
    assert "sexual_explicit" in alone
    assert active(services) is None

    assert say(kim, "/policy activate 1").title == "Version 1 is in force"
    assert active(services) == 1


def test_going_back_to_something_looser_takes_two_as_well(say, services, eve, kim):
    say(eve, LOOSER)
    say(kim, "/policy activate 1")
    say(kim, "/policy set categories.sexual_explicit.action block")
    say(kim, "/policy activate 2")

    assert say(eve, "/policy rollback").title == "That takes a second person"
    assert say(kim, "/policy rollback").title == "Version 1 is in force again"
    assert active(services) == 1


def test_leaving_a_stricter_part_altogether_is_proposed_like_any_change(say, services, eve, kim):
    say(eve, "/policy set lists.hate.add red apple")
    say(eve, "/policy activate 1")

    assert say(kim, "/policy rollback").title == "That takes a second person"
    assert active(services) == 1


def test_values_are_set_on_ones_own_draft(say, services, moderator, eve):
    say(moderator, "/policy set title Club")
    say(moderator, "/policy set rules.shock.terms.decision block")
    say(moderator, "/policy set without_rules gore.terms")
    say(eve, "/policy set title Other")

    with services.store.reading() as unit:
        sources = {each.number: each.source for each in unit.policies.versions(LOCAL)}
    assert sources[3].splitlines() == [
        "title: Club",
        "rules:",
        "- id: shock.terms",
        "  decision: block",
        "without_rules:",
        "- gore.terms",
    ]
    assert sources[4] == "title: Other\n"
    told = words_of(say(moderator, "/policy diff 3"))
    assert "title: PG-13 → Club" in told
    assert "rules.shock.terms.decision: null → block" in told
    assert "rules.gore.terms: terms for gore_graphic in gore → removed" in told


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("/policy sett title Club", "There is no /policy sett"),
        ("/policy set", "Which value?"),
        ("/policy set title PG-13", "That changes nothing"),
        ("/policy set titel Club", "The policy proposal is refused"),
        ("/policy set title [", "Nothing can be set so: “title”"),
        ("/policy propose {}", "The policy proposal is refused"),
        ("/policy diff", "Nothing is proposed yet"),
        ("/policy diff 7", "There is no version 7"),
        ("/policy diff seven", "No number of a version: “seven”"),
        ("/policy rollback", "There is nothing to go back to"),
        ("/policy explain titel", "The policy has no “titel”"),
        ("/policy lists shok", "The policy has no list “shok”"),
    ],
)
def test_a_slip_is_told_and_changes_nothing(say, services, eve, text, title):
    assert say(eve, text).title == title
    assert deeds(services) == []


def test_a_replay_takes_days(say, eve):
    say(eve, STRICTER)

    assert say(eve, "/policy replay 1 0").title == "No number of days: “0”"
    assert "last 7 days" in words_of(say(eve, "/policy replay 1 7"))


def test_ten_planted_faults_activate_nothing(say, services, eve):
    """Each is told with its line, a caret and a hint."""
    part = (
        "{titel: Club, max_prompt_chars: 90000, profile: pg, categories: {gore_grafic: {action: "
        "review}, shock_disturbing: {thresholds: {review: 0.9, block: 0.2}}, sexual_minors: "
        "{action: allow}}, lists: {shock: {add: [Ünique], remove: [unheard of]}}, rules: [{id: "
        "shock.terms, lists: [shok]}], without_rules: [gore.term]}"
    )

    reply = say(eve, f"/policy propose {part}")

    assert reply.title == "The policy proposal is refused"
    assert sum("hint: " in line for line in reply.lines) == 10
    assert sum(line.strip() == "^" for line in reply.lines) == 10
    assert active(services) is None
    assert deeds(services) == []


def test_a_channel_has_a_part_of_its_own(say, services, eve, ada):
    say(eve, "/policy set --here lists.shock.add red apple")
    say(eve, "/policy activate --here 1")

    assert (active(services, HERE), active(services)) == (1, None)
    held = say(ada, "/imagine a red apple").job_id
    with services.store.reading() as unit:
        assert unit.jobs.get(held).state is JobState.PROMPT_REVIEW
    told = words_of(say(eve, "/policy explain --here lists.shock"))
    assert "channel channel version 1" in told


def test_a_wider_change_that_would_break_a_channel_is_refused(say, services, eve):
    say(eve, "/policy propose {lists: {own: {terms: [zorblax]}}}")
    say(eve, "/policy activate 1")
    say(
        eve,
        "/policy propose --here {rules: [{id: own.words, kind: terms, category: "
        "shock_disturbing, lists: [own]}]}",
    )
    say(eve, "/policy activate --here 1")

    refused = say(eve, "/policy rollback")

    assert refused.title == "The channel general could not be read any more"
    assert active(services) == 1


def test_a_version_in_shadow_is_heard_and_changes_nothing(say, services, eve, ada):
    say(eve, LOOSER)
    assert say(eve, "/policy shadow 1").title == "Version 1 is in shadow"

    refused = say(ada, "/imagine porn")

    with services.store.reading() as unit:
        assert unit.jobs.get(refused.job_id).state is JobState.BLOCKED
    told = words_of(say(eve, "/policy shadow"))
    assert "It disagreed 1 times" in told
    assert f"{refused.job_id}: was refused, would be held: sexual_explicit" in told
    say(eve, "/policy shadow off")
    assert say(eve, "/policy shadow").title == "No version is in shadow"


def test_a_rule_and_a_classifier_in_shadow_are_listed_beside_it(say, services, eve, ada):
    held = services.gate.policy.lists["shock"].terms[0]
    rule = "{id: own.fox, kind: pattern, category: ip_brand, decision: block, pattern: fox}"
    say(eve, f"/policy propose rules: [{rule.replace('}', ', mode: shadow}')}]")
    assert say(eve, "/policy activate 1").title == "Version 1 is in force"
    numbers = {"asked": 2310, "disagreed": 14, "failed": 3, "now": services.clock()}
    guard = {
        "community_id": "local",
        "channel_id": "general",
        "job_id": "job7",
        "candidate": "classifier:guard@1",
        "decision": "allow",
        "category": None,
        "would_decide": "block",
        "would_name": "gore_graphic",
        "would_score": 0.914,
        "rule": "classifier:guard@1",
        "at": services.clock(),
    }
    with services.store.unit() as unit:
        unit.shadows.count("local", "classifier:guard@1", **numbers)
        unit.features.disagree(Disagreement(**guard))

    job_id = say(ada, f"/imagine a fox and {held}").job_id

    told = words_of(say(eve, "/policy shadow"))
    assert "No version is in shadow" in told
    assert "classifier:guard@1 disagreed about 14 of 2,310 prompts since" in told
    assert "it failed on 3." in told
    assert "rule:own.fox disagreed about 1 prompts." in told
    assert f"{job_id}: was held, would be refused: ip_brand" in words_of(
        say(eve, "/policy shadow rule:own.fox")
    )
    assert "job7: passed, would be refused: gore_graphic (0.91)" in words_of(
        say(eve, "/policy shadow classifier:guard@1")
    )
    assert "disagreed about nothing" in words_of(say(eve, "/policy shadow rule:none"))


def test_admins_are_told_that_everything_is_held(say, services, eve, ada):
    from core.storage.policy_models import PolicyVersionRow

    say(eve, STRICTER)
    say(eve, "/policy activate 1")
    with services.store.unit() as unit:
        for row in unit.policies._session.scalars(select(PolicyVersionRow)):
            row.source = "title: Forged"
    object.__setattr__(services, "gates", Gates(services.store, services.gate))

    job_id = say(ada, "/imagine a blue bird").job_id

    with services.store.reading() as unit:
        assert unit.jobs.get(job_id).state is JobState.PROMPT_REVIEW
    assert "every request here is held" in words_of(say(eve, "/policy show"))
    assert "every request here is held" not in words_of(say(ada, "/policy show"))
    assert say(eve, "/policy rollback").title == "The wider policy alone is in force again"
    assert "every request here is held" not in words_of(say(eve, "/policy show"))


def test_another_process_sees_it_within_a_second(say, services, eve, ada):
    seconds = [0.0]
    other = Gates(services.store, services.gate, clock=lambda: seconds[0])
    before = other.of("local", "general").policy.version
    say(eve, STRICTER)
    say(eve, "/policy activate 1")

    seconds[0] += LOOK_EVERY_S

    assert other.of("local", "general").policy.version != before


def test_an_activation_of_something_that_moved_on_is_refused(services, eve, kim):
    from bot.usecases import policy_changes, policy_drafts
    from bot.usecases.policy_desk import sit_down
    from core.errors import UserError

    desk = sit_down(services, eve, LOCAL)
    mine = policy_drafts.propose(desk, "title: Club").version
    theirs = sit_down(services, kim, LOCAL)
    policy_changes.activate(theirs, policy_drafts.propose(theirs, "title: Other").version)

    with pytest.raises(UserError, match="policy_moved_on"):
        policy_changes.activate(desk, mine)
    assert replace(desk, actor=kim).actor is kim
