"""Takes the pictures for the README from the product itself, filled with the demo.

Run by `make screenshot`; starts what `make run` starts, on ports and a database of its own.
"""

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

from tools.docker_test import free_port
from tools.foreground import ForegroundJob, foreground_job
from tools.run import HOST, READY_SECONDS, answers, environment, simulator_command

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "images"
WIDE: ViewportSize = {"width": 1280, "height": 860}


def start(job: ForegroundJob, folder: Path) -> tuple[str, str, str]:
    """Start web and simulator on a fresh demo; return both addresses and the nurse's sign-in line."""
    web, simulator = free_port(), free_port()
    told = environment({**os.environ, "DATABASE_URL": ""}, web, simulator, folder)
    sign_ins = job.run_first("init-db", [sys.executable, "-m", "backend", "init-db", "--demo"], told)
    job.start("simulator", simulator_command(simulator, folder), told)
    job.start("web", [sys.executable, "-m", "gunicorn", "--bind", f"{HOST}:{web}"], told)
    job.start("worker", [sys.executable, "-m", "backend", "worker"], told)
    addresses = (f"http://{HOST}:{web}", f"http://{HOST}:{simulator}")
    job.wait_until(lambda: answers(f"{addresses[0]}/readyz") and answers(f"{addresses[1]}/"), READY_SECONDS)
    return *addresses, next(line for line in sign_ins.splitlines() if line.endswith(" nurse"))


def sign_in(page: Page, web: str, line: str) -> None:
    """Sign the nurse in."""
    email, password, _role = line.split()
    page.goto(f"{web}/login")
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(f"{web}/")


def main() -> int:
    """Take the pictures anew; 1 where there is no browser."""
    chromium = os.environ.get("CHROMIUM")
    if not chromium:
        print("make screenshot: no Chromium was found", file=sys.stderr)
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="recovery-pictures-") as folder,
        foreground_job() as job,
        sync_playwright() as playwright,
    ):
        web, _simulator, nurse = start(job, Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=WIDE, locale="en-GB", timezone_id="Europe/Istanbul")
        sign_in(page, web, nurse)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=PICTURES / "worklist.png")
        page.get_by_role("link", name="Mehmet").first.click()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=PICTURES / "patient.png")
        browser.close()
    for picture in sorted(PICTURES.glob("*.png")):
        print(f"{picture.name}: {picture.stat().st_size // 1024} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
