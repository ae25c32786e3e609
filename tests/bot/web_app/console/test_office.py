"""Policy, sanctions, audit and statistics over the wire: the use cases decide, and nothing else."""

import json

import pytest

from bot.web_app.console.charts import HEIGHT, columns_of, part_of, top_of
from core.contracts.actors import Role
from core.contracts.policies import PolicyDeed
from tests.bot.web_app.console.office import (
    LOCAL,
    LOOSER,
    MEMBERS,
    STRICTER,
    a_month,
    forget,
    give,
    known,
    person,
    propose,
)
from tests.bot.web_app.pages import read

POLICY, SANCTIONS = "/console/policy", "/console/sanctions"


@pytest.fixture(autouse=True)
def nothing_is_left(services):
    """What a test finds is its own."""
    forget(services)
    yield
    forget(services)


def events(services):
    with services.store.reading() as unit:
        return [event.deed for event in reversed(unit.policies.events(LOCAL))]


def active(services):
    with services.store.reading() as unit:
        found = unit.policies.in_force(LOCAL).active
    return found and found.number


def text_of(answer):
    return " ".join(read(answer.text).text.split())


# ---- policy ----


def test_faults_stand_beside_the_text_that_has_them(signed_in, services):
    """Each with its line, a caret and a hint; nothing is kept by looking."""
    faulty = "categories:\n  gore_graphik: {action: block}\n  gore_graphic: {action: blok}\n"

    page = read(signed_in().send_form(f"{POLICY}/validate", source=faulty).text)

    faults = [each.text for each in page.by_class("fault-at")]
    assert [each.partition(": ")[0] for each in faults] == ["proposal:2:3", "proposal:3:26"]
    assert all("^" in each and "hint: " in each for each in faults)
    assert page.by_tag("textarea")[0].text.strip() == faulty.strip()
    assert events(services) == []


def test_a_text_without_a_fault_says_what_it_would_change(signed_in, services):
    answer = signed_in().send_form(f"{POLICY}/validate", source=LOOSER)

    assert "It has no fault" in text_of(answer)
    assert "It loosens sexual_explicit: somebody else must put it in force." in text_of(answer)
    assert "categories.sexual_explicit.action looser block review" in text_of(answer)
    assert events(services) == []


def test_what_cannot_be_proposed_is_not_and_the_text_stays(signed_in, services):
    for source in ("categories: [", "", "categories: {nonsense: {action: block}}"):
        answer = signed_in().send_form(f"{POLICY}/propose", source=source, note="why")

        assert answer.status_code == 400
        assert read(answer.text).by_tag("textarea")[0].text.strip() == source
    assert events(services) == []


def test_a_version_is_proposed_tested_replayed_shadowed_activated_and_rolled_back(
    signed_in, services
):
    mo, tess = signed_in(), signed_in(Role.ADMIN, name="Tess")
    answer = mo.send_form(f"{POLICY}/propose", source=STRICTER, note="No apples.")
    assert answer.headers["Location"] == f"{POLICY}/versions/1"
    assert "“No apples.”" in text_of(mo.get(f"{POLICY}/versions/1"))

    for act, said in (("test", "passes its examples"), ("replay", "would change 0 of 0 decisions")):
        assert said in text_of(mo.send_form(f"{POLICY}/versions/1/{act}", days="7"))
    for act in ("shadow", "activate"):
        assert tess.send_form(f"{POLICY}/versions/1/{act}").headers["Location"] == POLICY
    assert active(services) == 1
    assert "Version 1 is in force" in text_of(tess.get(POLICY))
    tess.send_form(f"{POLICY}/rollback")

    assert active(services) is None
    assert events(services) == [
        PolicyDeed.PROPOSED,
        PolicyDeed.TESTED,
        PolicyDeed.REPLAYED,
        PolicyDeed.SHADOWED,
        PolicyDeed.ACTIVATED,
        PolicyDeed.ROLLED_BACK,
    ]


def test_who_proposed_what_loosens_is_told_that_it_takes_another(signed_in, services):
    propose(services, LOOSER, person("tess"))
    tess, kim = (signed_in(Role.ADMIN, name=name) for name in ("Tess", "Kim"))

    assert "so somebody else has to activate it" in text_of(tess.get(f"{POLICY}/versions/1"))
    assert tess.send_form(f"{POLICY}/versions/1/activate").status_code == 409
    assert active(services) is None
    assert "so you may be the second" in text_of(kim.get(f"{POLICY}/versions/1"))
    assert kim.send_form(f"{POLICY}/versions/1/activate").status_code == 303
    assert active(services) == 1


