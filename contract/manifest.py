"""A manifest says what a model is called and which inputs it takes.

Chosen: a strict superset of the MCLAVIER Marketplace's manifest, read once into a frozen value; every problem is
collected, unknown keys are kept, ignored and named in a warning.
Left out: the code beside it, and where the folder came from: that is the registry's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contract import access
from contract import inputs as input_checks
from contract.default_rows import load_rows
from contract.errors import ManifestError, RuleError
from contract.field_parser import parse_field
from contract.field_types.declaration import DeclarationReader
from contract.fields import Field, is_number
from contract.gateway import KEY_SECRET
from contract.problems import Problem
from contract.rules import Rule, parse_rule
from contract.wording import name_some, shorten

KNOWN = frozenset(
    {
        "name",
        "description",
        "inputs",
        "version",
        "category",
        "tags",
        "authors",
        "license",
        "references",
        "outputs",
        "limits",
        "network",
        "secrets",
        "gateway",
        "requirements",
        "python",
        "deterministic",
        "baseline",
        "rules",
        "live",
        "headline",
        "layout",
        "maintainers",
    }
)
# What a manifest written for the MCLAVIER Marketplace has; "deterministic" may be added to it.
CORE = frozenset({"name", "description", "inputs", "deterministic"})
CORE_FIELD = frozenset({"type", "label", "min", "max", "step", "default", "unit"})
OUTPUT_SECTIONS = ("summary", "columns", "charts")
LAYOUTS = ("wide",)
MAX_HEADLINE = 3  # summary labels
LIMITS = ("seconds", "memory_mb", "output_mb")
MAX_HEADLINES = 3
PYTHON = re.compile(r"3\.(0|[1-9][0-9]?)")
OLDEST_PYTHON = "3.11"  # what the code of ours that runs inside a run needs


@dataclass(frozen=True, slots=True)
class Reference:
    """A paper, regulation or table the method comes from."""

    title: str
    url: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """A checked manifest. `raw` is the manifest as registered, its CSV defaults replaced by their rows.

    `headline` names the summary figures that are shown large, `layout` is "wide" where tables of the form take the
    page's width, and `maintainers` answer questions about the model. `core` says that it keeps to the keys of the
    MCLAVIER Marketplace: such a model may be random without a seed, so its results are reused only where it declares
    `deterministic` itself. `gateway` says that it speaks to the installation's AI gateway: it asks for that host and
    for the secret with its key, and every run of it may cost money. `python` is the version that runs it, such as 3.12;
    None for the installation's own.
    """

    name: str
    description: str
    inputs: Mapping[str, Field]
    version: str | None = None
    category: str | None = None
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    license: str | None = None
    references: tuple[Reference, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    network: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    gateway: bool = False
    requirements: tuple[str, ...] = ()
    python: str | None = None
    deterministic: bool = True
    live: bool | None = None
    baseline: Mapping[str, Any] | None = None
    rules: tuple[Rule, ...] = ()
    warnings: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)
    headline: tuple[str, ...] = ()
    layout: str | None = None
    maintainers: tuple[str, ...] = ()
    core: bool = False

    @property
    def defaults(self) -> dict[str, Any]:
        """The declared default of every input that has one."""
        return {key: f.default for key, f in self.inputs.items() if f.has_default}

    @property
    def initial_values(self) -> dict[str, Any]:
        """What a fresh form holds: the baseline over the defaults."""
        return {**self.defaults, **(self.baseline or {})}


def parse(raw: Any, files: Mapping[str, bytes] | None = None) -> Manifest:
    """Return the manifest written as `raw`.

    Args:
        raw: the manifest as read from JSON.
        files: the other files of the model's folder by name, for defaults that name one; leave it out
            for a manifest that has been through here before.

    Raises:
        ManifestError: with every problem found.
    """
    problems: list[Problem] = []
    warnings: list[str] = []
    if not isinstance(raw, Mapping):
        raise ManifestError([Problem("manifest", f"{type(raw).__name__} is not an object", "Write a JSON object.")])
    warnings += [f"manifest.{key} is not known and is ignored." for key in sorted(set(raw) - KNOWN)]
    reader = DeclarationReader(raw, "", problems, warnings)
    if not isinstance(raw.get("name"), str) or not raw["name"].strip():
        problems.append(
            Problem("name", f"{shorten(raw.get('name'))} is not a name", "Give the model a name to display.")
        )
    declared = {
        str(key): item if files is None else load_rows(str(key), item, files, problems)
        for key, item in reader.typed("inputs", Mapping, "an object {key: field}", default={}).items()
    }
    inputs = {key: parse_field(key, item, f"inputs.{key}", problems, warnings) for key, item in declared.items()}
    built = {key: field_ for key, field_ in inputs.items() if field_ is not None}
    _check_show_if(built, problems)
    _check_former_keys(built, problems)
    core = _keeps_to_core(raw)
    network = access.parse_hosts(_read_texts(reader, "network"), problems)
    if network and raw.get("deterministic") is True:
        warnings.append("manifest.deterministic is ignored: what a host answers may change, so no result is reused.")
    gateway = reader.flag("gateway", default=False)
    secrets = access.parse_secrets(_read_texts(reader, "secrets"), problems)
    if gateway:
        secrets = (*secrets, *((KEY_SECRET,) if KEY_SECRET not in secrets else ()))
    manifest = Manifest(
        name=str(raw.get("name", "")).strip(),
        description=reader.text("description") or "",
        inputs=built,
        version=_read_version(reader),
        category=reader.text("category"),
        tags=_read_texts(reader, "tags"),
        authors=_read_texts(reader, "authors"),
        license=reader.text("license"),
        references=_read_references(reader),
        outputs=_read_outputs(reader),
        limits=_read_limits(reader),
        network=network,
        secrets=secrets,
        gateway=gateway,
        requirements=_read_texts(reader, "requirements"),
        python=_read_python(reader, stored=files is None),
        deterministic=reader.flag("deterministic", default=not core) and not network and not gateway,
        # Every run may cost money: none is made at each change of a form.
        live=False if gateway else reader.typed("live", bool, "true or false"),
        baseline=reader.typed("baseline", Mapping, "an object"),
        rules=_read_rules(reader, built),
        warnings=tuple(warnings),
        raw={**raw, "inputs": declared},
        headline=_read_headline(reader),
        layout=_read_layout(reader),
        maintainers=_read_texts(reader, "maintainers"),
        core=core,
    )
    if not problems:
        problems += _check_values(manifest)
    if problems:
        raise ManifestError(problems)
    return manifest


def _keeps_to_core(raw: Mapping[str, Any]) -> bool:
    """Say whether the manifest has `inputs` and otherwise the MCLAVIER Marketplace's keys alone."""
    inputs = raw.get("inputs")
    if not set(raw) <= CORE or not isinstance(inputs, Mapping):
        return False
    return all(
        isinstance(f, Mapping) and set(f) <= CORE_FIELD and f.get("type", "number") == "number" for f in inputs.values()
    )


