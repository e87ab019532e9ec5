"""Where Chromium is: for the tests and for the pictures that are drawn in a browser."""

import os
import shutil
import sys
from pathlib import Path

# First the one without windows: it shows the same pages for half of the processor's time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = {"darwin": "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
          "win32": r"C:\Program Files\Google\Chrome\Application\chrome.exe"}


def find_browser() -> str:
    """The path of a Chromium: the one named by CHROMIUM, the first on the PATH, Chrome where it is usually installed,
    or the one that `playwright install chromium` has fetched.

    Raises:
        FileNotFoundError: there is none, or CHROMIUM names none.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        if not shutil.which(named):
            raise FileNotFoundError(f"CHROMIUM names {named}, and there is no program")
        return named
    found = next(filter(None, map(shutil.which, NAMES)), None) or PLACES.get(sys.platform)
    if found and Path(found).exists():
        return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.executable_path
    if not Path(found).exists():
        raise FileNotFoundError("no Chromium and no Chrome is installed here")
    return found
