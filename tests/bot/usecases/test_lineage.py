"""`/lineage` draws what one may see of a family, and only that."""

import pytest

from bot.replies import ReplyKind, Visibility
from bot.usecases import commands, lineage
from core.contracts.actors import ReplyAddress
from core.errors import NotFound, UserError
from core.workflow import JobState
from tests.core.families import FamilyTree
from tests.core.storage.samples import an_address

BOB = "web:bob"


@pytest.fixture
def tree(services):
    return FamilyTree(services.store, services.blobs)


def ask(services, actor, word="", address=None):
    return lineage.lineage_command(services, actor, word, address or an_address())


def nodes(node):
    """List a tree's nodes, parents first."""
    return [node, *(each for child in node.children for each in nodes(child))]


def told(reply):
    """Say of each node what stands in it: its request, its title, how many pictures."""
    return [(each.job_id, each.title, len(each.pictures)) for each in nodes(reply.tree)]


def test_a_family_is_drawn_with_the_one_that_was_asked_for(services, tree, ada):
    """By a request's id or a picture's; privately, with the label first."""
    root = tree.request(pictures=2)
    varied = tree.from_picture(root, 1)
    enlarged = tree.from_picture(varied, action="upscale")
    rerolled = tree.request(of=root, action="reroll", member=BOB)

    by_request = ask(services, ada, varied)
    by_picture = ask(services, ada, tree.image(varied))

    assert told(by_request) == [
        (root, "A request of its own", 2),
        (varied, "Vary (subtle), of picture 2", 1),
        (enlarged, "Upscale", 1),
        (rerolled, "Drawing again", 1),
    ]
    assert [each.job_id for each in nodes(by_request.tree) if each.is_here] == [varied]
    assert by_picture == by_request
    assert by_request.visibility is Visibility.PRIVATE
    assert by_request.lines[0].startswith("AI-generated · 4 requests belong together")
    assert [line.lstrip("\u2003") for line in by_request.lines[1:]] == [
        f"{'→' if each.is_here else '·'} {each.title} · request {each.job_id} · {each.text}"
        for each in nodes(by_request.tree)
    ]


def test_without_an_id_it_is_the_last_that_was_drawn(services, tree, ada):
    tree.request()
    last = tree.request()
    tree.request(JobState.FAILED, pictures=0)
    tree.request(member=BOB)

    assert [each.job_id for each in nodes(ask(services, ada).tree)] == [last]


def test_with_nothing_drawn_it_says_what_to_name(services, ada):
    with pytest.raises(UserError) as caught:
        ask(services, ada)

    assert caught.value.code == "lineage_nothing_yet"


def test_others_in_another_channel_are_elsewhere(services, tree, ada, moderator):
    """Nothing is told of them, but what hangs on them keeps its place."""
    root = tree.request(member=BOB)
    far = tree.from_picture(root, member=BOB, address=an_address(channel_id="backroom"))
    own = tree.from_picture(far)

    reply = ask(services, ada, own)

    assert told(reply) == [
        (root, "A request of its own", 1),
        (None, "A picture elsewhere", 0),
        (own, "Vary (subtle)", 1),
    ]
    assert far not in reply.model_dump_json()
    assert tree.image(far) not in reply.model_dump_json()
    assert [each.job_id for each in nodes(ask(services, moderator, own).tree)] == [root, far, own]


def test_what_is_age_restricted_stays_where_it_is(services, tree, ada):
    adult = an_address().model_copy(update={"is_age_restricted": True})
    root = tree.request(member=BOB)
    tree.from_picture(root, address=adult)

    assert told(ask(services, ada, root))[1] == (None, "A picture elsewhere", 0)
    there = ask(services, ada, root, ReplyAddress.model_validate(adult))
    assert len(nodes(there.tree)[1].pictures) == 1


@pytest.mark.parametrize(
    "state", [JobState.BLOCKED, JobState.CANCELLED, JobState.FAILED, JobState.PROMPT_REVIEW]
)
def test_what_others_asked_for_in_vain_is_not_told(services, tree, ada, state):
    """Not even that it was asked for."""
    root = tree.request()
    tree.from_picture(root, member=BOB, state=state, pictures=0)

    assert [each.job_id for each in nodes(ask(services, ada, root).tree)] == [root]


def test_what_is_deleted_keeps_its_place_without_a_picture(services, tree, ada):
    root = tree.request()
    varied = tree.from_picture(root)
    enlarged = tree.from_picture(varied, action="upscale")
    with services.store.unit() as unit:
        unit.pictures.mark_deleted(tree.image(varied), services.clock())

    middle = nodes(ask(services, ada, enlarged).tree)[1]

    assert (middle.job_id, middle.pictures) == (varied, ())
    assert middle.text.startswith("deleted · by Ada")


def test_a_large_family_is_bounded_and_each_branch_says_how_many_more(services, tree, ada):
    """The way back and what came of the one asked about are nearer than its kin."""
    root = tree.request()
    kin = [tree.from_picture(root) for _ in range(3)]
    for _ in range(40):
        tree.from_picture(kin[0])
    own = [tree.from_picture(kin[2]) for _ in range(5)]

    reply = ask(services, ada, kin[2])

    drawn = {each.job_id: each for each in nodes(reply.tree)}
    assert len(drawn) == lineage.SHOWN
    assert {root, *kin, *own} <= set(drawn)
    left = 1 + 3 + 40 + 5 - lineage.SHOWN
    assert drawn[kin[0]].more == f"and {left} more"
    assert f"and {left} more" in [line.strip("\u2003") for line in reply.lines]
    assert "49 requests belong together" in reply.lines[0]


def test_a_long_chain_is_drawn_from_near_the_one_asked_about(services, tree, ada):
    """It says that it goes back further."""
    chain = [tree.request()]
    for _ in range(30):
        chain.append(tree.from_picture(chain[-1]))

    drawn = nodes(ask(services, ada, chain[-1]).tree)

    assert [each.job_id for each in drawn] == chain[-lineage.BACK :]
    assert drawn[0].title == "… Vary (subtle)"


def test_a_family_that_nobody_counts_says_so(services, tree, ada, monkeypatch):
    root = tree.request()
    for _ in range(6):
        tree.from_picture(root)
    monkeypatch.setattr("core.lineage.family_of.__kwdefaults__", {"most": 4})

    reply = ask(services, ada, root)

    assert "at least 4 requests" in reply.lines[0]
    assert reply.tree.more == "and more than are counted"


@pytest.mark.parametrize("word", ["nothere", "0" * 16])
def test_what_is_not_there_is_not_found(services, ada, word):
    with pytest.raises(NotFound):
        ask(services, ada, word)


def test_another_communitys_family_is_not_found(services, tree, stranger):
    root = tree.request()

    for word in (root, tree.image(root)):
        with pytest.raises(NotFound):
            ask(services, stranger, word)


def test_the_line_that_people_type_answers_for_errors(services, tree, ada, address):
    root = tree.request()

    good = commands.run(services, ada, f"/lineage {root}", address)
    bad = commands.run(services, ada, "/lineage nothere", address)

    assert good.tree is not None
    assert bad.kind is ReplyKind.ERROR
