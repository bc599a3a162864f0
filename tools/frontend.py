"""Copies the front-end files the pages load out of node_modules, so that none is committed.

Run by the Makefile after `npm ci`, as `python -m tools.frontend`. The targets are
git-ignored; each is emptied first, so that no file of an older version stays behind.
"""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
INTER = MODULES / "@fontsource-variable" / "inter"

TABLER = MODULES / "@tabler" / "core" / "dist" / "css" / "tabler.min.css"
HTMX = MODULES / "htmx.org" / "dist" / "htmx.min.js"
CHART = MODULES / "chart.js" / "dist" / "chart.umd.js"

TARGETS: dict[Path, tuple[Path, ...]] = {
    ROOT / "backend" / "dashboard" / "static" / "vendor": (TABLER, HTMX, CHART),
    ROOT / "notifications" / "phone_simulator" / "static" / "vendor": (),
}
"""What goes where, beside the typeface Inter, which both need."""


def copy_frontend() -> list[Path]:
    """Fill both vendor folders and return what was written.

    Raises FileNotFoundError naming the missing file when `npm ci` has not run.
    """
    written: list[Path] = []
    for target, sources in TARGETS.items():
        shutil.rmtree(target, ignore_errors=True)
        (target / "files").mkdir(parents=True)
        written += [_copy(source, target / source.name) for source in sources]
        written.append(_copy(INTER / "index.css", target / "inter.css"))
        written += [
            _copy(font, target / "files" / font.name)
            for font in sorted((INTER / "files").glob("inter-*-wght-normal.woff2"))
        ]
    return written


def _copy(source: Path, target: Path) -> Path:
    """Copy one file without its pointer to a source map, which is not shipped."""
    if source.suffix == ".woff2":
        shutil.copyfile(source, target)
        return target
    lines = source.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if "sourceMappingURL=" not in line or len(line) > 200]
    target.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return target


def main() -> int:
    """Copy, and say in one line what came of it; 1 when node_modules is incomplete."""
    try:
        written = copy_frontend()
    except FileNotFoundError as error:
        print(f"front-end files: {error.filename} is missing; run `npm ci` first", file=sys.stderr)
        return 1
    print(f"front-end files: {len(written)} copied")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
