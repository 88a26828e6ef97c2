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

from forecast.commands import archive, fetch, file, follow, verify
from forecast.commands.say import say
from forecast.core.errors import ConfigError, ForecastError

if TYPE_CHECKING:
    from forecast.core.run import Run


class Commands(TyperGroup):
    """The commands. An error is printed as one readable message with exit code 2; an interrupt exits with 130 or 143."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        from forecast.jobs.signals import Interrupted, interruptible
        from forecast.report.run_messages import RunMessages

        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # it gives back what it held: a hundred megabytes of a run
        messages = ctx.obj = RunMessages()
        try:
            with interruptible(), messages.listening():
                return super().invoke(ctx)
        except Interrupted as end:
            messages.interrupt(end.code)
            raise typer.Exit(end.code) from None
        except ForecastError as error:
            messages.fail(error, 2)
        except (OSError, EOFError) as error:
            if _output_closed(error):
                raise
            messages.fail(_system_error(error), 2)
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
app.add_typer(archive.app, name="archive")
CONFIG = typer.Argument(help="Path of a TOML file, or the name of a shipped config: minerals, nowcast, ahead, quick, own_data.")


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
    context: typer.Context,
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
    quiet: Annotated[bool, typer.Option("--quiet", help="Nothing on stderr but errors.")] = False,
    json: Annotated[bool, typer.Option("--json", help="On stderr a JSON object for each step, and one at the end.")] = False,
    summary: Annotated[
        bool, typer.Option("--summary", help="Three lines at the end: forecasts, the strongest verdict, what was unanswered.")
    ] = False,
) -> None:
    """Execute a config; a killed run is taken up where it stopped. The run folder is the last line on stdout."""
    from loky import cpu_count

    from forecast import api

    messages = context.obj
    messages.choose(quiet, json, summary)
    done = api.run(config, out, workers or cpu_count(), fresh, as_of, cluster, trust_cluster, messages.progress)
    code = 1 if strict and len(done.failures) else 0
    messages.finish(done, code)
    typer.echo(str(done.folder))
    raise typer.Exit(code)


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
    from forecast.commands.check import describe_config, find_look_ahead

    if not leakage:
        say(describe_config(config, trial), err=False)
        return
    found = find_look_ahead(config, say)
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
    from forecast.commands.listing import names_and_sentences

    for name, sentence in names_and_sentences(kind):
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
def diff(
    run_a: Annotated[Path, typer.Argument(help="The earlier run folder.", metavar="RUN_A")],
    run_b: Annotated[Path, typer.Argument(help="The later run folder.", metavar="RUN_B")],
    attribute: Annotated[str, typer.Option(help="A series: how much of its forecast's change is due to what.")] = "",
    model: Annotated[str, typer.Option(help="The model of that forecast; default: that of the later run.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print every change as JSON instead.")] = False,
) -> None:
    """Print what changed between two finished runs: data, events, settings, forecasts, verdicts; nothing is fitted again."""
    from forecast import api

    found = api.diff(run_a, run_b, attribute, model)
    say(found.json() if json else str(found), err=False)


@app.command()
def embed(
    document: Annotated[Path, typer.Argument(help="A .md, .qmd, .tex or .docx with keys of the run.")],
    run: Annotated[Path, typer.Option(help="A run folder.")],
    out: Annotated[Path | None, typer.Option(help="The file to write, of the same kind.")] = None,
    in_place: Annotated[bool, typer.Option("--in-place", help="Write the document itself.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 if a key is stale.")] = False,
    locale: Annotated[str, typer.Option(help="Language of the marks: en, de, fr, ...; a key may name its own.")] = "en",
) -> None:
    """Put numbers, sentences, tables and figures of a run where a document names them (forecast/guides/embedding.md).

    Exits with 1 if a key is missing from the run or its unit changed, and with --check also if one shows something else.
    """
    from forecast.embed.document import embed as fill

    if sum((out is not None, in_place, check)) != 1:
        raise ConfigError("say where the document goes", where="forecast embed", hint="one of --out NEW, --in-place, --check")
    done = fill(document, run, document if in_place else out, locale=locale)
    for line in done.lines:
        say(line, err=not check)
    if done.written is not None:
        typer.echo(str(done.written))
    if not done.in_order:
        raise typer.Exit(1)


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
def init(
    folder: Annotated[
        Path, typer.Argument(help="A new or empty folder; with --scheduler also one with a config.", metavar="DIR")
    ],
    scheduler: Annotated[
        str | None,
        typer.Option(help="Also files by which cron, windows or github runs the config; a folder with files: only these."),
    ] = None,
    table: Annotated[
        Path | None, typer.Option("--from", help="A CSV, Excel or Parquet file: only a config with the mapping it suggests.")
    ] = None,
    sheet: Annotated[str, typer.Option(help="Of the workbook that --from names.")] = "",
) -> None:
    """Copy a starter project that runs: own figures, own events, a config; and files for a scheduler."""
    from forecast.guides.starter import config_for_table, copy_starter, scheduled_runs

    if table is not None:
        typer.echo(str(config_for_table.write_config(folder, table, sheet)))
        return
    if scheduler is not None:
        scheduled_runs.check_scheduler(scheduler)
    if scheduler is None or not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        for path in copy_starter.copy(folder):
            say(f"wrote {path}")
    if scheduler is not None:
        for path in scheduled_runs.add_schedule(folder, scheduler):
            say(f"wrote {path}")
    typer.echo(str(folder))


for command in (verify.verify, fetch.fetch, file.file, follow.follow):
    app.command()(command)


def main() -> None:
    """Run the command line."""
    try:
        app()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interpreter that shuts down would print a traceback