def test_a_moderator_is_offered_no_activation_and_has_none(signed_in, services):
    propose(services, STRICTER, person("kim"))
    mo = signed_in()

    assert "Activate" not in text_of(mo.get(f"{POLICY}/versions/1"))
    assert mo.send_form(f"{POLICY}/versions/1/activate").status_code == 403
    assert active(services) is None


def test_each_value_names_the_level_that_set_it(signed_in, services):
    version = propose(services, "categories: {shock_disturbing: {action: block}}", person("kim"))
    signed_in(Role.ADMIN, name="Tess").send_form(f"{POLICY}/versions/{version.number}/activate")

    answer = signed_in().get(f"{POLICY}/values", params={"path": "categories.shock_disturbing"})
    rows = [each.text for each in read(answer.text).by_tag("tr")[1:]]
    action = next(each for each in rows if "shock_disturbing.action" in each)
    assert "block" in action
    assert "community" in action
    assert any("organisation" in each for each in rows)
    assert signed_in().get(f"{POLICY}/values", params={"path": "nonsense"}).status_code == 400


# ---- sanctions ----


def test_a_sanction_is_given_and_taken_back(signed_in, services):
    known(services, "bob")
    mo = signed_in()

    fields = {"member": "Bob", "kind": "cool-down", "hours": "2", "reason": "Enough for today."}
    answer = mo.send_form(f"{SANCTIONS}/give", **fields)

    assert answer.headers["Location"] == f"{SANCTIONS}/members/web:bob"
    assert "Bob has a cool-down until" in text_of(mo.get(answer.headers["Location"]))
    with services.store.reading() as unit:
        (given,) = unit.sanctions.of_member("local", "web:bob")
    assert (given.expires_at - given.at).total_seconds() == 7200
    assert "Enough for today." in text_of(mo.get(SANCTIONS))
    mo.send_form(f"{SANCTIONS}/{given.sanction_id}/pardon", reason="A mistake.")
    assert "None is live." in text_of(mo.get(SANCTIONS))
    assert "A mistake." in text_of(mo.get(f"{SANCTIONS}?show=all"))


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"kind": "ban"}, 403),
        ({"kind": "ban", "role": Role.ADMIN, "hours": "soon"}, 400),
        ({"kind": "cool-down", "hours": ""}, 400),
        ({"kind": "cool-down", "hours": "9999"}, 400),
        ({"kind": "slap"}, 400),
        ({"reason": "  "}, 400),
        ({"reason": "x" * 301}, 400),
        ({"member": ""}, 400),
        ({"member": "nobody"}, 404),
        ({"member": "web:mo"}, 403),
    ],
    ids=str,
)
def test_what_may_not_be_given_is_not(signed_in, services, fields, status):
    for name in ("bob", "mo"):
        known(services, name)
    role = fields.get("role", Role.MODERATOR)
    asked = {"member": "web:bob", "kind": "warning", "hours": "", "reason": "Enough."} | fields

    assert signed_in(role).send_form(f"{SANCTIONS}/give", **asked).status_code == status
    with services.store.reading() as unit:
        assert unit.sanctions.recent("local") == []


def test_the_list_goes_on_where_the_page_before_ended(signed_in, services, monkeypatch):
    monkeypatch.setattr("bot.web_app.console.sanctions.PAGE", 2)
    for name in MEMBERS:
        known(services, name)
        give(services, name, "warning")
    mo, seen, path = signed_in(), [], SANCTIONS
    for _ in range(3):
        page = read(mo.get(path).text)
        seen += [each.text for each in page.by_class("rowlink")]
        older = [each for each in page.by_tag("a") if each.text == "Older"]
        path = older[0].attributes["href"] if older else ""

    assert seen == [name.title() for name in reversed(MEMBERS)]
    assert path == ""


def test_another_community_s_sanction_is_not_there(signed_in, services):
    known(services, "dan")
    given = give(services, "dan", "warning")
    theirs = given.model_copy(
        update={"sanction_id": "theirs", "community_id": "club", "member_id": "web:zoe"}
    )
    with services.store.unit() as unit:
        unit.sanctions.add(theirs)
    tess = signed_in(Role.ADMIN, name="Tess")

    assert tess.send_form(f"{SANCTIONS}/theirs/pardon").status_code == 404
    assert tess.get(f"{SANCTIONS}/members/web:zoe").status_code == 404
    assert "theirs" not in tess.get(f"{SANCTIONS}?show=all").text
    with services.store.reading() as unit:
        assert unit.sanctions.read("theirs", community_id="club").lifted_at is None


