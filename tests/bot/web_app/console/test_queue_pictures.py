"""A held picture leaves the server after a reveal alone, to one session, for a minute."""

import hashlib
import io
import time

import pytest
from PIL import Image

from bot.web_app.console.queue_pictures import squares
from tests.bot.web_app.pages import read
from tests.bot.web_app.stage import encoded, painting

QUEUE = "/console/queue"


@pytest.fixture
def mo(signed_in):
    return signed_in()


def reveal(browser, item):
    return browser.send_form(f"{QUEUE}/items/{item.item_id}/reveal")


def images(html):
    return [each.attributes["src"] for each in read(html).by_tag("img")]


def test_an_open_item_shows_covered_pictures_and_writes_nothing_down(mo, cases):
    item = cases.picture(count=2)
    [picture, _] = cases.pictures(item)

    page = mo.get(QUEUE, params={"item": item.item_id}).text

    covered = images(page)
    assert covered[0] == f"{QUEUE}/items/{item.item_id}/pictures/{picture.verify_id}/covered"
    assert len(covered) == 2
    answer = mo.get(covered[0])
    with Image.open(io.BytesIO(answer.content)) as image:
        assert (image.size, image.mode) == ((12, 12), "L")
    assert answer.headers["Cache-Control"] == "no-store"
    assert cases.trail(item) == ["verdict"]


def test_a_reveal_is_written_down_and_shows_the_picture_itself(mo, cases):
    item = cases.picture()
    [picture] = cases.pictures(item)

    [address] = images(reveal(mo, item).text)

    answer = mo.get(address)
    assert hashlib.sha256(answer.content).hexdigest() == picture.sha256
    assert f'filename="ai_{picture.verify_id}.' in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert cases.trail(item) == ["verdict", "picture_revealed"]


def test_the_address_opens_for_nobody_else(mo, signed_in, stranger, cases):
    item = cases.picture()
    [address] = images(reveal(mo, item).text)

    assert signed_in(name="Tess").get(address).status_code == 404
    assert signed_in().get(address).status_code == 404  # The same person, in another browser.
    assert stranger.get(address).status_code == 303
    assert mo.get(f"{address}x").status_code == 404


def test_the_address_opens_for_a_minute(mo, cases, monkeypatch):
    item = cases.picture()
    [address] = images(reveal(mo, item).text)
    then = time.time() + 62
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: then)

    assert mo.get(address).status_code == 404


def test_a_picture_of_another_item_or_a_deleted_one_is_not_found(mo, cases, services):
    item, other = cases.picture(), cases.picture()
    [picture], [foreign] = cases.pictures(item), cases.pictures(other)
    [address] = images(reveal(mo, item).text)
    covered = f"{QUEUE}/items/{item.item_id}/pictures"
    assert mo.get(f"{covered}/{foreign.verify_id}/covered").status_code == 404
    with services.store.unit() as unit:
        unit.pictures.mark_deleted(picture.verify_id, services.clock())

    assert mo.get(address).status_code == 404
    assert mo.get(f"{covered}/{picture.verify_id}/covered").status_code == 404


def test_squares_tell_light_from_dark_and_nothing_else():
    data = squares(encoded(painting(512), "PNG"))

    with Image.open(io.BytesIO(data)) as image:
        assert (image.size, image.mode) == ((12, 12), "L")
        assert len(image.getcolors()) > 3
