"""Let axe-core look at a page for what shuts people out; the rules are those of WCAG 2.2 A and AA."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

OPTIONS = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
SERIOUS = frozenset({"serious", "critical"})


def findings(page: Page) -> list[str]:
    """What is seriously in somebody's way, one line a place.

    axe is put into the page as a script of its own, which the page's policy forbids: open the
    page in a context with `bypass_csp=True`.
    """
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{each['id']} ({each['impact']}): {' '.join(node['target'])}"
        for each in found
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]
