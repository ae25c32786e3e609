"""A request from its text to the first gate and onto the road."""

from dataclasses import replace

import pytest

from bot.replies import ReplyKind, Visibility
from bot.usecases import imagine
from core.catalog import Catalog, ModelProfile
from core.contracts.generation import SEED_MAX, Aspect
from core.contracts.reviews import ReviewFilter
from core.contracts.verdicts import Decision, Stage
from core.errors import UserError
from core.events import REVIEWS_TOPIC
from core.workflow import JobState, NoticeKind, TaskName
from moderation.engine import Gate

BLOCKED = "easel-known-positive-7q2k9x4m"
"""The policy's own test string, which always blocks."""


def job_of(services, reply):
    with services.store.reading() as unit:
        return unit.jobs.get(reply.job_id)


def test_an_accepted_request_is_one_transaction_with_all_that_follows(services, ada, address):
    """Job, verdict, audit row and task are there together; the answer itself is the notice."""
    reply = imagine.submit(services, ada, "a red apple --seed 7 --n 2", address)

    assert (reply.kind, reply.visibility) == (ReplyKind.PROGRESS, Visibility.PUBLIC)
    with services.store.reading() as unit:
        job = unit.jobs.get(reply.job_id)
        verdicts = unit.verdicts.of_job(reply.job_id)
        audit = unit.audit.of_job(reply.job_id)
        sent_or_due = unit.outbox.last_sent_at(reply.job_id, TaskName.SCREEN_PROMPT)
        due = unit.outbox.due(now=services.clock())
        pending = unit.notices.pending(address.platform)
    assert job.state is JobState.SCREENING
    assert (job.seed, job.spec.count, job.model) == (7, 2, "easel-small")
    assert job.queue == services.catalog.default.queue
    assert job.policy_version == services.gate.policy.version
    assert [verdict.stage for verdict in verdicts] == [Stage.RULES]
    assert verdicts[0].job_id == reply.job_id
    assert [(row.kind, row.by) for row in audit] == [("step", ada.member_id), ("verdict", "gate")]
    assert sent_or_due or [task.job_id for task in due] == [reply.job_id]
    assert pending == 0


def test_without_a_seed_one_is_drawn_for_each_request(services, ada, address):
    """The spec stays as it was asked; the job holds the seed in force."""
    jobs = [job_of(services, imagine.submit(services, ada, "a cat", address)) for _ in range(3)]

    assert all(job.spec.seed is None and 0 <= job.seed <= SEED_MAX for job in jobs)
    assert len({job.seed for job in jobs}) == 3


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(BLOCKED, id="prompt"),
        pytest.param(f"a red apple --no {BLOCKED}", id="negative"),
        pytest.param(f"a {{red,{BLOCKED}}} apple", id="permutation"),
        pytest.param(f"a cat::2 {BLOCKED}::1", id="weighted part"),
    ],
)
def test_a_blocked_request_is_recorded_and_goes_nowhere(services, queue, ada, address, text):
    """The author is told privately; all that is sent is the question for a rewrite."""
    reply = imagine.submit(services, ada, text, address)

    assert (reply.kind, reply.visibility) == (ReplyKind.REFUSAL, Visibility.PRIVATE)
    assert services.courier.settle(10)
    assert queue.sent == [(TaskName.SUGGEST_REWRITE, reply.job_id, "screening")]
    with services.store.reading() as unit:
        assert unit.jobs.get(reply.job_id).state is JobState.BLOCKED
        (verdict,) = unit.verdicts.of_job(reply.job_id)
        assert verdict.decision is Decision.BLOCK
        assert unit.outbox.due(now=services.clock()) == []
        assert unit.notices.pending(address.platform) == 0


def test_a_request_that_can_not_be_read_leaves_no_trace(services, ada, address):
    """The grammar's error passes through whole."""
    with pytest.raises(UserError) as caught:
        imagine.submit(services, ada, "a red apple --sead 7", address)

    assert caught.value.facts["suggestion"] == "--seed"
    with services.store.reading() as unit:
        assert sum(unit.jobs.counts().values()) == 0


