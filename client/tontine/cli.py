"""The command line: `tontine list`, `run`, `history`, `compare`, `sweep`, `export` and others speak to a server.

Chosen: tables and a progress bar on a terminal; elsewhere lines with tabs, and no progress; `--json` gives what the API
gives. Exit codes say what happened: see `Code`.
Left out: what needs the server's own host, such as backups, which `python -m engine.commands` adds.
"""

import itertools
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from tontine.client import Group, Model, Run, Scenario, Tontine
from tontine.errors import ConnectionFailedError, NotFoundError, Problem, RunFailedError, TontineError
from tontine.events import Event
from tontine.protocol import ANALYSIS_FORMS, EXPORT_FORMS, OF_PART
from tontine.records import RunInfo, ScenarioInfo

DEFAULT_URL = "http://localhost:8501"


class Code(IntEnum):
    """How a command ended."""

    DONE = 0
    REFUSED = 1  # by the server, or there is no such thing
    USAGE = 2  # the command was not asked for properly
    NO_SUCCESS = 3  # the run failed, was cancelled, ran out of time, or is not identical
    UNREACHABLE = 4  # the server
    INTERRUPTED = 130


app = typer.Typer(
    name="tontine",
    help="Run models of a Tontine server.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

scenario_app = typer.Typer(help="Sets of inputs under a name: save, list, show, change, share and delete them.")
app.add_typer(scenario_app, name="scenario", no_args_is_help=True)

Url = Annotated[str, typer.Option("--url", envvar="TONTINE_URL", help="address of the server")]
Token = Annotated[str | None, typer.Option("--token", envvar="TONTINE_TOKEN", help="where the server asks for one")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON as the API gives it")]
Timeout = Annotated[float | None, typer.Option(min=0, help="seconds to wait; the run goes on after them")]
Log = Annotated[bool, typer.Option("--log", help="print the model's log to standard error as it comes")]
ModelName = Annotated[str, typer.Argument(metavar="MODEL", help="the model's name in addresses")]
ScenarioName = Annotated[str, typer.Argument(metavar="SCENARIO", help="its name, yours before others', or its id")]
Pairs = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KEY=VALUE]...", help="inputs; the value is JSON or text, @FILE uploads a file"),
]
InputsFile = Annotated[
    Path | None, typer.Option("--inputs", help="JSON file with inputs, - for standard input", allow_dash=True)
]
Share = Annotated[str | None, typer.Option("--share", help="who may read it: private, team or public")]
FigureName = Annotated[str, typer.Argument(metavar="FIGURE", help="a figure of the summary")]
PointsFile = Annotated[Path | None, typer.Option("--out", help="Write the points to this CSV file")]
SEEK_REACHED = ("reached", "between")
RunId = Annotated[str, typer.Argument(metavar="RUN", help="a run's id")]


@app.command("list")
def list_models(url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False) -> None:
    """List the models."""
    with _connect(url, token, as_json=as_json) as tontine:
        found = tontine.models()
        if as_json:
            _print_json([dict(model.raw) for model in found])
        else:
            _print_rows(("model", "name", "category"), [(m.slug, m.name, m.category or "") for m in found])


@app.command()
def run(
    model: Annotated[str, typer.Argument(help="its name in addresses, such as chain_ladder")],
    inputs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="inputs; the value is JSON or text, @FILE uploads a file"),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--inputs", help="JSON file with inputs, - for standard input", allow_dash=True)
    ] = None,
    version: Annotated[str | None, typer.Option(help="content hash of a version; the current one without it")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="compute even where a result is stored")] = False,
    key: Annotated[str | None, typer.Option(help="idempotency key: the same key again starts no second run")] = None,
    timeout: Timeout = None,
    wait_for_end: Annotated[bool, typer.Option("--wait/--no-wait", help="wait for the end")] = True,
    log: Log = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Run a model and print its summary."""
    book = file if file is not None and file.suffix.lower() == ".xlsx" else None
    given = _read_inputs(None if book else file, inputs or ())
    with _connect(url, token, as_json=as_json) as tontine:
        if book is not None:
            rows = _read_table(tontine.model(model), book)
            if len(rows) != 1:
                raise typer.BadParameter(f"--inputs {book}: it has {len(rows)} runs; sweep them with --table")
            given = {**rows[0], **given}
        submitted = tontine.model(model).submit(given, version=version, fresh=fresh, key=key)
        if wait_for_end:
            _follow(submitted, timeout, log=log)
        _print_run(submitted.info, as_json=as_json)


@app.command()
def wait(
    run_id: RunId,
    timeout: Timeout = None,
    log: Log = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Wait for the end of a run and print its summary."""
    with _connect(url, token, as_json=as_json) as tontine:
        found = tontine.run(run_id)
        _follow(found, timeout, log=log)
        _print_run(found.info, as_json=as_json)


