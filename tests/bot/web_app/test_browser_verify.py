"""People ask “Was this made here?” in a real browser: by dropping, choosing, pasting, by keyboard."""

import base64

import pytest
from PIL import Image, ImageDraw

from bench.provenance_corpus import DRAWN
from bot import examiner
from core.contracts.base import utc_now
from core.contracts.examination import Rung
from core.contracts.ids import new_verify_id
from core.contracts.provenance import StampFacts
from core.provenance.keys import load_or_create_keys
from core.provenance.mark.marker import load_marker
from core.provenance.stamp import Stamper, record_of
from tests.bot.web_app import people
from tests.bot.web_app.axe import findings
from tests.bot.web_app.examinations import LadderOf
from tests.bot.web_app.pages import wait_for
from tests.bot.web_app.people import DESKTOP, PHONE, Person
from tests.bot.web_app.stage import encoded, painting
from tests.bot.web_app.test_browser import drawn
from tests.core.provenance.gallery import opened, saved

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not people.HAS_CHROMIUM, reason="no chromium; `sh tests/system.sh` installs or explains"
    ),
]

FILE = encoded(painting(256), "PNG")

DROP = """([where, file, name]) => {
  const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type: "image/png" }));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true });
    document.querySelector(where).dispatchEvent(event);
  }
}"""
PASTE = """([file, name]) => {
  const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type: "image/png" }));
  document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
}"""


@pytest.fixture
def ladder(monkeypatch):
    made = LadderOf(Rung.MARK)
    monkeypatch.setattr(examiner, "build_ladder", lambda _settings, _store: made)
    return made


def at_the_page(person, **options) -> Person:
    someone = person(**options)
    someone.page.goto(f"{someone.url}/verify")
    return someone


def drop(someone: Person, data: bytes, name: str = "apple.png", where: str = "main") -> None:
    someone.page.evaluate(DROP, [where, base64.b64encode(data).decode(), name])


def posted(services, image: Image.Image) -> bytes:
    """Mark, label and record a picture, as the worker does."""
    keys_dir = services.settings.resolved_keys_dir
    stamper = Stamper(load_or_create_keys(keys_dir), load_marker(keys_dir, backend="easel.ss64"))
    facts = StampFacts(
        verify_id=new_verify_id(),
        model="easel-small",
        policy_name="easel-pg13",
        policy_version="1.0.0",
        created_at=utc_now(),
    )
    made = stamper.stamp(image, facts)
    with services.store.unit() as unit:
        unit.registry.add(record_of(made, facts, None), made.thumbnail)
    return made.data


def edited(data: bytes) -> bytes:
    """Paint something over a part of a picture and save it as anybody would."""
    image = opened(data)
    width, height = image.size
    pen = ImageDraw.Draw(image)
    pen.ellipse([width * 0.6, height * 0.55, width * 0.85, height * 0.8], fill="#8a3ffc")
    return saved(image, quality=88)


def test_a_dropped_picture_is_known_again_and_its_edited_part_is_shown(person, services):
    """A real file on the real ladder: marked, then painted over and saved as a JPEG."""
    file = edited(posted(services, DRAWN["hills"]()))
    anna = at_the_page(person)

    drop(anna, file, "copy.jpg")

    finding = anna.page.locator("#result .finding")
    anna.page.locator("#result .region-drawing").wait_for()
    assert "AI-generated here, changed since" in finding.inner_text()
    assert "edited in one place" in finding.inner_text()
    assert "at the bottom right" in finding.inner_text()
    part = anna.page.locator(".region-part").bounding_box()
    picture = anna.page.locator("#result canvas").bounding_box()
    middle = (part["x"] + part["width"] / 2 - picture["x"]) / picture["width"]
    assert 0.6 < middle < 0.85
    assert anna.page.locator(".finding-title").evaluate("it => it === document.activeElement")
    anna.picture("verify-desktop-light")


@pytest.mark.parametrize(
    ("size", "scheme"),
    [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")],
    ids=lambda value: value if isinstance(value, str) else str(value[0]),
)
def test_the_page_shuts_nobody_out_in_any_light_and_size(person, ladder, size, scheme):
    anna = at_the_page(person, size=size, scheme=scheme, bypass_csp=True)
    assert findings(anna.page) == []

    drop(anna, FILE)
    anna.page.locator("#result .fields").wait_for()

    assert findings(anna.page) == []
    wide = anna.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    anna.picture(f"verify-{size[0]}-{scheme}")


def test_a_picture_is_chosen_and_an_id_typed_by_keyboard_alone(person, ladder):
    anna = at_the_page(person)
    page, keys = anna.page, anna.page.keyboard
    reached = []
    for _ in range(6):
        keys.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.id || document.activeElement.textContent")
        )
    assert "file" in reached
    assert "id" in reached

    with page.expect_file_chooser() as chosen:
        page.locator("#file").focus()
        keys.press("Enter")
    chosen.value.set_files([{"name": "a.png", "mimeType": "image/png", "buffer": FILE}])
    page.locator("#result .fields").wait_for()
    page.locator("#id").focus()
    keys.type("0000000000000000")
    keys.press("Enter")

    page.wait_for_url("**/verify/0000000000000000")
    assert "Nothing is on record" in page.locator("#result").inner_text()


