"""Draw the picture in README: the top of a report, as a browser shows it.

`.venv/bin/python -m tools.picture report.html docs/report.png` draws it anew.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tools.setup.common import ENVIRONMENT

WIDTH, HEIGHT = 1200, 1420
"""Size in pixels: it fits the headline figures and the first two charts."""


def main(page: str, picture: str) -> None:
    """Draw the file `page` into the file `picture`."""
    options = ["--no-sandbox", "--disable-gpu", "--headless=shell"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(ENVIRONMENT / "bin" / "chromium"), args=options
        )
        shown = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        shown.goto(Path(page).resolve().as_uri())
        shown.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
