"""Pack the built website into one zip that opens from disk, search and formulas included.

    python -m tools.offline_zip            _build/html -> seqlab-offline.zip
"""

import argparse
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "seqlab"
READ_ME = """Open index.html in a browser. Nothing is loaded from the internet.
The notebooks are in _sources/book; to run them you need Python with PyTorch and the seqlab package.
"""


def pack(site: Path, target: Path) -> int:
    """Write the zip and return the number of files in it. The same site always gives the same bytes.

    Raises:
        FileNotFoundError: there is no built site in the folder.
    """
    if not (site / "index.html").is_file():
        raise FileNotFoundError(f"No website in {site}: build it first with make book.")
    files = sorted(path for path in site.rglob("*") if path.is_file() and path.name != ".buildinfo")
    unfinished = target.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files:
            _add(archive, path.relative_to(site).as_posix(), path.read_bytes())
        _add(archive, "READ ME.txt", READ_ME.encode())
    unfinished.replace(target)
    return len(files) + 1


def _add(archive, name, content):
    entry = zipfile.ZipInfo(f"{FOLDER}/{name}", date_time=(2026, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", nargs="?", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("target", nargs="?", type=Path, default=ROOT / "seqlab-offline.zip")
    options = parser.parse_args()
    try:
        number = pack(options.site, options.target)
    except FileNotFoundError as problem:
        print(problem)
        return 1
    print(f"{options.target.name}: {number} files, {options.target.stat().st_size / 1e6:.1f} MB. "
          f"Unpack it and open {FOLDER}/index.html.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