def test_an_aspect_that_the_model_can_not_draw_is_refused_with_those_it_can(services, ada, address):
    """The shipped model draws squares."""
    with pytest.raises(UserError) as caught:
        imagine.submit(services, ada, "a red apple --ar 16:9", address)

    assert caught.value.code == "aspect_unsupported"
    assert caught.value.facts["value"] == "16:9"
    assert caught.value.facts["allowed"] == ["1:1"]


def test_a_style_of_another_model_is_refused_with_those_of_this_one():
    """Styles belong to a model; the flag knows the union of all."""
    catalog = Catalog(
        profiles=(
            ModelProfile(name="one", source="one", styles={"night": " at night"}),
            ModelProfile(name="two", source="two", styles={"ink": ", ink drawing"}),
        )
    )

    assert imagine.read_request(catalog, "a cat --style night").style == "night"
    with pytest.raises(UserError) as caught:
        imagine.read_request(catalog, "a cat --model two --style night")

    assert caught.value.code == "style_unsupported"
    assert caught.value.facts["allowed"] == ["ink"]


def test_a_lora_that_the_model_lacks_is_refused_with_the_nearest():
    """LoRAs fit one model alone."""
    catalog = Catalog(
        profiles=(
            ModelProfile(name="one", source="one", loras={"ink": "ink.safetensors"}),
            ModelProfile(name="two", source="two"),
        )
    )

    assert imagine.read_request(catalog, "a cat --lora Ink:0.5").loras[0].weight == 0.5
    with pytest.raises(UserError) as near:
        imagine.read_request(catalog, "a cat --lora inc")
    with pytest.raises(UserError) as none:
        imagine.read_request(catalog, "a cat --model two --lora ink")

    assert near.value.code == none.value.code == "lora_unsupported"
    assert near.value.facts["suggestion"] == "ink"
    assert none.value.facts["allowed"] == []


def test_any_aspect_passes_where_the_model_names_none():
    """A model without a profile assumes nothing."""
    catalog = Catalog(profiles=(ModelProfile(name="any", source="any"),))

    assert imagine.read_request(catalog, "a cat --ar 21:9").aspect == Aspect(width=21, height=9)


def test_a_request_for_review_is_held_and_its_author_told(services, ada, address, monkeypatch):
    """The rules may ask for a person: nothing is queued, the notice says so too."""
    verdict_of = services.gate.screen_rules

    def review(*args, **kwargs):
        return verdict_of(*args, **kwargs).model_copy(update={"decision": Decision.REVIEW})

    monkeypatch.setattr(type(services.gate), "screen_rules", lambda _gate, *a, **k: review(*a, **k))
    reply = imagine.submit(services, ada, "a red apple", address)

    assert (reply.kind, reply.visibility) == (ReplyKind.HELD, Visibility.PRIVATE)
    assert job_of(services, reply).state is JobState.PROMPT_REVIEW
    with services.store.unit() as unit:
        (notice,) = unit.notices.claim(address.platform, "test", now=services.clock(), lease_s=1)
    assert notice.kind is NoticeKind.HELD


def test_a_held_request_waits_in_the_moderators_queue(services, events, ada, moderator, address):
    """From the same moment on; what passes or is refused does not."""
    held = imagine.submit(services, ada, "a photo of a school shooting", address)
    imagine.submit(services, ada, "a red apple", address)
    imagine.submit(services, ada, BLOCKED, address)
    assert services.courier.settle(10)

    items = services.desk.page(moderator, ReviewFilter())

    assert [(item.job_id, item.category) for item in items] == [(held.job_id, "violence_weapons")]
    assert events.woken.count(REVIEWS_TOPIC) == 1


def test_the_policy_bounds_how_long_a_prompt_may_be(services, ada, address):
    """A community may allow less than the grammar does."""
    policy = services.gate.policy.model_copy(update={"max_prompt_chars": 10})
    strict = replace(services, gate=Gate(policy))

    with pytest.raises(UserError, match="prompt_too_long"):
        imagine.submit(strict, ada, "a red apple", address)

    assert imagine.submit(strict, ada, "an apple --n 2", address).kind is ReplyKind.PROGRESS
