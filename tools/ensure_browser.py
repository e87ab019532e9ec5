"""Find what the tests of the site and of the offline run need, Chromium and bubblewrap, or install them.

With root rights and apt they are installed; without, the message says what to do.
"""

import os
import shutil
import subprocess
import sys

from tools.browsers import find_browser


def missing() -> list[str]:
    """Debian package names of what is not there."""
    packages = [] if shutil.which("bwrap") or sys.platform != "linux" else ["bubblewrap"]
    try:
        find_browser()
    except FileNotFoundError:
        packages.insert(0, "chromium")
    return packages


def main() -> int:
    if missing() and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print(f"Installing {' and '.join(missing())} with apt ...", flush=True)
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing()]):
            subprocess.run(["apt-get", *command], stdout=subprocess.DEVNULL, check=False,
                           env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    if missing():
        print(f"The tests need {' and '.join(missing())}. Install with your system's packages "
              "(Debian, Ubuntu: sudo apt-get install chromium bubblewrap; macOS: any Chrome), "
              "or name a Chrome or Chromium: CHROMIUM=/path/to/chrome make test")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
