"""Two moderators work through the queue in real browsers: by keyboard alone, any light, any width."""

import pytest

from core.contracts.actors import Role
from core.contracts.reviews import ModeratorSettings, ReviewState, Ruling
from core.events import REVIEWS_TOPIC
from tests.bot.web_app import axe, people
from tests.bot.web_app.console.conftest import open_session
from tests.bot.web_app.pages import wait_for
from tests.bot.web_app.people import SCREENS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not people.HAS_CHROMIUM, reason="no chromium; `sh tests/system.sh` installs or explains"
    ),
]

QUEUE = "/console/queue"
EXPECTED = (*people.EXPECTED, "Response Status Error Code", "htmx:sendAbort", "htmx:afterRequest")
"""What htmx writes down of a refusal, and of an answer that somebody did not wait for."""


@pytest.fixture
def desk_of(chromium, server, services):
    """Open the queue in somebody's browser; no page may complain."""
    contexts, complaints = [], []

    def open_one(name, *, path=QUEUE, width=1280, scheme="light", role=Role.MODERATOR, **options):
        context = chromium.new_context(
            viewport={"width": width, "height": 860},
            color_scheme=scheme,
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        context.set_default_timeout(15_000)
        token = open_session(services, role, name=name)
        context.add_cookies([{"name": "easel_console", "value": token, "url": server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", note)
        page.goto(f"{server.url}{path}")
        return page

    def note(said):
        if said.type in {"error", "warning"} and not any(each in said.text for each in EXPECTED):
            complaints.append(said.text)

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def opened(page, item):
    page.locator(f".pane-item[data-item='{item.item_id}']").wait_for()


def standing(page, text):
    page.locator("#standing").filter(has_text=text).wait_for()


def test_two_moderators_by_keyboard_alone(desk_of, cases, services):
    """One claims and the other is told; a decision with its reason, undone, made again, next."""
    first, second = cases.prompt(), cases.prompt("a second bloody cleaver", member="web:bob")
    mo, tess = desk_of("Mo"), desk_of("Tess")

    mo.keyboard.press("j")
    opened(mo, first)
    assert mo.evaluate("document.activeElement.dataset.item") == first.item_id
    tess.keyboard.press("j")
    opened(tess, first)
    tess.keyboard.press("c")
    standing(tess, "Yours until")
    standing(mo, "Claimed by Tess until")
    mo.locator(f"#open-{first.item_id}").filter(has_text="Tess until").wait_for()
    mo.keyboard.press("a")  # There is nothing to unfold: it is hers.
    assert mo.locator("#decision details").count() == 0

    tess.keyboard.press("a")
    tess.keyboard.press("ArrowDown")
    assert tess.evaluate("document.activeElement.value") == "context"
    tess.keyboard.press("Tab")
    tess.keyboard.type("A market, jr?ncu/ is typed and not taken for keys.")
    tess.keyboard.press("Tab")
    tess.keyboard.press("Enter")
    standing(tess, "Approved by you")
    standing(mo, "Approved by Tess")
    decided = cases.now(first)
    assert (decided.ruling, decided.reason_code) == (Ruling.APPROVE, "context")
    assert decided.note == "A market, jr?ncu/ is typed and not taken for keys."
    assert int(tess.locator("#left").inner_text().removesuffix(" s")) > 30
    assert tess.evaluate("document.activeElement.id") == "undo"

    tess.keyboard.press("u")
    standing(tess, "Yours until")
    assert cases.now(first).state is ReviewState.OPEN
    tess.keyboard.press("r")
    tess.keyboard.press("Enter")  # The first reason is chosen already.
    standing(tess, "Rejected by you")
    assert cases.now(first).reason_code == "breaks_policy"

    tess.keyboard.press("n")
    opened(tess, second)
    standing(tess, "Yours until")
    mo.keyboard.press("j")
    opened(mo, second)
    tess.keyboard.press("e")
    tess.keyboard.press("Tab")
    tess.keyboard.press("Enter")
    standing(mo, "Left to the admins")
    assert cases.now(second).is_escalated


def test_a_decision_that_comes_too_late_is_said_beside_the_item(desk_of, cases, services):
    """Pressed before the page had heard: its words stay, and nothing is lost or done twice."""
    item = cases.prompt()
    mo = desk_of("Mo", path=f"{QUEUE}?item={item.item_id}")
    mo.keyboard.press("a")
    services.events.is_away = True  # Nobody hears of it.
    with services.store.unit() as unit:
        unit.reviews.save(
            unit.reviews.locked(item.item_id).model_copy(
                update={
                    "state": ReviewState.DECIDED,
                    "ruling": Ruling.REJECT,
                    "decided_by": "web:tess",
                    "decided_name": "Tess",
                    "decided_at": services.clock(),
                    "effective_at": services.clock(),
                }
            )
        )

    mo.keyboard.press("Enter")

    mo.locator("#conflict").filter(has_text="Tess has decided it").wait_for()
    assert mo.locator("#decision button").count() == 0


def test_what_is_half_written_outlives_a_change(desk_of, cases, signed_in):
    """Somebody else's claim of another item, or a change of this one, takes no word away."""
    item = cases.prompt(needs_two=True)
    mo = desk_of("Mo", path=f"{QUEUE}?item={item.item_id}")
    mo.keyboard.press("r")
    mo.keyboard.press("ArrowDown")
    mo.keyboard.press("Tab")
    mo.keyboard.type("half a sen")

    signed_in(name="Tess").send_form(
        f"{QUEUE}/items/{item.item_id}/decide", ruling="approve", reason="fine"
    )
    standing(mo, "Tess approved it.")
    mo.keyboard.type("tence")

    assert mo.locator("#reject textarea").input_value() == "half a sentence"
    assert mo.locator("#reject :checked").input_value() == "hurts_someone"


def test_pictures_are_covered_until_they_are_revealed(desk_of, cases):
    item = cases.picture()
    mo = desk_of("Mo", path=f"{QUEUE}?item={item.item_id}")
    covered = mo.locator("img.covered")
    covered.wait_for()
    assert "blur" in covered.evaluate("e => getComputedStyle(e).filter")
    assert cases.trail(item) == ["verdict"]

    mo.keyboard.press("b")
    plain = mo.locator("img.plain")
    wait_for(lambda: plain.evaluate_all("all => all[0]?.complete && all[0].naturalWidth") == 128)
    assert plain.evaluate("e => getComputedStyle(e).filter") == "none"
    assert cases.trail(item) == ["verdict", "picture_revealed"]

    mo.keyboard.press("b")
    assert "blur" in plain.evaluate("e => getComputedStyle(e).filter")
    mo.get_by_role("button", name="Show again").click()
    assert plain.evaluate("e => getComputedStyle(e).filter") == "none"
    assert cases.trail(item) == ["verdict", "picture_revealed"]


def test_who_wants_no_blur_has_pictures_revealed_and_that_written_down(desk_of, cases, services):
    item = cases.picture()
    with services.store.unit() as unit:
        unit.moderators.set_settings("local", "web:mo", ModeratorSettings(always_blur=False))

    desk_of("Mo", path=f"{QUEUE}?item={item.item_id}").locator("img.plain").wait_for()

    assert cases.trail(item) == ["verdict", "picture_revealed"]


def test_everything_is_there_for_a_pointer_on_a_phone(desk_of, cases, signed_in):
    """One pane after the other; the list comes back."""
    item = cases.prompt()
    cases.prompt(member="web:bob")
    mo = desk_of("Mo", width=360, has_touch=True)

    mo.locator(".entry-link").first.tap()
    opened(mo, item)
    mo.locator("#filters").wait_for(state="hidden")
    mo.get_by_role("button", name="Claim", exact=True).tap()
    standing(mo, "Yours until")
    mo.locator("#reject summary").tap()
    mo.get_by_role("radio", name="Cannot be told").tap()
    mo.locator("#reject button").tap()
    standing(mo, "Rejected by you")
    assert cases.now(item).reason_code == "unclear"
    mo.get_by_role("link", name="Back to the list").tap()
    mo.locator("#filters").wait_for()


CHIMES = """() => {
window.chimes = 0;
window.AudioContext = class {
  currentTime = 0;
  destination = null;
  createGain() {
    const gain = { setValueAtTime() {}, exponentialRampToValueAtTime() {} };
    return { gain, connect: (to) => to };
  }
  createOscillator() {
    return { frequency: {}, connect: (to) => to, start: () => window.chimes++, stop() {}, addEventListener() {} };
  }
  close() {}
};
}"""


@pytest.mark.parametrize(
    ("settings", "told", "chimes"),
    [
        ({"sound": True}, "One more waits.", 1),
        ({"sound": False}, "One more waits.", 0),
        ({"sound": True, "is_paused": True}, "", 0),
    ],
    ids=str,
)
def test_what_is_new_is_told_as_the_moderator_wants_it(
    desk_of, cases, services, settings, told, chimes
):
    with services.store.unit() as unit:
        unit.moderators.set_settings("local", "web:mo", ModeratorSettings(**settings))
    mo = desk_of("Mo")
    mo.evaluate(CHIMES)

    cases.prompt()
    with mo.expect_response(lambda answer: answer.request.method == "POST"):
        services.events.wake(REVIEWS_TOPIC)
    wait_for(lambda: mo.locator("#news").inner_text() == told)

    assert mo.evaluate("window.chimes") == chimes
    assert mo.locator(".entry").count() == (0 if settings.get("is_paused") else 1)


def test_keys_are_shown_and_the_search_is_a_key_away(desk_of, cases):
    cases.prompt()
    wanted = cases.prompt("a marzipan pig", marked="pig")
    mo = desk_of("Mo")

    mo.keyboard.press("?")
    assert mo.locator("#keys").is_visible()
    mo.keyboard.press("j")  # Not while they are shown.
    mo.keyboard.press("Escape")
    assert not mo.locator("#keys").is_visible()
    assert mo.locator(".pane-item").count() == 0
    mo.keyboard.press("/")
    mo.keyboard.type("marzipan")
    wait_for(lambda: mo.locator(".entry-link").count() == 1)
    assert "marzipan" not in mo.url
    mo.keyboard.press("Escape")
    mo.keyboard.press("j")
    opened(mo, wanted)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_queue_reads_well_in_any_width_and_light(desk_of, cases, clock, scheme):
    """Nothing is scrolled sideways, too small for a finger, nameless, faint or found by axe."""
    item = cases.picture(count=2, member_note="It is my own sculpture.")
    cases.prompt(member="web:bob")
    cases.reported(severity="medium")
    cases.prompt(
        state="settled",
        ruling="reject",
        reason_code="evades",
        decided_name="Tess",
        closed_at=clock(),
    )
    SCREENS.mkdir(parents=True, exist_ok=True)
    for path, name in ((QUEUE, "list"), (f"{QUEUE}?item={item.item_id}", "item")):
        page = desk_of("Mo Linnet", path=path, scheme=scheme, bypass_csp=True)
        if name == "item":
            page.keyboard.press("a")
            page.locator(".more-of-it summary").click()
        for width in (360, 900, 1280, 1920):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=SCREENS / f"console-queue-{name}-{width}-{scheme}.png")

            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(people.SMALL_TARGETS) == []
            assert page.evaluate(people.NAMELESS) == []
        assert page.evaluate(people.CONTRAST) == []
        assert axe.findings(page) == []
