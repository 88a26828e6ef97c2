"""A page as PDF: the HTML page printed by a browser where there is one, else by WeasyPrint."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from forecast.core.errors import ForecastError, MissingExtraError
from forecast.report.page import Page
from forecast.report.renderers import html

VARIABLE = "FORECAST_BROWSER"  # path of the browser that prints; empty: none, WeasyPrint instead
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
    "C:/Program Files/Microsoft/Edge/Application/msedge.exe",
)
SECONDS = 300  # after which a browser that has not printed is stopped


def render_page(page: Page) -> bytes:
    """The pages as PDF, A4.

    Raises MissingExtraError where neither a browser nor WeasyPrint is there, ForecastError where the browser fails.
    """
    if browser := find_browser():
        return _print_by_browser(browser, html.render(page.blocks))
    return _print_by_weasyprint(html.render(page.blocks, fixed_colors=True))


def find_browser() -> str:
    """The browser that prints: the one that the environment variable names, else one found by name; '' if there is none."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return shutil.which(named) or named
    found = (shutil.which(name) for name in NAMES)
    return next(filter(None, (*found, *(place for place in PLACES if os.path.isfile(place)))), "")


def _print_by_browser(browser: str, text: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_text(text, "utf-8")
        command = [
            browser, "--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer",
            f"--user-data-dir={folder}/profile", f"--print-to-pdf={made}", source.as_uri(),
        ]  # fmt: skip
        if sys.platform != "win32" and os.geteuid() == 0:  # browsers refuse to confine themselves for root
            command.insert(1, "--no-sandbox")
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False, text=True, errors="replace")
            said = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        except (OSError, subprocess.TimeoutExpired) as error:
            said = [str(error)]
        if not made.is_file():
            hint = f"another browser by the environment variable {VARIABLE}, or {VARIABLE}= for WeasyPrint"
            raise ForecastError(f"the browser printed nothing: {said[0]}", where=browser, hint=hint)
        return made.read_bytes()


def _print_by_weasyprint(text: str) -> bytes:
    try:
        import weasyprint
    except (ImportError, OSError) as error:  # an OSError if a library of the system is missing
        hint = f"install Chromium, Chrome or Edge, name one in {VARIABLE}, or pip install 'forecast[pdf]'"
        problem = "the format 'pdf' needs a browser or WeasyPrint, and neither is there"
        raise MissingExtraError(problem, where=str(error), hint=hint) from None
    made: bytes = weasyprint.HTML(string=text).write_pdf()
    return made
