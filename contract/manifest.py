"""A manifest says what a model is called and which inputs it takes.

Chosen: a strict superset of the MCLAVIER Marketplace's manifest, read once into a frozen value; every problem is
collected, unknown keys are kept, ignored and named in a warning.
Left out: the code beside it, and where the folder came from: that is the registry's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contract import access, field_parser, fields
from contract.fields import Field
from contract.problems import ManifestError, Problem
from contract.rules import Rule, RuleError, parse_rule
from contract.table_rows import rows_from_csv

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
        "requirements",
        "deterministic",
        "baseline",
        "rules",
        "live",
    }
)
LIMITS = ("seconds", "memory_mb", "output_mb")


@dataclass(frozen=True, slots=True)
class Reference:
    """A paper, regulation or table the method comes from."""

    title: str
    url: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """A checked manifest. `raw` is the manifest as registered, its CSV defaults replaced by their rows."""

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
    requirements: tuple[str, ...] = ()
    deterministic: bool = True
    live: bool | None = None
    baseline: Mapping[str, Any] | None = None
    rules: tuple[Rule, ...] = ()
    warnings: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)

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
    raw = dict(raw)
    if not isinstance(raw.get("name"), str) or not raw["name"].strip():
        problems.append(Problem("name", f"{raw.get('name')!r} is not a name", "Give the model a name to display."))
    declared = raw.get("inputs", {})
    if not isinstance(declared, Mapping):
        problems.append(Problem("inputs", "it is not an object", "Map each input's key to its field."))
        declared = {}
    inputs: dict[str, Field] = {}
    resolved: dict[str, Any] = {}
    for key, given in declared.items():
        item = _load_csv_rows(key, given, files, problems)
        resolved[str(key)] = item
        built = field_parser.parse_field(str(key), item, f"inputs.{key}", problems, warnings)
        if built is not None:
            inputs[str(key)] = built
    raw["inputs"] = resolved
    _check_show_if(inputs, problems)
    network = access.parse_hosts(_read_texts(raw, "network", problems), problems)
    if network and raw.get("deterministic") is True:
        warnings.append("manifest.deterministic is ignored: what a host answers may change, so no result is reused.")
    built_manifest = Manifest(
        name=str(raw.get("name", "")).strip(),
        description=_read_text(raw, "description", problems) or "",
        inputs=inputs,
        version=_read_text(raw, "version", problems),
        category=_read_text(raw, "category", problems),
        tags=_read_texts(raw, "tags", problems),
        authors=_read_texts(raw, "authors", problems),
        license=_read_text(raw, "license", problems),
        references=_read_references(raw.get("references"), problems),
        outputs=_read_mapping(raw, "outputs", problems),
        limits=_read_limits(raw.get("limits"), problems),
        network=network,
        secrets=access.parse_secrets(_read_texts(raw, "secrets", problems), problems),
        requirements=_read_texts(raw, "requirements", problems),
        deterministic=_read_flag(raw, "deterministic", problems, default=True) and not network,
        live=_read_flag(raw, "live", problems, default=False) if "live" in raw else None,
        baseline=_read_mapping(raw, "baseline", problems) if raw.get("baseline") is not None else None,
        rules=_read_rules(raw.get("rules"), inputs, problems),
        warnings=tuple(warnings),
        raw=raw,
    )
    if not problems:
        problems += _check_values(built_manifest)
    if problems:
        raise ManifestError(problems)
    return built_manifest


def _check_values(manifest: Manifest) -> list[Problem]:
    """Check defaults and baseline against the schema that every run is checked against."""
    from contract import inputs as checks  # the two know each other: a manifest's defaults are inputs

    found = [
        Problem(p.where + ".default" if p.where.count(".") == 1 else p.where, p.message, p.hint)
        for p in checks.find_problems(manifest, manifest.defaults, complete=False)
    ]
    for key, field_ in manifest.inputs.items():
        for i, choice in enumerate(field_.choices):
            wrong = checks.find_problems(manifest, {key: [dict(row) for row in choice.rows]}, complete=False)
            found += [
                Problem(p.where.replace(f"inputs.{key}", f"inputs.{key}.choices[{i}]", 1), p.message, p.hint)
                for p in wrong
            ]
    if manifest.baseline is not None:
        found += [
            Problem(p.where.replace("inputs", "baseline", 1), p.message, p.hint)
            for p in checks.find_problems(manifest, manifest.baseline, complete=False)
        ]
    return found


def _load_csv_rows(key: Any, item: Any, files: Mapping[str, bytes] | None, problems: list[Problem]) -> Any:
    """Replace CSV files that a table's default and built-in choices name by their rows."""
    if not isinstance(item, Mapping) or files is None:
        return item
    if item.get("type") == "table" and isinstance(item.get("choices"), list):
        read = [
            {**c, "rows": _rows_from_file(key, item, c["rows"], f"choices[{i}]", files, problems)}
            if isinstance(c, Mapping) and isinstance(c.get("rows"), str)
            else c
            for i, c in enumerate(item["choices"])
        ]
        item = {**item, "choices": read}
    if not isinstance(item.get("default"), str):
        return item
    if item.get("type") not in {"table", "file"}:
        return item
    name = item["default"]
    if item["type"] == "file":
        if name not in files:
            where = f"inputs.{key}.default"
            problems.append(Problem(where, f"the folder has no file {name!r}", "Add the file or mend the name."))
        return item
    return {**item, "default": _rows_from_file(key, item, name, "default", files, problems)}