def test_without_scripts_the_form_works_by_itself(person, ladder):
    anna = at_the_page(person, java_script_enabled=False)

    anna.page.locator("#file").set_input_files(
        [{"name": "a.png", "mimeType": "image/png", "buffer": FILE}]
    )
    anna.page.get_by_role("button", name="Look at it").click()

    anna.page.locator("#result .fields").wait_for()
    assert ladder.shown == [FILE]
    assert anna.page.locator("#result .region-drawing").is_visible()


def test_without_scripts_a_file_that_is_too_large_is_answered_in_words(person, ladder, tmp_path):
    """The browser has to send it before it shows anything; the server drops it as it comes."""
    large = tmp_path / "large.png"
    large.write_bytes(bytes(30_000_000))
    anna = at_the_page(person, java_script_enabled=False)

    anna.page.locator("#file").set_input_files(large)
    anna.page.get_by_role("button", name="Look at it").click()

    anna.page.get_by_role("heading", name="That file is too large to look at").wait_for()
    assert ladder.shown == []


def test_a_pasted_picture_is_asked_about_and_a_large_one_is_not_even_sent(person, ladder):
    anna = at_the_page(person)

    anna.page.evaluate(PASTE, [base64.b64encode(FILE).decode(), "pasted.png"])
    anna.page.locator("#result .fields").wait_for()
    anna.page.locator("[data-ask]").evaluate("form => { form.dataset.max = 10; }")
    drop(anna, FILE)

    anna.page.get_by_role("heading", name="That file is too large to look at").wait_for()
    assert ladder.shown == [FILE]


def test_only_the_newest_question_is_answered(person, ladder, monkeypatch):
    """A slow answer to an earlier file never stands below a later one."""
    anna = at_the_page(person)
    held = []
    anna.page.route("**/verify", lambda route: held.append(route))  # noqa: PLW0108 - it marks what it is given.
    drop(anna, FILE, "first.png")
    drop(anna, FILE, "second.png")
    wait_for(lambda: anna.page.evaluate("true") and len(held) == 2)
    first, second = held

    second.continue_()
    anna.page.get_by_text("second.png").wait_for()
    with anna.page.expect_response("**/verify"):
        first.continue_()

    assert "second.png" in anna.page.locator("#result").inner_text()


def test_verify_takes_a_file_in_the_chat_without_uploading_it(person, services, ladder):
    """Typed first and dropped then, or brought along first; each looks at the file itself."""
    anna = person()
    box = anna.page.get_by_role("combobox")

    box.fill("/verify")
    drop(anna, FILE, where=".composer")
    card = anna.page.locator(".is-private .card").filter(has_text="apple.png")
    card.wait_for()
    assert box.input_value() == ""
    assert card.locator(".region-drawing").is_visible()
    assert not list((services.settings.home / "blobs").rglob("up-*"))

    drop(anna, FILE, "later.png", where=".composer")
    anna.page.locator("[data-upload]").wait_for()
    anna.say("/verify")
    anna.page.locator(".is-private .card").filter(has_text="later.png").wait_for()
    assert ladder.shown == [FILE, FILE]


def test_a_message_s_menu_asks_by_keyboard_and_shows_its_answer(person, stage, ladder):
    anna = person(bypass_csp=True)
    drawn(anna, stage)
    menu = anna.page.locator(".menu summary")

    menu.focus()
    anna.page.keyboard.press("Enter")
    anna.page.keyboard.press("Tab")
    assert findings(anna.page) == []
    anna.picture("verify-menu")
    anna.page.keyboard.press("Enter")

    told = anna.page.locator(".is-private .card").filter(has_text="AI-generated here")
    told.wait_for()
    anna.page.wait_for_function(
        """() => {
          const card = [...document.querySelectorAll(".is-private .card")].at(-1);
          const place = document.getElementById("scroll").getBoundingClientRect();
          return card.getBoundingClientRect().top < place.bottom;
        }"""
    )
    assert anna.page.get_by_role("button", name="About this image").is_visible()
