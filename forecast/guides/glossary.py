"""The glossary as a page, generated from the report's own: ``python -m forecast.guides.glossary`` writes it again."""

from __future__ import annotations

from pathlib import Path

from forecast.report import glossary

PAGE = Path(__file__).with_suffix(".md")
HEAD = """# Glossary

This page is generated from `forecast/report/glossary.py`, from which the report takes its words too, by
`python -m forecast.guides.glossary`.
"""
TEXTS = {
    "verdict": "An effect gets the firmest verdict that every gate allows. What was observed is stated with each of them.",
    "gate": "Each asks one question of an effect. One that fails or cannot be run limits the verdict or leaves a description.",
    "reading": "Whatever the verdict, the reading says whether a sentence may speak of a cause.",
    "regime": "Scores of old forecasts are told apart by the regime of the month they were made for.",
}


def page() -> str:
    """The whole page, as Markdown."""
    lines = [HEAD]
    for kind, head in glossary.KINDS.items():
        lines += [f"## {head}", ""]
        if kind in TEXTS:
            lines += [TEXTS[kind], ""]
        lines += ["| word | meaning |", "|---|---|"]
        lines += [f"| {term.word} | {term.meaning.replace('|', chr(92) + '|')} |" for term in glossary.terms(kind)]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
