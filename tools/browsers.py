"""Where the browsers are: Chromium, for the tests and for pictures drawn in one, and two more for `make deep`."""

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


def find_firefox() -> str:
    """The path of a Firefox: the one named by FIREFOX, Debian's, or any on the PATH.

    Raises:
        FileNotFoundError: there is none, or FIREFOX names none.
    """
    named = os.environ.get("FIREFOX")
    found = next(filter(None, map(shutil.which, [named] if named else ["firefox-esr", "firefox"])), None)
    if not found:
        raise FileNotFoundError(f"FIREFOX names {named}, and there is no program" if named else
                                "Firefox, in which make deep tries the pages too, is not installed here")
    return found


def find_webkit() -> tuple[str, str, str]:
    """The paths of WebKitGTK's driver, of its MiniBrowser, and of the screen without a monitor that it is shown on.

    Raises:
        FileNotFoundError: one of them is not there.
    """
    window = next(Path("/usr").glob("lib/*/webkit2gtk-4.*/MiniBrowser"), None)
    found = shutil.which("WebKitWebDriver"), window and str(window), shutil.which("Xvfb")
    if None in found:
        raise FileNotFoundError("WebKit, in which make deep tries the pages too, is not installed here")
    return found