@app.command()
def history(
    model: Annotated[str | None, typer.Option(help="of this model only")] = None,
    status: Annotated[list[str] | None, typer.Option(help="such as FAILED; again for more")] = None,
    user: Annotated[str | None, typer.Option(help="of this person only")] = None,
    text: Annotated[str | None, typer.Option(help="to look for")] = None,
    query: Annotated[str | None, typer.Option(help="such as 'params.age > 60 and tag:q3'; see the guide")] = None,
    zone: Annotated[str | None, typer.Option(help="time zone of the query's days, such as Europe/Berlin")] = None,
    limit: Annotated[int, typer.Option(min=1, help="the newest so many")] = 20,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """List runs, newest first."""
    with _connect(url, token, as_json=as_json) as tontine:
        wanted = tontine.runs(
            model=model,
            status=status or None,
            user=user,
            text=text,
            query=query,
            zone=zone,
            page=min(limit, 500),
        )
        found = list(itertools.islice(wanted, limit))
        if as_json:
            _print_json([dict(one.raw) for one in found])
        else:
            rows = [(r.id, r.model, r.status, f"{r.queued_at:%Y-%m-%d %H:%M}", r.user, r.reason or "") for r in found]
            _print_rows(("run", "model", "status", "queued (UTC)", "user", "reason"), rows)


@app.command()
def show(run_id: RunId, url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False) -> None:
    """Show a run: its status, inputs and summary."""
    with _connect(url, token, as_json=as_json) as tontine:
        found = tontine.run(run_id)
        if as_json:
            _print_json(dict(found.info.raw))
            return
        info = found.info
        rows = [("run", info.id), ("model", info.model), ("version", info.version[:12]), ("status", info.status)]
        rows += [("reason", info.reason)] if info.reason else []
        rows += [("problem", str(problem)) for problem in info.problems]
        rows += [(f"inputs.{name}", _value(value)) for name, value in info.inputs.items()]
        _print_rows(("", ""), [*rows, *_summary(info)])


@app.command()
def links(run_id: RunId, url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False) -> None:
    """Print what a run came from and what was made from it, what came first above."""
    with _connect(url, token, as_json=as_json) as tontine:
        found = tontine.run(run_id).links()
    if as_json:
        _print_json(found)
        return
    names = {node["key"]: node["id"] or f"({node['kind']})" for node in found["nodes"]}
    rows = []
    for node in found["nodes"]:
        origins = [f"{one['kind']} {names[one['source']]}" for one in found["links"] if one["target"] == node["key"]]
        what = node["group"] or node["kind"]
        rows.append(
            (names[node["key"]], what, node["status"] or "", "; ".join(origins), ", ".join(node["changes"] or ()))
        )
    _print_rows(("id", "what", "status", "came from", "changed"), rows)
    if found["shown"] < found["total"]:
        more = " or more" if found["capped"] else ""
        print(f"{found['shown']} of {found['total']}{more} shown", file=sys.stderr)


@app.command()
def compare(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="ids of 2 to 50 runs")],
    baseline: Annotated[str | None, typer.Option(help="one of them; the pinned or the first one without it")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Compare runs: inputs and figures that differ, the baseline first."""
    with _connect(url, token, as_json=as_json) as tontine:
        found = tontine.compare(runs, baseline)
        if as_json:
            _print_json(found)
            return
        base = [one["run_id"] for one in found["runs"]].index(found["baseline"])
        order = [base, *(i for i in range(len(found["runs"])) if i != base)]
        rows = [("run", *(found["runs"][i]["run_id"] for i in order))]
        rows += [
            (f"inputs.{row['key']}", *((row["texts"][i] or "not an input") for i in order))
            for row in found["inputs"]
            if row["differs"]
        ]
        rows += [(row["label"], *(_figure(row, i, base) for i in order)) for row in found["figures"] if row["differs"]]
        _print_rows(("",) * len(rows[0]), rows)


@app.command()
def tag(
    run_id: RunId,
    tags: Annotated[list[str], typer.Argument(metavar="TAG...")],
    remove: Annotated[bool, typer.Option("--remove", help="take them from the run")] = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """Tag a run."""
    with _connect(url, token, as_json=False) as tontine:
        found = tontine.run(run_id)
        change = found.untag if remove else found.tag
        change(*tags)


@app.command()
def note(
    run_id: RunId,
    text: Annotated[str, typer.Argument(help="Markdown")],
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """Add a note to a run."""
    with _connect(url, token, as_json=False) as tontine:
        print(tontine.run(run_id).note(text))


@app.command()
def star(
    run_id: RunId,
    remove: Annotated[bool, typer.Option("--remove", help="take the star back")] = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """Star a run for yourself."""
    with _connect(url, token, as_json=False) as tontine:
        tontine.run(run_id).star(starred=not remove)


@app.command()
def pin(
    run_id: RunId,
    remove: Annotated[bool, typer.Option("--remove", help="leave the model without a baseline")] = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """Make a run its model's baseline."""
    with _connect(url, token, as_json=False) as tontine:
        tontine.run(run_id).pin(pinned=not remove)


@app.command()
def export(
    run_id: RunId,
    output: Annotated[Path, typer.Option("--output", "-o", help="file or folder to write to")] = Path(),
    table: Annotated[str | None, typer.Option(help="table, series or chart by name; the first one without it")] = None,
    excel: Annotated[bool, typer.Option("--excel", help="semicolons and decimal commas")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="the whole run as PDF")] = False,
    form: Annotated[
        str | None,
        typer.Option("--as", help="xlsx, parquet, json, svg or png (charts), or bundle: what computes it again"),
    ] = None,
    file: Annotated[str | None, typer.Option(help="a file that the model made")] = None,
    search: Annotated[str, typer.Option(help="of a CSV, the rows in which this text or number is found")] = "",
    sort: Annotated[str, typer.Option(help="of a CSV, a column's key; --sort=-key for the largest first")] = "",
    language: Annotated[str | None, typer.Option(help="of the PDF's numbers and dates, such as de-CH")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Save a table of a run as CSV, the run in another form, or a file that it made."""
    of_part = form in OF_PART
    whole_run = form is not None and not of_part
    if sum((pdf, file is not None, table is not None or of_part, whole_run)) > 1:
        only = "give one of --table, --pdf, --as and --file"
        raise typer.BadParameter(f"{only}; --table goes with --as {', '.join(OF_PART)}")
    if form is not None and form not in EXPORT_FORMS:
        raise typer.BadParameter(f"{form!r} is none of {', '.join(EXPORT_FORMS)}")
    with _connect(url, token, as_json=as_json) as tontine:
        found = tontine.run(run_id)
        if pdf:
            saved = found.save_pdf(output, language=language)
        elif form is not None:
            saved = found.save_as(form, output, table)
        elif file is not None:
            saved = found.save_file(file, output)
        else:
            saved = found.save_csv(output, table, excel=excel, search=search, sort=sort)
        if as_json:
            _print_json({"file": str(saved)})
        else:
            print(saved)


@app.command("export-group")
def export_group(
    group_id: Annotated[str, typer.Argument(metavar="GROUP", help="a sweep or another group of runs, by its id")],
    form: Annotated[str, typer.Option("--as", help="pdf, xlsx, csv, parquet, json, svg or png (charts)")] = "pdf",
    output: Annotated[Path, typer.Option("--output", "-o", help="file or folder to write to")] = Path(),
    figure: Annotated[str | None, typer.Option(help="the figure to show; the first one without it")] = None,
    language: Annotated[str | None, typer.Option(help="of numbers and dates, such as de-CH")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Save a sweep, a sensitivity or another group of runs as a file."""
    if form not in ANALYSIS_FORMS:
        raise typer.BadParameter(f"{form!r} is none of {', '.join(ANALYSIS_FORMS)}")
    with _connect(url, token, as_json=as_json) as tontine:
        saved = tontine.group(group_id).save_as(form, output, figure=figure, language=language)
        if as_json:
            _print_json({"file": str(saved)})
        else:
            print(saved)


@app.command()
def verify(run_id: RunId, url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False) -> None:
    """Compute a run again and say whether every value of its result is identical; exit code 3 where one is not."""
    with _connect(url, token, as_json=as_json) as tontine:
        found = tontine.run(run_id).verify()
        if as_json:
            _print_json(found)
        elif found["identical"]:
            print("Identical: every value of the result was computed again.")
        else:
            print(f"Different: {found['where']} was {found['was']!r} and is {found['found']!r}.")
    if not found["identical"]:
        raise typer.Exit(Code.NO_SUCCESS)


@app.command()
def cancel(run_id: RunId, url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False) -> None:
    """Cancel a run; one that has ended stays as it ended."""
    with _connect(url, token, as_json=as_json) as tontine:
        found = tontine.run(run_id).cancel()
        _print_run(found.info, as_json=as_json)


@app.command()
def sweep(
    model: Annotated[str, typer.Argument(help="The model's name in addresses")],
    inputs: Annotated[list[str] | None, typer.Argument(help="Inputs that stay: NAME=VALUE")] = None,
    over: Annotated[
        list[str] | None, typer.Option(help="An input and its values: NAME=FROM:TO:STEP or NAME=A;B;C; at most two")
    ] = None,
    scenarios: Annotated[
        list[str] | None, typer.Option("--scenario", help="A saved scenario by name or id; again for each more")
    ] = None,
    table: Annotated[
        Path | None, typer.Option(help="A workbook that was exported, or a CSV table: a run for each row")
    ] = None,
    out: PointsFile = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Run a model over values of one or two inputs or with saved scenarios, wait, and print its figures."""
    with _connect(url, token, as_json=as_json) as tontine:
        given, chosen = _read_inputs(None, inputs or ()), tontine.model(model)
        saved = _find_scenarios(chosen, scenarios or ())
        rows = _read_table(chosen, table) if table is not None else None
        axes = [_axis(text) for text in over or ()]
        group = chosen.sweep(given, axes=axes, scenarios=rows, saved=[one.id for one in saved])
        _finish(group, out, as_json=as_json)


@app.command()
def sensitivity(
    model: ModelName,
    inputs: Annotated[list[str] | None, typer.Argument(help="Inputs to start from: NAME=VALUE")] = None,
    percent: Annotated[
        float | None, typer.Option(min=0, help="How far each input is taken down and up; to its bounds without it")
    ] = None,
    keys: Annotated[list[str] | None, typer.Option("--input", help="An input to vary; again for each more")] = None,
    out: PointsFile = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Take each numeric input of a model down and up by itself, wait, and print the figures."""
    with _connect(url, token, as_json=as_json) as tontine:
        group = tontine.model(model).sensitivity(_read_inputs(None, inputs or ()), percent=percent, keys=keys or None)
        _finish(group, out, as_json=as_json)


@app.command()
def seek(
    model: ModelName,
    key: Annotated[str, typer.Argument(metavar="INPUT", help="the input to search for")],
    figure: FigureName,
    target: Annotated[float, typer.Argument(help="what the figure is to be")],
    inputs: Annotated[list[str] | None, typer.Argument(help="Inputs that stay: NAME=VALUE")] = None,
    low: Annotated[float | None, typer.Option("--from", help="where it begins; at the input's bound otherwise")] = None,
    high: Annotated[float | None, typer.Option("--to", help="where it ends")] = None,
    out: PointsFile = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Search for the value of an input at which a figure is the target; exit code 3 where there is none."""
    with _connect(url, token, as_json=as_json) as tontine:
        given = _read_inputs(None, inputs or ())
        group = tontine.model(model).seek(key, figure, target, low=low, high=high, **given)
        _finish(group, out, as_json=as_json)
        found = group.info.outcome or {}
        if not as_json:
            told = [(name, _value(value)) for name, value in found.items() if value is not None]
            _print_rows(("outcome", "value"), told)
    if found.get("ending") not in SEEK_REACHED:
        raise typer.Exit(Code.NO_SUCCESS)


@app.command()
def change(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="the run to start from, by its id")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="the run to end with")],
    figure: FigureName,
    order: Annotated[
        list[str] | None,
        typer.Option("--order", help="an input that differs, in the order of steps; again for each"),
    ] = None,
    average: Annotated[bool, typer.Option("--average", help="on average over the orders of the steps")] = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Explain what a figure changed by from one run to another, input by input."""
    with _connect(url, token, as_json=as_json) as tontine:
        group = tontine.change(before, after, order=order or None, average=average)
        _wait(group, as_json=as_json)
        found = group.steps(figure, average=average)
        if as_json:
            _print_json({**group.info.raw, **found})
        else:
            steps = [(str(step["label"]), _value(step["amount"])) for step in found["steps"]]
            _print_rows(("step", figure), [("Before", _value(found["start"])), *steps, ("After", _value(found["end"]))])


@app.command()
def upgrade(
    model: ModelName,
    version: Annotated[str, typer.Argument(help="content hash of the version to replay on")],
    figure: FigureName,
    runs: Annotated[int, typer.Option(min=1, help="how many of the newest runs")] = 100,
    before: Annotated[str | None, typer.Option(help="only runs of this version; of every other one without it")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Replay a model's last runs on another version and print what changes; exit code 3 where one has no result."""
    with _connect(url, token, as_json=as_json) as tontine:
        group = tontine.model(model).upgrade(version, runs=runs, before=before)
        _wait(group, as_json=as_json)
        found = group.impact(figure)
        if as_json:
            _print_json({**group.info.raw, **found})
        else:
            counts = [*found["outcomes"].items(), ("does not fit", len(found["misfits"]))]
            _print_rows(("result", "runs"), [(name, _value(count)) for name, count in counts if count])
            keys = ("run_id", "outcome", "before", "after", "difference")
            rows = [tuple(_value(run[key]) for key in keys) for run in found["runs"]]
            _print_rows(("run", "result", "before", "after", "difference"), rows)
            for misfit in found["misfits"]:
                typer.echo(f"run {misfit['run']} does not fit: {misfit['reason']}", err=True)
    if group.info.failed or group.status != "FINISHED":
        raise typer.Exit(Code.NO_SUCCESS)


def _wait(group: Group, *, as_json: bool) -> None:
    if not as_json:
        typer.echo(f"group {group.id}: {group.info.total} runs", err=True)
    group.wait()


def _finish(group: Group, out: Path | None, *, as_json: bool) -> None:
    """Wait for a group of runs and print or write its points; a failed one ends the command with its code."""
    _wait(group, as_json=as_json)
    frame = group.pandas()
    if out is not None:
        frame.to_csv(out, index=False)
    if as_json:
        _print_json({**group.info.raw, "points": group.points()})
    elif out is None:
        rows = [tuple(_value(value) for value in row) for row in frame.drop(columns="run_id").to_numpy().tolist()]
        _print_rows(tuple(str(c) for c in frame.columns if c != "run_id"), rows)
    if group.info.failed or group.status != "FINISHED":
        raise typer.Exit(Code.NO_SUCCESS)


@scenario_app.command("list")
def list_scenarios(model: ModelName, url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False) -> None:
    """List a model's scenarios, your own first."""
    with _connect(url, token, as_json=as_json) as tontine:
        found = tontine.model(model).scenarios()
        if as_json:
            _print_json([dict(one.raw) for one in found])
        else:
            rows = [(s.id, s.name, s.user, s.visibility, f"{s.changed_at:%Y-%m-%d %H:%M}") for s in found]
            _print_rows(("scenario", "name", "user", "visibility", "changed (UTC)"), rows)


@scenario_app.command("save")
def save_scenario(
    model: ModelName,
    name: Annotated[str, typer.Argument(help="1 to 80 letters")],
    inputs: Pairs = None,
    file: InputsFile = None,
    share: Share = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Save inputs of a model under a name."""
    given = _read_inputs(file, inputs or ())
    with _connect(url, token, as_json=as_json) as tontine:
        made = tontine.model(model).save_scenario(name, given, visibility=share or "private")
        _print_scenario(made, as_json=as_json)


@scenario_app.command("show")
def show_scenario(
    model: ModelName, name: ScenarioName, url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False
) -> None:
    """Show a scenario's inputs as the model's current version takes them."""
    with _connect(url, token, as_json=as_json) as tontine:
        _print_scenario(_open_scenario(tontine, model, name), as_json=as_json)


@scenario_app.command("change")
def change_scenario(
    model: ModelName,
    name: ScenarioName,
    inputs: Pairs = None,
    file: InputsFile = None,
    rename: Annotated[str | None, typer.Option(help="its new name")] = None,
    share: Share = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Rename a scenario, change who may read it, or change inputs of it; the other inputs stay."""
    given = _read_inputs(file, inputs or ())
    with _connect(url, token, as_json=as_json) as tontine:
        found = _open_scenario(tontine, model, name)
        if given:
            for warning in found.info.warnings:
                typer.echo(_plain(warning), err=True)
            found.update({**found.inputs, **given})
        if rename is not None:
            found.rename(rename)
        if share is not None:
            found.share(share)
        _print_scenario(found, as_json=as_json)


@scenario_app.command("delete")
def delete_scenario(model: ModelName, name: ScenarioName, url: Url = DEFAULT_URL, token: Token = None) -> None:
    """Delete a scenario; runs that were made of it stay."""
    with _connect(url, token, as_json=False) as tontine:
        _open_scenario(tontine, model, name).delete()


def _open_scenario(tontine: Tontine, model: str, name: str) -> Scenario:
    [found] = _find_scenarios(tontine.model(model), [name])
    return tontine.scenario(found.id)


def _find_scenarios(model: Model, names: Sequence[str]) -> list[ScenarioInfo]:
    """Return the scenarios of these names or ids, the caller's own before others'; all that are missing are named."""
    known = model.scenarios() if names else []
    found, problems = list[ScenarioInfo](), list[Problem]()
    for name in names:
        one = next((s for s in known if name == s.id or name.casefold() == s.name.casefold()), None)
        if one is None:
            remedy = f"List them with: tontine scenario list {model.slug}"
            problems.append(Problem("scenario", f"there is no scenario {name!r} of {model.slug}", remedy))
        else:
            found.append(one)
    if problems:
        raise NotFoundError("not found", problems)
    return found


def _print_scenario(found: Scenario, *, as_json: bool) -> None:
    if as_json:
        _print_json(dict(found.info.raw))
        return
    info = found.info
    rows = [("scenario", info.id), ("name", info.name), ("visibility", info.visibility), ("version", info.version[:12])]
    rows += [("warning", warning) for warning in info.warnings]
    rows += [(f"inputs.{key}", _value(value)) for key, value in info.values.items()]
    _print_rows(("", ""), rows)


def _axis(text: str) -> dict[str, Any]:
    """Return the axis that an option describes."""
    name, _, values = text.partition("=")
    parts = values.split(":")
    if len(parts) == 3:
        return {"input": name, "from": parts[0], "to": parts[1], "step": parts[2]}
    return {"input": name, "values": values}


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line asks for, and leave with its exit code."""
    app(arguments)


@contextmanager
def _connect(url: str, token: str | None, *, as_json: bool) -> Iterator[Tontine]:
    """Give a client; what goes wrong is printed to standard error and becomes an exit code."""
    try:
        client = Tontine(url, token)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    try:
        with client:
            yield client
    except RunFailedError as error:
        if as_json:
            _print_json(dict(error.run.raw))
        else:
            _complain(error, as_json=False)
            print(f"run\t{error.run.id}", file=sys.stderr)
        raise typer.Exit(Code.NO_SUCCESS) from error
    except TontineError as error:
        _complain(error, as_json=as_json)
        code = Code.UNREACHABLE if isinstance(error, ConnectionFailedError) else Code.REFUSED
        raise typer.Exit(code) from error
    except OSError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(Code.REFUSED) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(Code.INTERRUPTED) from error


def _complain(error: TontineError, *, as_json: bool) -> None:
    if as_json:
        problems = [{"where": p.where, "found": p.found, "remedy": p.remedy} for p in error.problems]
        print(json.dumps({"error": error.message, "problems": problems}), file=sys.stderr)
    else:
        print(*map(_plain, [error.message, *map(str, error.problems)]), sep="\n", file=sys.stderr)


def _follow(submitted: Run, timeout: float | None, *, log: bool) -> None:
    """Wait for the end, with a bar where a person looks on."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("PENDING", total=None)

        def tell(event: Event) -> None:
            if log and event.log:
                console.print(Text(_plain(event.log, keep="\n").rstrip("\n")), soft_wrap=True)
            words = event.message or event.status
            progress.update(task, total=1 if event.progress is not None else None, completed=event.progress)
            if words:
                progress.update(task, description=_plain(words))

        try:
            submitted.wait(timeout, on_progress=tell)
        except KeyboardInterrupt:
            print(f"The run goes on. To cancel it: tontine cancel {submitted.id}", file=sys.stderr)
            raise


def _print_run(info: RunInfo, *, as_json: bool) -> None:
    if as_json:
        _print_json(dict(info.raw))
    else:
        _print_rows(("", ""), [("run", info.id), ("status", info.status), *_summary(info)])


def _read_table(model: Model, file: Path) -> list[dict[str, Any]]:
    """Return the inputs in each row of a workbook or CSV table."""
    try:
        return model.read_inputs(file)
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error}") from error


def _read_inputs(file: Path | None, pairs: Sequence[str]) -> dict[str, Any]:
    """Return the inputs of a JSON file and of KEY=VALUE words, which come after it."""
    given: dict[str, Any] = {}
    if file is not None:
        try:
            found = json.loads(
                sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8"),
                parse_constant=_refuse_constant,
            )
        except (OSError, ValueError) as error:
            raise typer.BadParameter(f"--inputs {file}: {error}") from error
        if not isinstance(found, dict):
            raise typer.BadParameter(f"--inputs {file}: it is no JSON object; give inputs by key")
        given.update(found)
    for pair in pairs:
        name, separator, text = pair.partition("=")
        if not separator or not name:
            raise typer.BadParameter(f"{pair!r} is no KEY=VALUE")
        given[name] = _read_value(name, text)
    return given


def _read_value(name: str, text: str) -> Any:
    if text.startswith("@"):
        path = Path(text[1:])
        if not path.is_file():
            raise typer.BadParameter(f"{name}: there is no file {path}")
        return path
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except ValueError:
        return text


def _refuse_constant(name: str) -> None:
    """Refuse NaN and Infinity, which Python reads as JSON and the server does not."""
    raise ValueError(f"{name} is no JSON")


def _summary(info: RunInfo) -> list[tuple[str, str]]:
    """Return the figures of a result by label."""
    summary = (info.result or {}).get("summary", {})
    return [(str(label), _value(value)) for label, value in summary.items()] if isinstance(summary, dict) else []


def _figure(row: dict[str, Any], place: int, base: int) -> str:
    """Return a figure of a comparison with its difference from the baseline."""
    value, difference, share = row["values"][place], row["differences"][place], row["relative"][place]
    if place == base or difference is None:
        return _value(value)
    return f"{_value(value)} ({difference:+g}" + (f", {share:+.2%})" if share is not None else ")")


def _value(value: Any) -> str:
    if isinstance(value, dict) and "value" in value:
        return " ".join(str(part) for part in (value["value"], value.get("unit")) if part is not None)
    return value if isinstance(value, str) else json.dumps(value)


def _plain(text: str, keep: str = "") -> str:
    """Return text of a model or server without what would steer the terminal."""
    return "".join(letter if letter.isprintable() or letter in keep else " " for letter in text)


def _print_rows(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Print a table on a terminal, and elsewhere a line with tabs for each row."""
    console = Console()
    plain = [tuple(_plain(cell) for cell in row) for row in rows]
    if not console.is_terminal:
        for row in plain:
            print("\t".join(row))
        return
    columns = [Column(name, no_wrap=not at, overflow="fold") for at, name in enumerate(head)]  # ids come first
    table = Table(*columns, box=None, show_header=any(head), pad_edge=False)
    for row in plain:
        table.add_row(*map(Text, row))
    console.print(table)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))
