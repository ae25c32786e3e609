"""What moderators decided is learnt with one press, as far as the author lets anybody learn."""

from dataclasses import replace

import pytest

from bot.replies import Action
from bot.usecases import actions, imagine
from bot.usecases.labels import labels_from_item, listed
from core.contracts.labels import LabelSource, Learning
from core.contracts.reviews import ReviewKind, Ruling
from core.contracts.verdicts import Decision
from core.errors import NotFound, UserError
from core.workflow import Outcome
from moderation.review.acts import Said
from tests.bot.road import decided, publish
from tests.core.storage.samples import a_review
from tests.core.storage.test_features import ONE as FEATURES

REFUSED = "a decapitated corpse, gore"


@pytest.fixture
def appealed(services, ada, address):
    """A refusal that its author asked about, decided as the test says."""

    def make(ruling, code):
        job_id = imagine.submit(services, ada, REFUSED, address).job_id
        actions.press(services, ada, Action.APPEAL, job_id, address, fields={"note": ""})
        decided(services, job_id, ruling, code)
        return item_of(services, job_id)

    return make


def item_of(services, job_id):
    with services.store.reading() as unit:
        return unit.reviews.of_job(job_id)[-1]


@pytest.mark.parametrize(
    ("ruling", "code", "source", "right", "category"),
    [
        pytest.param(
            Ruling.APPROVE, "context", LabelSource.OVERTURNED, Decision.ALLOW, None, id="overturned"
        ),
        pytest.param(
            Ruling.REJECT,
            "breaks_policy",
            LabelSource.UPHELD,
            Decision.BLOCK,
            "gore_graphic",
            id="upheld",
        ),
    ],
)
def test_a_decided_appeal_becomes_a_label(
    services, moderator, appealed, ruling, code, source, right, category
):
    item = appealed(ruling, code)

    label = labels_from_item(services, moderator, item.item_id)

    assert (label.source, label.right, label.category) == (source, right, category)
    assert (label.job_id, label.decided) == (item.job_id, Decision.BLOCK)
    assert listed(services, item.community_id) == [label]


def test_pressing_again_changes_nothing(services, moderator, appealed):
    item = appealed(Ruling.APPROVE, "fine")

    labels_from_item(services, moderator, item.item_id)
    labels_from_item(services, moderator, item.item_id)

    assert len(listed(services, item.community_id)) == 1


@pytest.mark.parametrize(
    ("ruling", "code", "category", "expected"),
    [
        pytest.param(
            Ruling.REJECT,
            "breaks_policy",
            "gore_graphic",
            (LabelSource.REPORTED, Decision.BLOCK, "gore_graphic"),
            id="taken down",
        ),
        pytest.param(
            Ruling.APPROVE, "fine", None, (LabelSource.UPHELD, Decision.ALLOW, None), id="kept"
        ),
    ],
)
def test_a_decided_report_becomes_a_label(
    services, ada, bob, moderator, address, ruling, code, category, expected
):
    """The gate let it pass; who takes it down says what it breaks."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    publish(services, job_id)
    with services.store.unit() as unit:
        unit.features.add(replace(FEATURES, job_id=job_id, community_id=ada.community_id))
    actions.report(services, bob, job_id)
    decided(services, job_id, ruling, code)
    item = item_of(services, job_id)

    label = labels_from_item(services, moderator, item.item_id, category)

    assert (label.source, label.right, label.category) == expected


def test_what_is_not_decided_yet_or_can_be_undone_is_not_learnt(services, ada, moderator, address):
    job_id = imagine.submit(services, ada, REFUSED, address).job_id
    actions.press(services, ada, Action.APPEAL, job_id, address, fields={"note": ""})
    item = item_of(services, job_id)

    for act in (lambda: None, lambda: decide(services, moderator, item)):
        act()
        with pytest.raises(UserError, match="label_not_settled"):
            labels_from_item(services, moderator, item.item_id)


def decide(services, moderator, item):
    services.desk.decide(moderator, item.item_id, Said(Ruling.APPROVE, "fine"))


@pytest.mark.parametrize("kind", [ReviewKind.HELD_PICTURE, ReviewKind.FAILED_CHECK])
def test_decisions_about_pictures_say_nothing_of_words(services, ada, moderator, address, kind):
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    job = publish(services, job_id, outcome=Outcome.OUTPUT_REVIEW)
    with services.store.unit() as unit:
        item = a_review(job, kind=kind, opened_at=services.clock())
        unit.reviews.open(item)
    decided(services, job_id, Ruling.REJECT, "breaks_policy")

    with pytest.raises(UserError, match="label_of_pictures"):
        labels_from_item(services, moderator, item.item_id)


def test_nothing_is_learnt_from_who_does_not_want_it(services, ada, moderator, appealed):
    item = appealed(Ruling.APPROVE, "fine")
    with services.store.unit() as unit:
        unit.consents.set_learning(
            ada.community_id, ada.member_id, Learning.NOTHING, now=services.clock()
        )

    with pytest.raises(UserError, match="consent_missing"):
        labels_from_item(services, moderator, item.item_id)

    assert listed(services, ada.community_id) == []


def test_members_and_others_communities_learn_nothing(
    services, ada, bob, moderator, stranger, appealed
):
    item = appealed(Ruling.APPROVE, "fine")

    for actor in (ada, bob):
        with pytest.raises(UserError, match="review_not_permitted"):
            labels_from_item(services, actor, item.item_id)
    elsewhere = stranger.model_copy(update={"role": moderator.role})
    with pytest.raises(NotFound, match="review_not_found"):
        labels_from_item(services, elsewhere, item.item_id)
    own = ada.model_copy(update={"role": moderator.role})
    with pytest.raises(UserError, match="review_own"):
        labels_from_item(services, own, item.item_id)