def _check_values(manifest: Manifest) -> list[Problem]:
    """Check defaults and baseline against the schema that every run is checked against."""
    found = [
        Problem(p.where + ".default" if p.where.count(".") == 1 else p.where, p.message, p.hint)
        for p in input_checks.find_problems(manifest, manifest.defaults, complete=False)
    ]
    for key, field_ in manifest.inputs.items():
        for i, choice in enumerate(field_.choices):
            wrong = input_checks.find_problems(manifest, {key: [dict(row) for row in choice.rows]}, complete=False)
            found += [
                Problem(p.where.replace(f"inputs.{key}", f"inputs.{key}.choices[{i}]", 1), p.message, p.hint)
                for p in wrong
            ]
    if manifest.baseline is not None:
        found += [
            Problem(p.where.replace("inputs", "baseline", 1), p.message, p.hint)
            for p in input_checks.find_problems(manifest, manifest.baseline, complete=False)
        ]
    return found


def _check_show_if(inputs: Mapping[str, Field], problems: list[Problem]) -> None:
    for key, item in inputs.items():
        for other in item.show_if or {}:
            if other not in inputs:
                hint = f"Use one of {name_some(inputs)}."
                problems.append(Problem(f"inputs.{key}.show_if", f"there is no input {shorten(other)}", hint))


def _check_former_keys(inputs: Mapping[str, Field], problems: list[Problem]) -> None:
    """Refuse a former key that is an input still, or that two inputs claim: a value would go to the wrong one."""
    claimed: dict[str, str] = {name: key for key, item in inputs.items() for name in item.former_inputs}
    for key, item in inputs.items():
        for former in item.former_keys:
            where = f"inputs.{key}.former_keys"
            if former in inputs:
                problems.append(Problem(where, f"{former} is an input of this version", "Name inputs that are gone."))
            elif claimed.setdefault(former, key) != key:
                hint = "One input takes the place of another."
                problems.append(Problem(where, f"{former} is named by {claimed[former]} too", hint))


def _read_version(reader: DeclarationReader) -> str | None:
    value = reader.raw.get("version")
    return str(value) if isinstance(value, int | float) else reader.text("version")


