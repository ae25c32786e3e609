"""People go on from a picture in a real browser: grids, forms, painted regions, own pictures."""

import io

import pytest
from PIL import Image

from core.contracts.generation import GenerationSpec
from tests.bot.web_app import people
from tests.bot.web_app.pages import wait_for
from tests.bot.web_app.people import PHONE, Person
from tests.bot.web_app.stage import encoded, painting

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not people.HAS_CHROMIUM, reason="no chromium; `sh tests/system.sh` installs or explains"
    ),
]

APPLE = "/imagine a red apple on a blue background"


def drawn(someone: Person, stage, text=APPLE) -> str:
    """Let somebody ask for pictures and see them; return the job's id."""
    before = someone.page.locator(".gallery").count()
    someone.say(text)
    someone.page.locator(".is-progress").last.wait_for()
    job_id = stage.newest().job_id
    stage.draw(job_id)
    someone.page.locator(".gallery").nth(before).wait_for()
    return job_id


def picture_of(stage, job_id, index=0):
    with stage.services.store.reading() as unit:
        return unit.pictures.of_job(job_id)[index]


def next_job(stage, job_id) -> GenerationSpec:
    """Wait for a job that goes on from another."""
    return wait_for(lambda: (job := stage.newest()).job_id != job_id and job)


def test_each_picture_of_a_grid_has_its_own_buttons(person, stage):
    """Upscale and vary go on from the one they stand under."""
    anna = person()
    job_id = drawn(anna, stage, f"{APPLE} --n 4")
    figures = anna.page.locator(".gallery figure")
    assert figures.count() == 4
    anna.picture("grid-desktop-light")

    figures.nth(2).get_by_role("button", name="U3").click()
    upscaled = next_job(stage, job_id)
    figures.nth(1).get_by_role("button", name="V2").click()
    varied = next_job(stage, upscaled.job_id)

    assert upscaled.action == "upscale"
    assert upscaled.spec.image == picture_of(stage, job_id, 2).verify_id
    assert upscaled.parent_id == job_id
    assert varied.action == "vary_subtle"
    assert varied.spec.image == picture_of(stage, job_id, 1).verify_id


def test_a_remix_changes_prompt_and_flags_in_a_form(person, stage):
    """By keyboard; what is wrong with them is said in the form, which keeps what was typed."""
    anna = person()
    job_id = drawn(anna, stage)
    remix = anna.page.get_by_role("button", name="Remix")

    remix.focus()
    anna.page.keyboard.press("Enter")
    sheet = anna.page.get_by_role("dialog")
    sheet.wait_for()
    box = sheet.get_by_role("textbox").first
    assert box.evaluate("element => element === document.activeElement")
    assert "a red apple on a blue background" in box.input_value()
    box.fill("a green apple --steps 900")
    box.press("Control+Enter")
    trouble = sheet.get_by_role("alert")
    trouble.wait_for()
    assert "--steps" in trouble.inner_text()
    assert box.input_value() == "a green apple --steps 900"
    anna.picture("remix-desktop-light")
    box.fill("a green apple --steps 9")
    box.press("Control+Enter")

    sheet.wait_for(state="hidden")
    job = next_job(stage, job_id)
    assert (job.action, job.spec.prompt, job.spec.steps) == ("remix", "a green apple", 9)
    anna.page.keyboard.press("Escape")


def test_a_form_is_left_by_escape_and_the_focus_returns(person, stage):
    """And nothing was asked for."""
    anna = person()
    job_id = drawn(anna, stage)
    remix = anna.page.get_by_role("button", name="Remix")

    remix.click()
    anna.page.get_by_role("dialog").wait_for()
    anna.page.keyboard.press("Escape")
    anna.page.get_by_role("dialog").wait_for(state="hidden")

    assert remix.evaluate("element => element === document.activeElement")
    assert stage.newest().job_id == job_id