# ---- audit ----


def rows_of(answer):
    return [each.text for each in read(answer.text).by_tag("tr")[1:]]


def test_the_record_is_filtered_and_paged(signed_in, services, monkeypatch):
    monkeypatch.setattr("bot.web_app.console.audit.PAGE", 2)
    for name in ("ada", "bob", "cleo"):
        known(services, name)
        give(services, name, "warning")
    mo, about = signed_in(), {"kind": "member_sanctioned"}

    first = mo.get("/console/audit", params=about)
    assert ["web:cleo" in rows_of(first)[0], "web:bob" in rows_of(first)[1]] == [True, True]
    older = next(each for each in read(first.text).by_tag("a") if each.text == "Older")
    assert "web:ada" in rows_of(mo.get(older.attributes["href"]))[0]
    (row, *_) = rows_of(mo.get("/console/audit", params={"member": "web:bob"}))
    assert "web:bob" in row
    assert "No row is like that" in text_of(mo.get("/console/audit", params={"job": "nosuchjob"}))
    assert "Cleo" not in first.text


def test_verify_says_whether_the_record_is_whole_and_where_it_breaks(signed_in, services):
    known(services, "ada")
    for _ in range(3):
        give(services, "ada", "warning")
    mo = signed_in()
    assert "The record is sound" in text_of(mo.send_form("/console/audit/verify"))

    with services.store.unit() as unit:
        last = unit.audit.page("local", limit=1)[0].audit_no
        alter(unit, last, "'nobody'")
    answer = text_of(mo.send_form("/console/audit/verify"))
    with services.store.unit() as unit:
        alter(unit, last, "'web:tess'")

    assert "The record is broken" in answer
    assert f"Row {last} " in answer
    assert "The record is sound" in text_of(mo.send_form("/console/audit/verify"))


def alter(unit, audit_no, by):
    connection = unit.audit._session.connection()
    connection.exec_driver_sql(f'UPDATE audit SET "by" = {by} WHERE audit_no = {audit_no}')


def test_an_export_is_an_admin_s_and_on_record(signed_in, services):
    known(services, "ada")
    give(services, "ada", "warning")

    assert signed_in().send_form("/console/audit/export").status_code == 403
    answer = signed_in(Role.ADMIN, name="Tess").send_form("/console/audit/export")

    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[-1]["kind"] == "audit_exported"
    assert lines[-1]["by"] == "web:tess"
    assert lines[-2]["kind"] == "member_sanctioned"
    assert "attachment" in answer.headers["Content-Disposition"]


# ---- statistics ----


def test_the_chart_and_its_table_say_the_same(signed_in, services):
    a_month(services)

    page = read(signed_in().get("/console/statistics").text)

    (table,) = (each for each in page.by_class("twin")[0].by_tag("table"))
    days = [[int(cell.text) for cell in row.by_tag("td")] for row in table.by_tag("tr")[1:]]
    assert len(days) == 30
    (chart,) = page.by_class("chart-drawing")
    assert len(chart.by_tag("rect")) == sum(number > 0 for day in days for number in day)
    assert sum(day[1] for day in days) > 80
    assert "style" not in {name for each in page.by_tag("rect") for name in each.attributes}


def test_statistics_of_nothing_are_a_page_as_well(signed_in):
    said = text_of(signed_in().get("/console/statistics"))

    assert "Nothing was found in any request." in said
    assert "Nobody decided anything in this time." in said


def test_bars_are_as_long_as_their_numbers():
    chart = columns_of([1, 2, 3], {"held": [0, 5, 10], "decided": [1, 0, 0]})

    assert [(bar.series, bar.height) for bar in chart.bars] == [
        ("held", HEIGHT / 2),
        ("held", HEIGHT),
        ("decided", HEIGHT / 10),
    ]
    assert all(bar.y + bar.height == HEIGHT for bar in chart.bars)
    assert chart.lines == [(HEIGHT, 0), (HEIGHT / 2, 5), (0, 10)]
    assert [top_of(number) for number in (0, 2, 3, 11, 50, 51, 501)] == [2, 2, 5, 20, 50, 100, 1000]
    assert [part_of(*each) for each in ((0, 9), (1, 4), (1, 1000), (5, 0))] == [0, 25, 1, 0]
