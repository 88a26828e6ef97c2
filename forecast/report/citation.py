"""How to cite a run: package, version, commit, the day of its data, and the hash of its config, as a sentence or as BibTeX."""

from __future__ import annotations

from forecast.core.errors import ConfigError, nearest
from forecast.core.run import Run
from forecast.report.numbers import day

STYLES = ("text", "bibtex")
PACKAGE = "forecast: forecasts, nowcasts and effects of export policy on monthly mineral trade"
_SPECIAL = {c: rf"\{c}" for c in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


def cite(run: Run, style: str = "text") -> str:
    """The citation of a run, "text" or "bibtex"."""
    if style not in STYLES:
        raise ConfigError(f"no citation is made in '{style}'", where="cite", hint=nearest(style, STYLES))
    info, versions = run.info, run.info["versions"]
    version = str(versions.get("forecast", "")) or "version not recorded"
    commit = str(versions.get("commit", ""))[:12]
    hashed = str(info.get("config_hash") or run.folder.name.rpartition("-")[2])
    title = str(info.get("title") or info["config"].get("title") or "")
    name, as_of = str(info.get("name") or run.folder.name.rpartition("-")[0]), str(info["as_of"])
    stands = f"Run {name}-{hashed}, data of {day(as_of)}"
    package = f"version {version}" + (f", commit {commit}" if commit else "")
    if style == "text":
        own = f"{title}{'' if title.endswith(('.', '?', '!')) else '.'} " if title else ""
        return f"{own}{stands}. Made with {PACKAGE}, {package}."
    entries = {
        "title": f"{{{_escape(title or name)}}}",
        "howpublished": f"{{{_escape(stands)}}}",
        "note": f"{{Made with {_escape(PACKAGE)}, {_escape(package)}}}",
        "year": f"{{{as_of[:4]}}}",
    }
    body = ",\n".join(f"  {key} = {value}" for key, value in entries.items())
    return f"@misc{{forecast-{hashed},\n{body}\n}}"


def _escape(text: str) -> str:
    """Text in which BibTeX and LaTeX find no command."""
    return "".join(_SPECIAL.get(c, c) for c in text)
