"""A member fetches their data by a link that opens for nobody else, and is forgotten by a button."""

import io
import json
import re
import zipfile

from tests.bot.web_app.pages import read


def link_of(browser):
    """Ask for the export; return the address that the answer offers."""
    answer = browser.post("/say", data={"text": "/mydata export"})
    return re.search(r'href="(/mydata/[^"]+)"', answer.text).group(1)


def test_the_file_is_served_to_whoever_asked_for_it(browsers):
    """As a download that nothing keeps; another browser finds nothing there."""
    owner, other = browsers(), browsers()
    owner.post("/say", data={"text": "/help"})
    link = link_of(owner)

    served, refused = owner.get(link), other.get(link)

    assert served.headers["content-type"] == "application/zip"
    assert served.headers["cache-control"] == "no-store"
    assert 'filename="easel-data.zip"' in served.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(served.content)) as packed:
        told = json.loads(packed.read("data.json"))
    assert "/help" in {message["body"] for message in told["chat_messages"]}
    assert refused.status_code == 404


def test_the_button_empties_the_page_and_leaves_no_message(browsers, services):
    """What was said is gone for everybody; the answer itself is not written down."""
    owner, other = browsers(), browsers()
    owner.post("/say", data={"text": "/help"})
    other.post("/say", data={"text": "/policy"})
    question = owner.post("/say", data={"text": "/mydata delete"})
    address = re.search(r'hx-post="(/drafts/erase-\d+/erase)"', question.text).group(1)

    answer = owner.post(address)

    assert answer.status_code == 200
    [note] = read(answer.text).by_class("passing")
    assert "Your data is deleted" in note.text
    assert "/help" not in owner.get("/").text.split('id="messages"')[-1]
    with services.store.reading() as unit:
        left = unit.personal.everything("local", "web:nobody")
        messages = unit.chat.recent("general", viewer="web:nobody")
    assert left["chat_messages"] == []
    assert [message for message in messages if message.author_id is None] == []
    assert "/policy" in other.get("/").text
