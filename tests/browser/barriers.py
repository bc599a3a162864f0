"""What axe finds against WCAG 2.2 AA on a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def barriers(page: Page) -> list[str]:
    """Return one line for each rule that is broken, with the first place where it is."""
    page.wait_for_load_state("load")  # a page without its style yet has other barriers
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{page.url} {rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found]
