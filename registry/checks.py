"""What can be told of a model without running it: its files, manifest, cases, code and requirements.

Chosen: the same checks as those that a version goes through when it is stored (`registry.validation`), told apart by
file so that each passes or fails by itself.
Left out: resolving packages and running anything, which is `engine.models.check`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from contract.checks import CheckResult, Level
from contract.errors import ManifestError
from registry.requirements import find_missing
from registry.validation import ValidatedModel, is_for_other_python, validate_model

if TYPE_CHECKING:
    from contract.problems import Problem

MANIFEST, CASES, CODE = "manifest.json", "cases.json", "function.py"
UNKNOWN, REQUIREMENTS = "Known keys", "Requirements"


def check_files(files: Mapping[str, bytes]) -> tuple[list[CheckResult], ValidatedModel | None]:
    """Return what was found in the files of a model, and the model where it keeps the contract."""
    size = sum(map(len, files.values()))
    amount = f"{len(files)} file{'' if len(files) == 1 else 's'}, {size / 1000:,.0f} kB"
    results = [CheckResult("Files", Level.PASS, amount)]
    model: ValidatedModel | None = None
    problems: Sequence[Problem] = ()
    try:
        model = validate_model(files)
    except ManifestError as error:
        problems = error.problems
    for name in (MANIFEST, CASES, CODE):
        if name == CASES and CASES not in files:
            continue
        wrong = [p for p in problems if p.where.split(" ", 1)[0] == name]
        results += [CheckResult.failed(name, p) for p in wrong]
        if not wrong and name == CODE:
            results.append(CheckResult(name, Level.PASS, _describe_code(model)))
        elif not wrong and model is not None:
            results.append(CheckResult(name, Level.PASS, _describe(name, model)))
    known = [p for p in problems if p.where.split(" ", 1)[0] not in {MANIFEST, CASES, CODE}]
    results += [CheckResult.failed(MANIFEST, p) for p in known]
    if model is None:
        return results, None
    results += _warnings(model) or [CheckResult(UNKNOWN, Level.PASS, "every key of the manifest is known")]
    requirements = model.manifest.requirements
    if is_for_other_python(model.manifest):  # its packages are looked at once that Python has been found
        return results, model
    unmet, missing = find_missing(requirements)
    results += [CheckResult.failed(REQUIREMENTS, p) for p in unmet]
    if not unmet and not missing:
        met = ", ".join(requirements) + " installed" if requirements else "none beyond Python's own and the installed"
        results.append(CheckResult(REQUIREMENTS, Level.PASS, met))
    return results, model


def _describe_code(model: ValidatedModel | None) -> str:
    if model is not None and is_for_other_python(model.manifest):
        return f"it is for Python {model.manifest.python}, which compiles it below"
    return "it compiles and defines run"


def _describe(name: str, model: ValidatedModel) -> str:
    if name == MANIFEST:
        count = len(model.manifest.inputs)
        return f"{model.manifest.name}: {count} input{'' if count == 1 else 's'}"
    reference = sum(bool(case.expect) for case in model.cases)
    return f"{len(model.cases)} preset{'' if len(model.cases) == 1 else 's'}, {reference} of them reference cases"


def _warnings(model: ValidatedModel) -> list[CheckResult]:
    hint = "Remove it, or correct its spelling."
    return [
        CheckResult(UNKNOWN, Level.WARNING, text.removeprefix("manifest."), MANIFEST, hint)
        for text in model.manifest.warnings
    ]
