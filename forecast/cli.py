"""The command line: thin commands on top of `forecast.api`."""

from __future__ import annotations

import errno
import os
import signal
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from forecast.core.errors import ConfigError, ForecastError

if TYPE_CHECKING:
    from forecast.core.run import Run


class Commands(TyperGroup):
    """The commands. An error is printed as one readable message with exit code 2; an interrupt exits with 130 or 143."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        from forecast.jobs.signals import Interrupted, interruptible

        try:
            with interruptible():
                return super().invoke(ctx)
        except Interrupted as end:
            say("interrupted; the same command takes the run up where it stopped")
            raise typer.Exit(end.code) from None
        except ForecastError as error:
            say(str(error))
        except (OSError, EOFError) as error:
            if _output_closed(error):
                raise
            say(str(_system_error(error)))
        raise typer.Exit(2)


def _output_closed(error: OSError | EOFError) -> bool:
    """Whether the reader of our output has closed it, as `head` does, so that no message can reach it."""
    last = traceback.extract_tb(error.__traceback__)[-1].filename
    return isinstance(error, BrokenPipeError) and not {"typer", "click", "rich"}.isdisjoint(Path(last).parts)


def _system_error(error: OSError | EOFError) -> ForecastError:
    """An error of the operating system as one of ours; without a file name its place is a function of this package."""
    place = _innermost_frame(error)
    if isinstance(error, EOFError):  # typer would report it as an unanswered prompt
        hint = "another file; of a run: the same command with --fresh, which forgets what is done"
        return ForecastError("a file ends before it should", where=place, hint=hint)
    if error.filename is None and _working_directory_removed():
        return ForecastError("the working directory is gone", where=place, hint="cd to a folder that exists")
    hint = "another path, or the rights that this one needs"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        hint = "room on the disk; the same command takes a run up where it stopped"
    problem = error.strerror or str(error) or type(error).__name__
    return ForecastError(problem, where=place if error.filename is None else str(error.filename), hint=hint)


def _working_directory_removed() -> bool:
    try:
        os.getcwd()
    except OSError:
        return True
    return False


def _innermost_frame(error: BaseException) -> str:
    """The innermost function of this package that an error went through."""
    package = Path(__file__).parent
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(package)]
    return f"{Path(own[-1].filename).relative_to(package.parent).as_posix()}, {own[-1].name}" if own else type(error).__name__


app = typer.Typer(
    name="forecast",
    cls=Commands,
    help="Forecasts, nowcasts and effects of export policy on monthly mineral trade, with honest uncertainty.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
CONFIG = typer.Argument(help="Path of a TOML file, or the name of a shipped config: minerals, nowcast, quick, own_data.")


def _print_version(requested: bool) -> None:
    if requested:
        from forecast import __version__

        typer.echo(f"forecast {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Forecasts, nowcasts and effects of export policy on monthly mineral trade, with honest uncertainty."""


@app.command()
def run(
    config: Annotated[str, CONFIG],
    out: Annotated[Path, typer.Option(help="Parent of the run folder.")] = Path("runs"),
    workers: Annotated[int, typer.Option(help="Processes; 0 takes all processors.", min=0)] = 0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what an earlier run of this config has done.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if any question was left unanswered.")] = False,
    as_of: Annotated[str | None, typer.Option(help="Stand on this day (YYYY-MM-DD) instead of the config's.")] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, or a number of local processes, in place of --workers.")
    ] = None,
    trust_cluster: Annotated[
        bool,
        typer.Option("--trust-cluster", help="Trust a scheduler without certificates: it can run code here."),
    ] = False,
) -> None:
    """Execute a config; a killed run is taken up where it stopped. The run folder is the last line on stdout."""
    from loky import cpu_count

    from forecast import api

    done = api.run(config, out, workers or cpu_count(), fresh, as_of, cluster, trust_cluster)
    if done.info["config"].get("nowcast"):
        from forecast.report.nowcast_blocks import nowcast_blocks
        from forecast.report.run_data import RunData
        from forecast.report.terminal import show

        show(nowcast_blocks(RunData(done)))
    failures = len(done.failures)
    say(f"{failures} questions left unanswered; report: {done.folder / 'report.html'}")
    typer.echo(str(done.folder))
    if strict and failures:
        raise typer.Exit(1)


@app.command()
def check(
    config: Annotated[str, CONFIG] = "minerals",
    leakage: Annotated[
        bool, typer.Option("--leakage", help="Ask again with garbage after each day: exit with 1 if an answer changes.")
    ] = False,
    trial: Annotated[
        bool, typer.Option("--trial", help="Ask each model a few old questions: from which day on does it answer, and why not?")
    ] = False,
) -> None:
    """Validate a config and print its plan, what it supports, the data's holes and contradictions; touches nothing."""
    from forecast import api

    if not leakage:
        say(api.check(config, trial), err=False)
        return
    found = api.leakage(config, say)
    for leak in found:
        say(leak.text, err=False)
    if found:
        raise typer.Exit(1)
    typer.echo("no answer changed: none of the questions put follows anything later than its day")


