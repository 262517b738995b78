"""Check a model before it is registered, by running it in the sandbox: each result is handed on as it is found.

Chosen: the sandbox of a worker or of a command line, never the server's process. A model may answer or refuse in words
of its own at a bound of an input; what crashes there is a warning, because an analyst can still use the rest, while
defaults that do not run, a result that cannot be shown and a reference case that is missed refuse the model.
Left out: storing results (`engine.models.registration`).
"""

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contract import inputs as contract_inputs
from contract.cases import Case, mismatches
from contract.checks import CheckResult, Level, is_refused
from contract.errors import InputError, InterpreterError, RequirementsError, ResultError, SandboxLostError
from contract.fields import Field
from contract.manifest import Manifest
from contract.package_lock import PackageLock, list_labels
from contract.result import parse_result, require_object
from contract.run import Status
from engine.models.packages import ModelPackages, open_packages
from engine.processes.limits import InstallationLimits
from engine.runs.execute import run_limits
from engine.runs.submit import declared_seed
from engine.sandbox.supervisor import CancelToken, Outcome, Progress, Sandbox, SandboxJob
from engine.sandbox.tiers import Tier
from registry import model_files
from registry.checks import REQUIREMENTS, check_files
from registry.overlays import OverlayStore, closed_store
from registry.requirements import find_missing
from registry.validation import ValidatedModel

IMPORT, DEFAULTS, RESULT, CASES, BOUNDS = "Import", "Default inputs", "Result", "Reference cases", "Bounds of inputs"
CONFINEMENT, PYTHON = "Confinement", "Python"
MANIFEST = "manifest.json"
BOUND_SECONDS = 60.0  # s that the bounds of all inputs may take together
SEED = 0
SHOWN = 20  # inputs whose bounds are listed one by one
DETAIL = 4_000  # characters of a traceback


@dataclass(slots=True)
class Checker:
    """A sandbox to check models in.

    `folder` is where a model is unpacked for its check; `cancel` ends a check from another thread; `trust` takes models
    although this host confines them weakly. `overlays` is where packages are installed; `lock` has those that the model
    which was checked last needs beyond the standard set.
    """

    sandbox: Sandbox
    limits: InstallationLimits
    folder: Path
    trust: bool = False
    cancel: CancelToken = field(default_factory=CancelToken)
    overlays: OverlayStore = field(default_factory=closed_store)
    lock: PackageLock | None = None

    def is_cancelled(self) -> bool:
        """Say whether the check is to end."""
        return self.cancel.reason is not None


def check_model(
    checker: Checker, files: Mapping[str, bytes], on_result: Callable[[CheckResult], None] = lambda _result: None
) -> list[CheckResult]:
    """Check the files of a model and return every result, in order; each is also handed to `on_result` at once."""
    results: list[CheckResult] = []
    checker.lock = None
    for result in _results(checker, files):
        if checker.cancel.reason is not None:
            break  # what was ended from outside says nothing of the model
        results.append(result)
        on_result(result)
    return results


def _results(checker: Checker, files: Mapping[str, bytes]) -> Iterator[CheckResult]:
    found, model = check_files(files)
    yield from found
    confinement = _check_confinement(checker)
    yield confinement
    if model is None or is_refused([*found, confinement]):
        return
    folder = checker.folder / f"check-{model.hash[:16]}"
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.ExitStack() as stack:
        try:
            checker.lock = checker.overlays.resolve(
                model.manifest.requirements, model.manifest.python, stopped=checker.is_cancelled
            )
            packages = stack.enter_context(open_packages(checker.overlays, checker.lock, checker.cancel))
        except RequirementsError as error:
            check = PYTHON if isinstance(error, InterpreterError) else REQUIREMENTS
            yield from (CheckResult.failed(check, problem) for problem in error.problems)
            return
        if model.manifest.python is not None:
            yield CheckResult(PYTHON, Level.PASS, _python_text(model.manifest.python, checker.lock))
        if checker.lock is not None and checker.lock.packages:
            yield CheckResult(REQUIREMENTS, Level.PASS, _packages_text(checker.lock))
        elif find_missing(model.manifest.requirements)[1]:
            yield CheckResult(REQUIREMENTS, Level.PASS, "met by what every model has")
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(checker.sandbox.prepared.forget, folder)
        model_files.install(files, folder)
        yield from _run_checks(_Runner(checker, model, folder, packages))


def _python_text(python: str, lock: PackageLock | None) -> str:
    if lock is None or lock.standard_lock is None:
        return f"{python} is the installation's own"
    return f"{python} is on this host, and has what every model gets: {list_labels(lock.standard)}"


def _packages_text(lock: PackageLock) -> str:
    count = len(lock.packages)
    return f"resolved and installed: {list_labels(lock.packages)} ({count} package{'' if count == 1 else 's'})"