def _read_python(reader: DeclarationReader, *, stored: bool) -> str | None:
    """Return the Python that the model is for, such as 3.12; None where any will do."""
    value = reader.raw.get("python")
    if value is None:
        return None
    hint = f'Write {OLDEST_PYTHON} or newer with one point, such as "3.12": the newest 3.12 that is installed runs it.'
    if isinstance(value, str) and PYTHON.fullmatch(value.strip()):
        if int(value.strip().split(".")[1]) >= int(OLDEST_PYTHON.split(".")[1]):
            return value.strip()
        found = f"Python {value.strip()} is older than {OLDEST_PYTHON}"
    elif is_number(value):
        found = f"{value} is a number, which could not tell 3.1 from 3.10"
        hint = 'Write it as a text, such as "3.12".'
    else:
        found = f"{shorten(value)} is not a version of Python"
    if not stored:  # a stored version may be from when the key was not known, and its runs must stay readable
        reader.problem("python", found, hint)
    return None


def _read_texts(reader: DeclarationReader, key: str) -> tuple[str, ...]:
    """Return a list of texts, which may also be written as one text with commas."""
    value = reader.raw.get(key)
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(value)
    reader.problem(key, f"{shorten(value)} is not a list of texts", 'Write it as ["...", "..."].')
    return ()


def _read_headline(reader: DeclarationReader) -> tuple[str, ...]:
    given = reader.raw.get("headline")
    labels = [given] if isinstance(given, str) else given  # a label may hold a comma
    if labels is None:
        return ()
    hint = f"Name one to {MAX_HEADLINE} labels of the summary."
    if not isinstance(labels, list) or not all(isinstance(label, str) and label.strip() for label in labels):
        reader.problem("headline", f"{shorten(given)} is not a list of labels", hint)
        return ()
    if not 1 <= len(labels) <= MAX_HEADLINE:
        reader.problem("headline", f"it names {len(labels)} figures", hint)
    for label in sorted({label for label in labels if labels.count(label) > 1}):
        reader.problem("headline", f"{shorten(label)} is duplicated", "Name each figure once.")
    return tuple(labels)


def _read_layout(reader: DeclarationReader) -> str | None:
    layout = reader.text("layout")
    if layout is not None and layout not in LAYOUTS:
        reader.problem("layout", f"{shorten(layout)} is not a layout", 'Give "wide", or leave it out.')
        return None
    return layout


def _read_outputs(reader: DeclarationReader) -> Mapping[str, Any]:
    outputs: Mapping[str, Any] = reader.typed("outputs", Mapping, "an object", default={})
    for section in OUTPUT_SECTIONS:
        declared = outputs.get(section)
        for key, item in declared.items() if isinstance(declared, Mapping) else ():
            if isinstance(item, Mapping) and not isinstance(item.get("currency", False), bool):
                where = f"outputs.{section}.{key}.currency"
                reader.problem(where, f"{shorten(item['currency'])} is not true or false", "Give true or false.")
    return outputs


def _read_references(reader: DeclarationReader) -> tuple[Reference, ...]:
    raw = reader.raw.get("references") or []
    found: list[Reference] = []
    for i, item in enumerate(raw if isinstance(raw, list) else [raw]):
        if isinstance(item, str):
            found.append(Reference(item))
        elif isinstance(item, Mapping) and isinstance(item.get("title"), str):
            found.append(Reference(item["title"], item.get("url"), item.get("note")))
        else:
            reader.problem(f"references[{i}]", f"{shorten(item)} has no title", 'Write {"title": ..., "url": ...}.')
    return tuple(found)


def _read_limits(reader: DeclarationReader) -> dict[str, float]:
    limits: dict[str, float] = {}
    for key, value in reader.typed("limits", Mapping, 'an object such as {"seconds": 60}', default={}).items():
        if key not in LIMITS:
            reader.problem(f"limits.{key}", "it is not a limit", f"Use {', '.join(LIMITS)}.")
        elif not is_number(value) or value <= 0:
            reader.problem(f"limits.{key}", f"{value!r} is not a number above 0", "Give a number above 0.")
        else:
            limits[key] = value
    return limits


def _read_rules(reader: DeclarationReader, inputs: Mapping[str, Field]) -> tuple[Rule, ...]:
    found: list[Rule] = []
    for i, item in enumerate(reader.typed("rules", list, "a list of {check, message}", default=[])):
        where = f"rules[{i}]"
        if not isinstance(item, Mapping) or not isinstance(item.get("check"), str):
            reader.problem(where, f"{shorten(item)} has no check", 'Write {"check": ..., "message": ...}.')
            continue
        try:
            rule = parse_rule(item["check"], str(item.get("message") or f"It must hold that {item['check']}."))
        except RuleError as error:
            reader.problem(where, str(error), "Compare inputs by key.")
            continue
        for key in sorted(rule.keys - set(inputs)):
            reader.problem(where, f"there is no input {key!r}", f"Use one of {name_some(inputs)}.")
        found.append(rule)
    return tuple(found)