@app.command("list")
def list_(
    kind: Annotated[
        str, typer.Argument(help="sources, shapes, models, estimators, checks, metrics, sections, series or events.")
    ],
) -> None:
    """Print what there is of a kind: name, tab, one sentence."""
    from forecast import api

    for name, sentence in api.listing(kind):
        say(f"{name}\t{sentence}", err=False)


@app.command()
def report(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    format: Annotated[
        str,
        typer.Option(help="One or several of html, md, pdf, docx, xlsx, tex, json, as in docx,xlsx; text prints the answers."),
    ] = "html",
    out: Annotated[Path | None, typer.Option(help="File or folder; default the run folder.")] = None,
    only: Annotated[str, typer.Option(help="A page or a part of one: brief, effects, forecasts or figure:NAME.")] = "report",
) -> None:
    """Redraw the report of a run without computing anything again, or print its answers (--format text)."""
    from forecast.core.run import Run
    from forecast.report.pages import write_formats

    if format == "text":
        if out is not None:
            raise ConfigError("text is printed, not written", where="--out", hint="--format md, or text without --out")
        for line in answer_lines(Run(run)):
            say(line, err=False)
        return
    for path in write_formats(Run(run), [one.strip() for one in format.split(",")], out, only):
        typer.echo(str(path))


def answer_lines(run: Run) -> list[str]:
    """What a run says in short: each effect by its first estimator, behind its verdict, and the next figures nowcast."""
    from forecast.report.inline_markup import strip_markup
    from forecast.report.nowcast_blocks import nowcast_sentences
    from forecast.report.prose import answer_sentences
    from forecast.report.run_data import RunData

    run.check()
    data = RunData(run)
    effects = [f"{row.verdict}: {strip_markup(answer_sentences(data, row))}" for row in data.headline]
    lines = [*effects, *map(strip_markup, nowcast_sentences(data))]
    return lines or ["no effect and no nowcast was asked; forecasts and scores stand in the report"]


@app.command()
def quote(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    key: Annotated[str, typer.Argument(help="effect:ID, forecast:SERIES:MONTH, ...; `keys` lists them all.")],
    field: Annotated[str, typer.Argument(help="A column, such as estimate or q50; without one the sentence.")] = "",
    unit: Annotated[str | None, typer.Option(help="t, kt, kg, g, lb, USD, %, ...; default: the report's.")] = None,
    digits: Annotated[str | None, typer.Option(help="2: decimals; -2: whole hundreds; 3s: significant digits.")] = None,
    locale: Annotated[str, typer.Option(help="Language of the marks: en, de, fr, ...; C for programs.")] = "en",
) -> None:
    """Print a number or the sentence of a run, as its report has it; keys and fields are listed by `keys` and `KEY fields`."""
    from forecast.core.run import Run

    opened = Run(run)
    if key == "keys":
        lines = list(opened.quotes.keys())
    elif field == "fields":
        lines = [f"{name}\t{one.text()}" for name, one in opened.quotes.fields(key).items()]
    else:
        lines = [opened.number(key, field, unit, digits, locale) if field else opened.sentence(key)]
    for line in lines:
        say(line, err=False)


@app.command()
def verify(run: Annotated[Path, typer.Argument(help="A run folder.")]) -> None:
    """Hold every file of a finished run against what was written; exit with 1 if one is not, or if nothing says."""
    from forecast.core import manifest
    from forecast.core.run import Run

    opened = Run(run)
    if not opened.verified:
        say(f"unverified: the folder has no {manifest.NAME} that says what was written\n  at: {run}")
        raise typer.Exit(1)
    changed = manifest.differences(opened.folder)
    if changed:
        say(manifest.describe_changes(opened.folder, changed))
        raise typer.Exit(1)
    say(f"verified: every file of the run is as it was written\n  at: {run}", err=False)


@app.command()
def schema(
    page: Annotated[bool, typer.Option("--page", help="That of a page in JSON (`forecast report RUN --format json`).")] = False,
) -> None:
    """Print the JSON Schema of configs, by which editors complete and check TOML (`#:schema FILE` on a config's first line)."""
    if page:
        from forecast.report.renderers.json_document import schema_text

        typer.echo(schema_text(), nl=False)
        return
    from forecast.jobs.config_json_schema import text

    typer.echo(text(), nl=False)


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="A new or empty folder.", metavar="DIR")]) -> None:
    """Copy a starter project that runs: own figures, own events, a config."""
    from forecast.guides.starter import copy_starter

    for path in copy_starter.copy(folder):
        say(f"wrote {path}")
    typer.echo(str(folder))


def say(text: str, err: bool = True) -> None:
    """Print lines on stderr or stdout, with control characters made visible so that no name can command the terminal."""
    from forecast.core.control_characters import printable_text

    typer.echo(printable_text(text), err=err)


def main() -> None:
    """Run the command line."""
    try:
        app()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interpreter that shuts down would print a traceback
