"""Pictures leave as they were stored, to those who may see them, for as long as they may."""

import hashlib
from dataclasses import replace

import httpx
import pytest

from bot.web_app.app import create_app
from core.workflow import Outcome
from tests.bot.web_app.pages import wait_for
from tests.bot.web_app.server_in_thread import ServerInThread


@pytest.fixture
def picture(browser, stage):
    browser.post("/say", data={"text": "/imagine a red apple"})
    return stage.draw(stage.newest().job_id)[0]


def address(picture, name="red-apple.png") -> str:
    return f"/pictures/{picture.verify_id}/{name}"


def test_a_picture_leaves_byte_for_byte_as_it_was_stored(browser, picture, services):
    """The label in it would not survive another encoding."""
    answer = browser.get(address(picture))

    assert answer.content == services.blobs.get(picture.blob)
    assert hashlib.sha256(answer.content).hexdigest() == picture.sha256
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"] == (
        f'inline; filename="ai_{picture.verify_id}.png"'
    )


def test_a_picture_is_downloaded_under_the_name_of_its_label(browser, picture):
    """Whatever the address says: nothing of it gets into a header."""
    answer = browser.get(address(picture, "red%20%22apple%22%0d%0aX.png") + "?download=true")

    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="ai_{picture.verify_id}.png"'
    )


def test_a_browser_keeps_a_picture_but_asks_each_time(browser, picture):
    """So that a deleted one is not shown from a cache."""
    answer = browser.get(address(picture))
    again = browser.get(address(picture), headers={"If-None-Match": answer.headers["ETag"]})

    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert browser.get(address(picture), headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_deleted_picture_is_not_there_any_more(browser, picture, services):
    """Even for a browser that has kept it."""
    etag = browser.get(address(picture)).headers["ETag"]
    with services.store.unit() as unit:
        unit.pictures.mark_deleted(picture.verify_id, services.clock())

    assert browser.get(address(picture)).status_code == 404
    assert browser.get(address(picture), headers={"If-None-Match": etag}).status_code == 404


def test_a_withheld_picture_is_not_there(browser, picture, stage):
    """Its job's state decides, not its place in the store."""
    stage.step(picture.job_id, Outcome.TAKEN_DOWN)

    assert browser.get(address(picture)).status_code == 404


def test_a_held_picture_is_not_there(browser, stage, services):
    """Not before somebody let it pass."""
    browser.post("/say", data={"text": "/imagine a red apple"})
    job_id = stage.newest().job_id
    stage.begin(job_id)
    held = stage._picture(stage.job(job_id), 0)
    with services.store.unit() as unit:
        unit.pictures.add(held)
    stage.step(job_id, Outcome.OUTPUT_REVIEW)

    assert browser.get(address(held)).status_code == 404


def test_a_picture_of_another_community_is_not_there(picture, services, web_settings):
    """Even though the record is shared."""
    elsewhere = create_app(services, web_settings.model_copy(update={"community": "elsewhere"}))

    with ServerInThread(elsewhere) as server, httpx.Client(base_url=server.url) as other:
        other.get("/")
        assert other.get(address(picture)).status_code == 404


def test_a_picture_whose_bytes_are_missing_is_not_there(browser, picture, services):
    """The record alone shows nothing."""
    services.blobs.delete(picture.blob)

    assert browser.get(address(picture)).status_code == 404


def test_a_picture_that_the_registry_does_not_know_is_not_there(browser, picture, services):
    """No row, no post; also for a browser that has kept it."""
    etag = browser.get(address(picture)).headers["ETag"]
    with services.store.unit() as unit:
        unit.registry._session.delete(unit.registry._row(picture.verify_id))

    assert browser.get(address(picture)).status_code == 404
    assert browser.get(address(picture), headers={"If-None-Match": etag}).status_code == 404


def test_a_stranger_sees_no_picture(server, picture):
    """The address alone opens nothing."""
    assert httpx.get(server.url + address(picture)).status_code == 401


def test_an_unknown_picture_is_not_there(browser):
    """As if it had never been."""
    assert browser.get("/pictures/0000000000000000/x.png").status_code == 404


def test_a_preview_is_its_requester_s_alone_and_kept_nowhere(browsers, stage, app):
    """It was not checked yet."""
    anna, ben = browsers(), browsers()
    anna.post("/say", data={"text": "/imagine a red apple"})
    job_id = stage.newest().job_id
    with app.state.web.hub.subscribe():
        stage.begin(job_id)
        stage.report(job_id, 3, preview=b"a jpeg")
        wait_for(lambda: app.state.web.hub.preview(job_id))

    hers, his = (each.get(f"/jobs/{job_id}/preview/1") for each in (anna, ben))

    assert (hers.status_code, hers.content) == (200, b"a jpeg")
    assert hers.headers["Cache-Control"] == "no-store"
    assert his.status_code == 404


def test_a_policy_without_previews_has_none(services, web_settings, stage):
    """Also not for the requester."""
    policy = services.gate.policy.model_copy(update={"previews": "off"})
    strict = replace(services, gate=type(services.gate)(policy))
    app = create_app(strict, web_settings)

    with ServerInThread(app) as server:
        headers = {"Origin": server.url, "HX-Request": "true"}
        with httpx.Client(base_url=server.url, headers=headers) as anna:
            anna.get("/")
            anna.post("/say", data={"text": "/imagine a red apple"})
            job_id = stage.newest().job_id
            stage.begin(job_id)
            hub = app.state.web.hub
            with hub.subscribe():
                stage.report(job_id, 3, preview=b"a jpeg")
                wait_for(lambda: job_id in hub.live and hub.live[job_id].done)

            assert anna.get(f"/jobs/{job_id}/preview/1").status_code == 404
    strict.courier.close()
