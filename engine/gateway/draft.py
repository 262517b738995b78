"""Draft a model from a description in words: a manifest, a function, cases and a README, to look at and to accept.

Chosen: the draft is the answer of a run of AI Text, private to who asks; what is accepted goes through the same
registration and checks as any upload, and is published by a person or not at all. A change of a model of one's own
starts from its files and is shown against them.
Left out: judging the draft.
"""

import json
from dataclasses import dataclass
from uuid import UUID

from contract.actor import Actor
from contract.draft import FILES, SCHEMA, draft_files
from contract.errors import InputError, SourceError
from contract.manifest_diff import FileDiff, compare_files
from contract.problems import Problem
from contract.registration import Registration
from contract.run import Run, Status, Visibility
from engine.authorization import Action, require
from engine.gateway.generate import MODELS
from engine.models.catalogue import find_app
from engine.models.lifecycle import read_source
from engine.models.registration import register_from_upload
from engine.processes.context import AppContext
from engine.runs.follow import snapshot
from engine.runs.submit import submit

MOST_TOKENS = 16_000
LONGEST = 20_000  # characters of a description
SOURCE = 60_000  # characters of a model's files that are sent
BASE = "Change the model "  # how a prompt begins that changes one, with its name in addresses
SYSTEM = """You write models for Tontine, a marketplace of actuarial and quantitative models. Answer with JSON alone: an
object with the texts slug, manifest, function, cases and readme.

manifest is JSON: name, description (one or two sentences), version, category, inputs, outputs, headline, references,
license. inputs is an object of fields in display order. A field has type (number, integer, boolean, select, text,
date, table), label, help, and unit where it has one; number and integer have min, max, step and default, and for rates
the unit % or a format; select has options [{value, label}]; table has columns {key: field}, default rows, max_rows.
Amounts have the unit "currency". outputs is {summary: {label: {unit, format}}, columns: {key: {label, unit, format}}},
formats are Python's. headline has one to three labels of the summary. deterministic is true where equal inputs give
equal results.

function is Python 3.11 with numpy, pandas and scipy: def run(inputs) returns a dictionary with any of summary
{label: number}, table (list of rows or columns of lists), tables {name: table}, series [{name, x, y}], charts
[{kind, title, data, x_label, y_label}], notes (Markdown), warnings (list of texts). It uses no network and no other
files. What it cannot compute it refuses: raise ValueError("inputs.<key>: what was found. What to do."). Every result is
finite. A declared integer input seed seeds numpy.random.default_rng. Docstrings name the formula and its source.

cases is JSON: [{name, inputs, expect, rtol, source}]; expect has paths into the result, such as "summary.Total", with
values that you have from the source named or can compute by hand. Leave expect out where you have none: invent no
published value.

readme says what the model is for, when not to use it, and its method with the source."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it stands: the run that writes it, and once it is there its name, files and differences.

    `base` is the name of the model that it changes, None for a new one.
    """

    run: Run
    final: bool
    base: str | None
    slug: str = ""
    files: tuple[tuple[str, bytes], ...] = ()
    differences: tuple[FileDiff, ...] = ()


def draft_prompt(context: AppContext, description: str, base: str | None = None, *, actor: Actor) -> str:
    """Return what is sent for a draft: the description, and the files of the model that it changes.

    Raises:
        InputError: the description is empty or too long, or the model's files are.
        NotFoundError: there is no model `base`.
    """
    require(actor, Action.REGISTER_MODELS)
    words = description.strip()
    if not words:
        raise InputError([Problem("description", "it is empty", "Say what the model takes, computes and shows.")])
    if len(words) > LONGEST:
        found = f"it has {len(words):,} characters"
        raise InputError([Problem("description", found, f"Give {LONGEST:,} at most.")])
    if base is None:
        return f"Write a model:\n\n{words}"
    app = find_app(context, base, actor=actor)
    files = read_source(context, app, actor=actor)
    texts = [f"{name}:\n{files[name].decode('utf-8', 'replace')}" for name in FILES.values() if name in files]
    if sum(map(len, texts)) > SOURCE:
        found = f"the files of {base} have more than {SOURCE:,} characters"
        raise InputError([Problem("model", found, "Change it by hand.")])
    if others := sorted(set(files) - set(FILES.values())):
        found = f"{base} has other files than {', '.join(FILES.values())}: {', '.join(others[:5])}"
        raise InputError([Problem("model", found, "Change it by hand.")])
    return f"{BASE}{app.slug}:\n\n{words}\n\nIts files:\n\n" + "\n\n".join(texts)


def start_draft(
    context: AppContext,
    description: str,
    base: str | None = None,
    *,
    actor: Actor,
    model: str | None = None,
    key: str | None = None,
) -> Run:
    """Send a description and return the run that writes the draft; `key` as of `engine.runs.submit.submit`.

    Raises:
        InputError, NotFoundError: as `draft_prompt`.
        NotGrantedError: the gateway is not granted to the text model.
        SpendingCapError: the actor has spent what one may spend in a day.
    """
    require(actor, Action.REGISTER_MODELS)
    inputs = {
        "prompt": draft_prompt(context, description, base, actor=actor),
        "system": SYSTEM,
        "temperature": 0.2,
        "max_tokens": MOST_TOKENS,
        "format": "json",
        "schema": json.dumps(SCHEMA),
        "model": model or context.limits.gateway_model,
    }
    return submit(context, MODELS["text"], inputs, actor=actor, visibility=Visibility.PRIVATE, key=key)


def read_draft(context: AppContext, run_id: UUID, *, actor: Actor) -> Draft:
    """Return a draft as it stands.

    Raises:
        NotFoundError: there is no such run.
        NotAllowedError: it is not for the actor to read.
        SourceError: the run is of no draft, or its answer holds no files.
    """
    require(actor, Action.REGISTER_MODELS)
    now = snapshot(context, run_id, actor=actor)
    if now.run.app_slug != MODELS["text"] or now.run.inputs.get("system") != SYSTEM:
        raise SourceError([Problem("draft", f"the run {run_id} drafts no model", "Take the link of a draft.")])
    named, _, _ = str(now.run.inputs.get("prompt")).partition(":")
    base = named.removeprefix(BASE) if named.startswith(BASE) else None
    if now.run.status is not Status.SUCCESS:
        return Draft(now.run, now.final, base)
    slug, files = draft_files(now.shown.get("answer"))
    before = {}
    if base is not None:
        before = read_source(context, find_app(context, base, actor=actor), actor=actor)
        files = {**before, **files}
    differences = tuple(compare_files(before, files))
    return Draft(now.run, True, base, base or slug, tuple(files.items()), differences)


def accept_draft(context: AppContext, run_id: UUID, *, actor: Actor) -> Registration:
    """Take a draft's files as an upload and queue their checks; nothing is published by it.

    Raises:
        SourceError: the draft has no files, or they cannot be taken.
        RegistrationError: the name is another's.
    """
    require(actor, Action.REGISTER_MODELS)
    draft = read_draft(context, run_id, actor=actor)
    if not draft.files:
        raise SourceError([Problem("draft", "it has no files yet", "Wait until it is written.")])
    uploaded = [(f"{draft.slug}/{name}", content) for name, content in draft.files]
    return register_from_upload(context, uploaded, slug=draft.base, actor=actor)