def _check_confinement(checker: Checker) -> CheckResult:
    tier = checker.sandbox.tier
    if tier in {Tier.A, Tier.B}:
        return CheckResult(CONFINEMENT, Level.PASS, f"tier {tier}: {tier.words}")
    found = f"this host confines models only by tier {tier}: {tier.words}"
    if checker.trust:
        return CheckResult(CONFINEMENT, Level.WARNING, found, hint="Register models you trust only.")
    hint = "Use a worker on Linux with Landlock, or set TONTINE_TRUST_MODELS=1 where every author is trusted."
    return CheckResult(CONFINEMENT, Level.FAIL, found, hint=hint)


def _run_checks(runner: "_Runner") -> Iterator[CheckResult]:
    imported = runner.run({}, import_only=True)
    if imported.status is not Status.SUCCESS:
        yield _failure(IMPORT, imported, "Correct function.py; it must import without a run.")
        return
    yield CheckResult(IMPORT, Level.PASS, "function.py imports in the sandbox, and run can be called")
    defaults = list(_check_defaults(runner))
    yield from defaults
    if is_refused(defaults):
        return
    yield from _check_cases(runner)
    yield from _check_bounds(runner)


def _check_defaults(runner: "_Runner") -> Iterator[CheckResult]:
    manifest = runner.manifest
    try:
        inputs = contract_inputs.validate(manifest, manifest.initial_values)
    except InputError as error:
        keys = ", ".join(p.where.removeprefix("inputs.") for p in error.problems)
        hint = "Give each input a default, so that the model opens with a result."
        yield CheckResult(DEFAULTS, Level.WARNING, f"not run, because inputs have no default: {keys}", MANIFEST, hint)
        return
    outcome = runner.run(inputs)
    asked = (*manifest.network, *manifest.secrets)
    if outcome.status is not Status.SUCCESS and asked:
        found = f"they do not run before {', '.join(asked)} is granted: {outcome.reason}"
        yield CheckResult(DEFAULTS, Level.WARNING, found, "function.py", "An administrator grants it once registered.")
        return
    if outcome.status is not Status.SUCCESS:
        yield _failure(DEFAULTS, outcome, "Correct the defaults in manifest.json, or function.py.")
        return
    yield CheckResult(DEFAULTS, Level.PASS, f"they run, in {outcome.seconds:.2f} s")
    yield from _check_result(manifest, outcome)


def _check_result(manifest: Manifest, outcome: Outcome) -> Iterator[CheckResult]:
    try:
        shown = parse_result(require_object(outcome.result), manifest.outputs)
    except ResultError as error:
        for problem in error.problems:
            yield CheckResult.failed(RESULT, problem)
        return
    hint = "Return it in a shape that the guide names."
    own = outcome.result.get("warnings") if outcome.result else None
    said = set(own if isinstance(own, list) else [own])
    for text in (w for w in shown.warnings if w not in said):
        yield CheckResult(RESULT, Level.WARNING, text, "result", hint)
    if outcome.nulls:
        places = ", ".join(map(str, outcome.nulls.get("paths", [])[:5]))
        found = f"{outcome.nulls.get('count')} values are NaN or infinite, at {places}"
        yield CheckResult(RESULT, Level.WARNING, found, "result", "They are shown as empty; say why in the notes.")
    labels = [metric.label for metric in shown.summary]
    for label in manifest.headline:
        if label not in labels:
            found = f"the headline {label!r} is not among its summary figures"
            yield CheckResult(RESULT, Level.WARNING, found, "manifest.headline", "Name a label of the summary.")
    parts = [
        f"{len(given)} {word}{'' if len(given) == 1 else 's'}"
        for given, word in (
            (shown.summary, "summary figure"),
            (shown.series, "series"),
            (shown.tables, "table"),
            (shown.charts, "chart"),
        )
        if given
    ]
    yield CheckResult(RESULT, Level.PASS, ", ".join(parts).replace("seriess", "series") or "it can be stored")


def _check_cases(runner: "_Runner") -> Iterator[CheckResult]:
    for case in runner.model.cases:
        if not case.expect:
            continue
        try:
            inputs = contract_inputs.validate(runner.manifest, {**runner.manifest.defaults, **case.inputs})
        except InputError as error:
            for problem in error.problems:
                yield CheckResult.failed(CASES, problem)
            continue
        yield _check_case(case, runner.run(inputs), asked=bool(runner.manifest.network or runner.manifest.secrets))


def _check_case(case: Case, outcome: Outcome, *, asked: bool) -> CheckResult:
    where, count = f"cases.json {case.name}", len(case.expect)
    if outcome.status is not Status.SUCCESS or outcome.result is None:
        level = Level.WARNING if asked else Level.FAIL
        hint = "It runs again once its hosts and secrets are granted." if asked else "Correct the case or function.py."
        return CheckResult(CASES, level, str(outcome.reason), where, hint, _traceback(outcome))
    missed = mismatches(case, outcome.result)
    if not missed:
        return CheckResult(CASES, Level.PASS, f"reproduces {count} of {count} published values", where)
    listed = "; ".join(f"{m.path} is {m.found!r}, published is {m.expected!r}" for m in missed[:5])
    hint = "Correct the code or the case, or state the tolerance that the source's rounding needs."
    return CheckResult(CASES, Level.FAIL, f"{len(missed)} of {count} values are not reproduced: {listed}", where, hint)