def _rows_from_file(
    key: Any, item: Mapping[str, Any], name: str, part: str, files: Mapping[str, bytes], problems: list[Problem]
) -> Any:
    """Return the rows of a CSV file of the folder, or its name where they cannot be read."""
    where = f"inputs.{key}.{part}"
    if name not in files:
        problems.append(Problem(where, f"the folder has no file {name!r}", "Add the file or mend the name."))
        return name
    probe: list[Problem] = []
    table = field_parser.parse_field(str(key), {**item, "default": [], "choices": []}, f"inputs.{key}", probe, [])
    if table is None or probe:
        return name  # the declaration itself is wrong and will be reported
    rows, found = rows_from_csv(table, files[name].decode("utf-8-sig", errors="replace"))
    problems += [Problem(f"{where} ({name}) {p.where}", p.message, p.hint) for p in found]
    return rows


def _check_show_if(inputs: Mapping[str, Field], problems: list[Problem]) -> None:
    for key, item in inputs.items():
        for other in item.show_if or {}:
            if other not in inputs:
                problems.append(
                    Problem(
                        f"inputs.{key}.show_if",
                        f"there is no input {other!r}",
                        f"Use one of {', '.join(inputs)}.",
                    )
                )


def _read_text(raw: Mapping[str, Any], key: str, problems: list[Problem]) -> str | None:
    value = raw.get(key)
    if value is None or isinstance(value, str):
        return value
    if key == "version" and isinstance(value, int | float):
        return str(value)
    problems.append(Problem(key, f"{value!r} is not text", "Put it in quotes."))
    return None


def _read_texts(raw: Mapping[str, Any], key: str, problems: list[Problem]) -> tuple[str, ...]:
    value = raw.get(key)
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, Sequence) and all(isinstance(v, str) for v in value):
        return tuple(value)
    problems.append(Problem(key, f"{value!r} is not a list of texts", 'Write it as ["...", "..."].'))
    return ()


def _read_mapping(raw: Mapping[str, Any], key: str, problems: list[Problem]) -> Mapping[str, Any]:
    value = raw.get(key)
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return value
    problems.append(Problem(key, f"{value!r} is not an object", "Write a JSON object."))
    return {}


def _read_flag(raw: Mapping[str, Any], key: str, problems: list[Problem], *, default: bool) -> bool:
    value = raw.get(key, default)
    if isinstance(value, bool):
        return value
    problems.append(Problem(key, f"{value!r} is not true or false", "Write true or false."))
    return default


def _read_references(raw: Any, problems: list[Problem]) -> tuple[Reference, ...]:
    found: list[Reference] = []
    for i, item in enumerate(raw or [] if isinstance(raw or [], list) else [raw]):
        if isinstance(item, str):
            found.append(Reference(item))
        elif isinstance(item, Mapping) and isinstance(item.get("title"), str):
            found.append(Reference(item["title"], item.get("url"), item.get("note")))
        else:
            problems.append(Problem(f"references[{i}]", f"{item!r} has no title", 'Write {"title": ..., "url": ...}.'))
    return tuple(found)


def _read_limits(raw: Any, problems: list[Problem]) -> dict[str, float]:
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        problems.append(Problem("limits", f"{raw!r} is not an object", 'Write {"seconds": 60}.'))
        return {}
    limits: dict[str, float] = {}
    for key, value in raw.items():
        if key not in LIMITS:
            problems.append(Problem(f"limits.{key}", "it is not a limit", f"Use {', '.join(LIMITS)}."))
        elif not fields.is_number(value) or value <= 0:
            problems.append(Problem(f"limits.{key}", f"{value!r} is not a number above 0", "Give a number above 0."))
        else:
            limits[key] = value
    return limits


def _read_rules(raw: Any, inputs: Mapping[str, Field], problems: list[Problem]) -> tuple[Rule, ...]:
    found: list[Rule] = []
    for i, item in enumerate(raw if isinstance(raw, list) else []):
        where = f"rules[{i}]"
        if not isinstance(item, Mapping) or not isinstance(item.get("check"), str):
            problems.append(Problem(where, f"{item!r} has no check", 'Write {"check": ..., "message": ...}.'))
            continue
        try:
            rule = parse_rule(item["check"], str(item.get("message") or f"It must hold that {item['check']}."))
        except RuleError as error:
            problems.append(Problem(where, str(error), "Compare inputs by key."))
            continue
        for key in sorted(rule.keys - set(inputs)):
            problems.append(Problem(where, f"there is no input {key!r}", f"Use one of {', '.join(inputs)}."))
        found.append(rule)
    if raw is not None and not isinstance(raw, list):
        problems.append(Problem("rules", f"{raw!r} is not a list", 'Write [{"check": ..., "message": ...}].'))
    return tuple(found)