def test_a_region_is_painted_and_drawn_anew(person, stage):
    """The mask that is stored is white where the pointer went, and nowhere else."""
    anna = person()
    job_id = drawn(anna, stage)
    anna.page.get_by_role("button", name="Vary region").click()
    sheet = anna.page.get_by_role("dialog")
    canvas = sheet.locator("canvas")
    canvas.wait_for()

    sheet.get_by_role("button", name="Draw").click()
    assert "Mark the part" in sheet.get_by_role("alert").inner_text()
    box = canvas.bounding_box()
    mouse = anna.page.mouse
    mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.5)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.5, steps=6)
    mouse.up()
    anna.picture("region-desktop-light")
    sheet.get_by_role("button", name="Draw").click()
    sheet.wait_for(state="hidden")

    job = next_job(stage, job_id)
    assert job.action == "vary_region"
    assert job.spec.image == picture_of(stage, job_id).verify_id
    with stage.services.store.reading() as unit:
        upload = unit.uploads.get(job.spec.mask)
    mask = Image.open(io.BytesIO(stage.services.blobs.get(upload.blob))).convert("L")
    wide, high = mask.size
    assert mask.getpixel((int(wide * 0.3), high // 2)) == 255
    assert mask.getpixel((int(wide * 0.8), high // 2)) == 0
    assert mask.getpixel((int(wide * 0.3), int(high * 0.1))) == 0


def test_a_region_is_chosen_by_keyboard_alone(person, stage):
    """Thirds are check boxes; undo takes the last choice back."""
    anna = person(size=PHONE)
    job_id = drawn(anna, stage)
    anna.page.get_by_role("button", name="Vary region").click()
    sheet = anna.page.get_by_role("dialog")

    third = sheet.get_by_role("checkbox", name="The top left of the picture")
    third.focus()
    anna.page.keyboard.press("Space")
    anna.picture("region-phone-light")
    assert sheet.evaluate("element => element.scrollWidth <= element.clientWidth")
    sheet.get_by_role("button", name="Draw").click()
    sheet.wait_for(state="hidden")

    with stage.services.store.reading() as unit:
        upload = unit.uploads.get(next_job(stage, job_id).spec.mask)
    mask = Image.open(io.BytesIO(stage.services.blobs.get(upload.blob))).convert("L")
    assert (mask.getpixel((5, 5)), mask.getpixel((mask.width - 5, 5))) == (255, 0)


def test_a_picture_is_brought_along(person, stage):
    """Chosen from a folder, shown, named in the line, and seen by nobody else."""
    anna, ben = person(), person()
    file = {"name": "apple.png", "mimeType": "image/png", "buffer": encoded(painting(64), "PNG")}

    anna.page.locator("input[type=file]").set_input_files(file)
    chip = anna.page.locator("[data-upload]")
    chip.wait_for()
    box = anna.page.get_by_role("combobox")
    upload_id = chip.get_attribute("data-upload")
    assert f"--image {upload_id}" in box.input_value()
    anna.picture("upload-desktop-light")
    anna.page.keyboard.type("a green apple")
    anna.page.keyboard.press("Escape")
    anna.page.keyboard.press("Enter")
    anna.page.get_by_text("Drawing for").wait_for()

    spec = stage.newest().spec
    assert spec.prompt == "a green apple"
    assert spec.image == upload_id
    answer = ben.page.request.get(f"{ben.url}/uploads/{spec.image}")
    assert answer.status == 404


def test_a_file_that_is_no_picture_is_refused_in_words(person):
    """And the line stays as it was typed."""
    anna = person()
    file = {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture at all"}
    box = anna.page.get_by_role("combobox")
    box.fill("/imagine a cat")

    anna.page.locator("input[type=file]").set_input_files(file)

    anna.page.locator(".passing").wait_for()
    assert box.input_value() == "/imagine a cat"
    assert anna.page.locator("[data-upload]").count() == 0


def test_one_picture_is_varied_a_little_or_a_lot_and_enlarged(person, stage):
    """Each button under it is a job of its own that knows its parent."""
    anna = person()
    first = drawn(anna, stage)
    picture, before = picture_of(stage, first), first
    asked = []
    for button in ("Vary (subtle)", "Vary (strong)", "Upscale"):
        anna.page.get_by_role("button", name=button, exact=True).first.click()
        job = next_job(stage, before)
        before = job.job_id
        asked.append((job.action, job.parent_id, job.spec.image))

    actions = ("vary_subtle", "vary_strong", "upscale")
    assert asked == [(action, first, picture.verify_id) for action in actions]


def test_permutations_and_repeats_are_one_message(person, stage):
    """Six pictures of one request, told apart by their words."""
    anna = person()
    job_id = drawn(anna, stage, "/imagine a {red,green,blue} heart --repeat 2")

    assert stage.newest().job_id == job_id
    assert anna.page.locator(".gallery").count() == 1
    assert anna.page.locator(".gallery figure").count() == 6


def test_a_tile_is_asked_for(person, stage):
    anna = person()
    job_id = drawn(anna, stage, "/imagine a blue circle on a yellow background --tile")

    with stage.services.store.reading() as unit:
        assert unit.jobs.get(job_id).spec.is_tile
