"""A folder becomes a version: manifest and cases are read and checked before anything is published.

Chosen: every problem of manifest, cases and code is collected and reported together.
Left out: running the code. It is only parsed here, and where it is for another Python it may have syntax that this one
does not know; it runs in the sandbox.
"""

import ast
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

import actuarial
from contract import cases as contract_cases
from contract import manifest as contract_manifest
from contract.cases import Case
from contract.errors import ManifestError
from contract.manifest import Manifest
from contract.problems import Problem
from registry.interpreters import host_python
from registry.model_files import content_hash

SHARED_LIBRARY = "tontine-actuarial"


@dataclass(frozen=True, slots=True)
class ValidatedModel:
    """A folder that keeps the contract, ready to be stored as a version."""

    hash: str
    manifest: Manifest
    cases: tuple[Case, ...]
    raw_cases: list[Any]
    readme: str | None


def validate_model(files: Mapping[str, bytes]) -> ValidatedModel:
    """Check the files of a model's folder.

    Raises:
        ManifestError: with every problem found in manifest.json, cases.json and function.py.
    """
    problems: list[Problem] = []
    raw = _parse_json("manifest.json", files.get("manifest.json", b"{}"), problems)
    manifest: Manifest | None = None
    if not problems:
        try:
            manifest = contract_manifest.parse(raw, files)
        except ManifestError as error:
            problems += [Problem(f"manifest.json {p.where}", p.message, p.hint) for p in error.problems]
    raw_cases = _parse_json("cases.json", files["cases.json"], problems) if "cases.json" in files else []
    cases: tuple[Case, ...] = ()
    if manifest is not None and raw_cases:
        try:
            cases = contract_cases.parse_cases(raw_cases, manifest)
        except ManifestError as error:
            problems += [Problem(f"cases.json {p.where}", p.message, p.hint) for p in error.problems]
    if manifest is not None:
        problems += _check_requirements(manifest.requirements)
    problems += _check_code(files.get("function.py", b""), other_python=is_for_other_python(manifest))
    if problems or manifest is None:
        raise ManifestError(problems)
    readme = next((files[n].decode(errors="replace") for n in ("README.md", "readme.md") if n in files), None)
    if readme is not None:
        readme = readme.replace("\0", "\ufffd")  # a database holds no NUL in a text
    if isinstance(raw_cases, dict):
        raw_cases = raw_cases.get("cases", [])
    return ValidatedModel(content_hash(files), manifest, cases, raw_cases or [], readme)


def is_for_other_python(manifest: Manifest | None) -> bool:
    """Say if the code may have syntax that this Python does not know: the sandbox compiles it with the right one."""
    return manifest is not None and manifest.python not in {None, host_python()}


def _parse_json(name: str, content: bytes, problems: list[Problem]) -> Any:
    """Return what a JSON file holds; None, with a problem, where it cannot be read or stored."""
    try:
        raw = json.loads(content.decode("utf-8-sig"))
        storable = _is_storable(raw)
    except (ValueError, RecursionError) as error:
        problems.append(Problem(name, f"it is not JSON: {error}", "Correct the file."))
        return None
    if not storable:
        found = "it holds NaN, an infinite number, or a character that no text can be stored with"
        problems.append(Problem(name, found, "Remove it."))
        return None
    return raw


def _is_storable(value: Any) -> bool:
    """Say whether a database can hold the value as JSON, which Python reads more of than there is."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, dict):
        return all(_is_storable(k) and _is_storable(v) for k, v in value.items())
    if isinstance(value, list):
        return all(map(_is_storable, value))
    return not isinstance(value, float) or math.isfinite(value)


def _check_requirements(requirements: tuple[str, ...]) -> list[Problem]:
    """Return a problem for each requirement on the shared library that the library here does not meet."""
    problems = []
    for i, text in enumerate(requirements):
        where = f"manifest.json requirements[{i}]"
        try:
            wanted = Requirement(text)
        except InvalidRequirement:
            if text.strip().lower().startswith(SHARED_LIBRARY):
                problems.append(
                    Problem(
                        where, f"{text!r} is not a requirement", f"Write {SHARED_LIBRARY}>={actuarial.__version__}."
                    )
                )
            continue
        if canonicalize_name(wanted.name) == SHARED_LIBRARY and not wanted.specifier.contains(actuarial.__version__):
            found = f"{text} is not met: version {actuarial.__version__} is here"
            problems.append(Problem(where, found, "Allow that version, or install the model where the other one is."))
    return problems


def _check_code(content: bytes, *, other_python: bool) -> list[Problem]:
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if other_python and isinstance(error, SyntaxError):
            return []
        return [Problem("function.py", f"it does not compile: {error}", "Correct the code.")]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == "run":
            return []
        if isinstance(node, ast.Name) and node.id == "run" and isinstance(node.ctx, ast.Store):
            return []
        if isinstance(node, ast.alias) and (node.asname or node.name) in {"run", "*"}:
            return []
    return [Problem("function.py", "it defines no run", "Define run(inputs), plain or async.")]