def _check_bounds(runner: "_Runner") -> Iterator[CheckResult]:
    try:
        start = contract_inputs.validate(runner.manifest, runner.manifest.initial_values)
    except InputError:
        return
    if runner.manifest.network or runner.manifest.secrets:
        return
    until = time.monotonic() + BOUND_SECONDS
    answered = refused = failed = 0
    for key, field_ in runner.manifest.inputs.items():
        for value in bound_values(field_):
            if time.monotonic() > until:
                found = f"not all were tried: {answered + refused + failed} runs took {BOUND_SECONDS:.0f} s"
                yield CheckResult(BOUNDS, Level.WARNING, found, f"inputs.{key}", "Nothing is wrong with that.")
                return
            try:
                inputs = contract_inputs.validate(runner.manifest, {**start, key: value})
            except InputError:
                refused += 1  # a rule of the manifest excludes it together with the other defaults
                continue
            outcome = runner.run(inputs)
            if outcome.status is Status.SUCCESS:
                answered += 1
            elif outcome.words:
                refused += 1
            else:
                failed += 1
                if failed <= SHOWN:
                    hint = "Answer there, narrow the input's bounds, or raise ValueError in words for an analyst."
                    yield CheckResult(
                        BOUNDS,
                        Level.WARNING,
                        f"at {_value_text(value)}: {outcome.reason}",
                        f"inputs.{key}",
                        hint,
                        _traceback(outcome),
                    )
    if not failed:
        found = f"{answered} answered, {refused} refused in words" if answered + refused else "no input has bounds"
        yield CheckResult(BOUNDS, Level.PASS, found)


def bound_values(field_: Field) -> list[Any]:
    """Return the values at the bounds of an input: its least and its largest, its first and last option."""
    low, high = field_.minimum, field_.maximum
    match field_.type:
        case "number" | "integer" | "date":
            return [v for v in dict.fromkeys((low, high)) if v is not None]
        case "range":
            return [] if low is None or high is None else [[low, low], [low, high], [high, high]]
        case "boolean":
            return [False, True]
        case "select":
            options = [option.value for option in field_.options]
            return options[:1] + options[-1:] if len(options) > 1 else options
        case "multiselect":
            options = [option.value for option in field_.options]
            least, most = field_.min_items or 0, field_.max_items or len(options)
            return [options[:least], options[:most]]
        case "table":
            return [[]] if field_.min_rows == 0 else []
        case _:
            return []


class _Runner:
    """Runs one model's function again and again, in a child of its own each time."""

    def __init__(self, checker: Checker, model: ValidatedModel, folder: Path, packages: ModelPackages) -> None:
        self.checker, self.model, self.folder, self.packages = checker, model, folder, packages
        self.manifest = model.manifest
        self.count = 0

    def run(self, inputs: Mapping[str, Any], *, import_only: bool = False) -> Outcome:
        """Return how a run of these inputs ended; a sandbox that is lost is tried once more."""
        self.count += 1
        seed = declared_seed(dict(inputs))
        files = {
            key: self.folder / str(inputs[key])
            for key, field_ in self.manifest.inputs.items()
            if field_.type == "file" and isinstance(inputs.get(key), str) and inputs[key]
        }
        job = SandboxJob(
            run_id=f"check-{self.model.hash[:12]}-{self.count}",
            folder=self.folder,
            inputs=inputs,
            seed=SEED if seed is None else seed,
            limits=run_limits(self.checker.limits, self.manifest),
            files=files,
            import_only=import_only,
        )
        with contextlib.suppress(SandboxLostError):
            return self._run(self.packages.given_to(job))
        try:
            return self._run(self.packages.given_to(job))
        except SandboxLostError:
            return Outcome(Status.FAILED, "The sandbox was lost twice while the model ran.")

    def _run(self, job: SandboxJob) -> Outcome:
        with self.checker.sandbox.run(job, _ignore, self.checker.cancel) as outcome:
            return outcome


def _failure(check: str, outcome: Outcome, hint: str) -> CheckResult:
    found = outcome.reason or str(outcome.status)
    return CheckResult(check, Level.FAIL, found.rstrip("."), "function.py", hint, _traceback(outcome))


def _traceback(outcome: Outcome) -> str:
    return (outcome.traceback or "")[:DETAIL]


def _value_text(value: Any) -> str:
    return "no rows" if value == [] else str(value)


def _ignore(_event: Progress) -> None:
    """Do nothing with what a check shows before its end."""
