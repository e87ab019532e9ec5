"""Where Chromium is: for the tests, for `make browser` and for the pictures that are drawn in a browser."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_browser() -> str:
    """The path of a Chromium: the one named by CHROMIUM, or the first on the PATH.

    Raises:
        FileNotFoundError: there is none; the sentence says what to do.
    """
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        raise FileNotFoundError("no Chromium: install chromium or google-chrome, or set CHROMIUM to its path")
    return found
