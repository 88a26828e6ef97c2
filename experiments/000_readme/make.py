"""Redraw the README's figure from a finished main run: ``python experiments/000_readme/make.py runs/minerals-XXXXXXXX``."""

import shutil
import sys
from pathlib import Path


def main() -> None:
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "figures" / "magnets.png").exists():
        raise SystemExit("give the folder of a finished run of configs/minerals.toml")
    target = Path(__file__).parent / "figure.png"
    shutil.copyfile(Path(sys.argv[1]) / "figures" / "magnets.png", target)
    print(target)


if __name__ == "__main__":
    main()
