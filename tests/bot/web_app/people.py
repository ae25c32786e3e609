"""Open the chat in a real browser, as people who watch for what a page should never do."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
HAS_CHROMIUM = Path(CHROMIUM).exists()
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCREENS = Path(__file__).resolve().parents[3] / "build" / "screens"
DESKTOP, PHONE = (1280, 860), (360, 740)

EXPECTED = ("the server responded with a status of", "net::ERR_")
"""What chromium writes to the console about answers that a test asks for on purpose."""


@contextmanager
def chromium_running(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
    try:
        yield browser
    finally:
        browser.close()


class Person:
    """One member with a browser of their own; its complaints are kept."""

    def __init__(self, browser: Browser, url: str, size=DESKTOP, scheme="light", **options) -> None:
        width, height = size
        self.url = url
        self.context: BrowserContext = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion=options.pop("reduced_motion", "reduce"),
            **options,
        )
        self.context.set_default_timeout(20_000)
        self.complaints: list[str] = []
        self.page = self.tab()

    def tab(self) -> Page:
        page = self.context.new_page()
        page.on("console", lambda said: self._note(said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(self.url)
        return page

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not any(each in text for each in EXPECTED):
            self.complaints.append(text)

    def say(self, text: str) -> None:
        """Type a line and send it, by keyboard alone."""
        box = self.page.get_by_role("combobox")
        box.focus()
        box.fill(text)
        box.press("Enter")

    def picture(self, name: str) -> None:
        SCREENS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENS / f"{name}.png")


CONTRAST = """
() => {
  // Colours as the browser computed them, painted to be read as numbers.
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const numbers = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => {
      c /= 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour[3] > 250) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.checkVisibility({ checkVisibilityCSS: true })) continue;
    if (element.closest(".visually-hidden, .skip")) continue;
    const [a, b] = [light(numbers(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(`${element.className || element.tagName}: ${ratio.toFixed(2)}`);
  }
  return [...new Set(faint)];
}
"""
"""Lists visible text whose contrast with its ground is below WCAG 2.2's AA (4.5)."""

SMALL_TARGETS = """
() => [...document.querySelectorAll("button, a[href], input:not([type=hidden])")]
  .filter((e) => e.checkVisibility({ checkVisibilityCSS: true }) && !e.matches(".skip"))
  .map((e) => [e.className || e.id || e.tagName,
    (e.matches("[type=checkbox], [type=radio]") && e.closest("label") || e).getBoundingClientRect()])
  .filter(([, box]) => box.width < 44 || box.height < 44)
  .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)
"""
"""Lists controls that are too small for a finger (44 px, WCAG 2.2's AAA and Apple's habit); what
is ticked is ticked anywhere on its label."""

NAMELESS = """
() => [...document.querySelectorAll("button, a[href], input:not([type=hidden]), img, progress")]
  .filter((e) => e.checkVisibility())
  .filter((e) => ![e.getAttribute("aria-label"), e.alt, e.labels?.[0]?.textContent,
    e.textContent, e.querySelector("img")?.alt].some((name) => name?.trim()))
  .map((e) => e.outerHTML.slice(0, 80))
"""
"""Lists what a screen reader would have no name for."""

WIDER_THAN_THE_SCREEN = """
() => [...document.querySelectorAll("html, body, .scroll, .messages, .card")]
  .filter((e) => e.scrollWidth > e.clientWidth + 1)
  .map((e) => `${e.className || e.tagName}: ${e.scrollWidth} > ${e.clientWidth}`)
"""
"""Lists what would have to be scrolled sideways."""
