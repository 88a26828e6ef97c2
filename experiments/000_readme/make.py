"""Make the README's pictures from a finished main run: ``python experiments/000_readme/make.py runs/minerals-XXXXXXXX``."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTH, HEIGHT = 1200, 900  # of the window whose first screen is shown
COLOURS = 48  # enough for text on a plain ground; the file stays below 200 kB


def figure(run: Path) -> Path:
    """The magnets figure of the run."""
    return Path(shutil.copyfile(run / "figures" / "magnets.png", HERE / "figure.png"))


def report(run: Path) -> Path:
    """The first screen of the run's report, as a browser without a window draws it."""
    from PIL import Image

    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise SystemExit(f"report.png was not made: none of {', '.join(BROWSERS)} is installed")
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "shot.png"
        words = ["--headless", "--disable-gpu", "--hide-scrollbars", f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={shot}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:  # the sandbox does not start for root
            words.append("--no-sandbox")
        page = (run / "report.html").resolve().as_uri()
        subprocess.run([browser, *words, page], check=True, capture_output=True, timeout=120)
        drawn = Image.open(shot).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    drawn.save(HERE / "report.png", optimize=True)
    return HERE / "report.png"


def main() -> None:
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "figures" / "magnets.png").exists():
        raise SystemExit("give the folder of a finished run of configs/minerals.toml")
    print(figure(Path(sys.argv[1])))
    print(report(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
