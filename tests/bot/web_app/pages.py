"""Read the app's HTML as a person or a screen reader would, and wait for what comes by itself."""

import time
from collections.abc import Callable
from html.parser import HTMLParser

DEADLINE_S = 20.0


class Element:
    """One element with what is in it."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Element] = []
        self.text = ""

    def all(self, wanted: Callable[["Element"], bool]) -> list["Element"]:
        found = [self] if wanted(self) else []
        return found + [each for child in self.children for each in child.all(wanted)]

    def by_tag(self, tag: str) -> list["Element"]:
        return self.all(lambda each: each.tag == tag)

    def by_class(self, name: str) -> list["Element"]:
        return self.all(lambda each: name in each.attributes.get("class", "").split())


class _Reader(HTMLParser):
    VOID = frozenset({"img", "input", "meta", "link", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag, attrs):
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in self.VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag):
        assert self.open[-1].tag == tag, f"{tag} closes {self.open[-1].tag}"
        self.open.pop()

    def handle_data(self, data):
        for element in self.open:
            element.text += data


def read(html: str) -> Element:
    """Parse strictly: an element that is left open or closed twice fails the test."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == [reader.root]
    return reader.root


def messages_of(html: str) -> list[Element]:
    """The messages that a page shows, in order."""
    shown = read(html).by_tag("article")
    return [each for each in shown if "data-gone" not in each.attributes]


def wait_for(look):
    """Look until there is something to see."""
    deadline = time.monotonic() + DEADLINE_S
    while not (seen := look()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return seen
