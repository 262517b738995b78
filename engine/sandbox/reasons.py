"""Why a run has no result, in an analyst's words.

Chosen: the category comes from the supervisor alone; a model's own text appears only where it is marked as such.
Left out: advice that would need to know the model.
"""

import signal
from typing import Any

from contract.run import Status
from engine.sandbox.job import Limits

_SIGNALS = {
    signal.SIGSEGV: "it touched memory that is not its own",
    signal.SIGABRT: "it, or a library it uses, aborted",
    signal.SIGFPE: "it did arithmetic the processor refuses",
    signal.SIGBUS: "it touched memory that is not there",
    signal.SIGILL: "it ran an instruction the processor does not know",
    signal.SIGSYS: "it made a system call that is not allowed",
    signal.SIGKILL: "it was killed, most likely because the host ran out of memory",
    signal.SIGXFSZ: "it wrote a file beyond its limit",
}


def cancelled(reason: str, seconds: float) -> tuple[Status, str]:
    """A run that somebody ended: `superseded`, `cancelled`, or `cancelled by` a name."""
    if reason == "superseded":
        return Status.CANCELLED, f"Superseded by a newer run after {seconds:.1f} s."
    _, _, name = reason.partition("cancelled by ")
    return Status.CANCELLED, f"Cancelled after {seconds:.1f} s" + (f", by {name}." if name else ".")


def timed_out(limits: Limits) -> tuple[Status, str]:
    """A run at its time limit."""
    return Status.TIMED_OUT, (
        f"The model was still running after {limits.seconds:g} s, its time limit. Try smaller inputs, or ask for a "
        "higher limit in the manifest."
    )


def memory_limit(limits: Limits) -> tuple[Status, str]:
    """A run at its memory limit."""
    return Status.FAILED, (
        f"The model used more than {limits.memory_mb:,} MB, its memory limit. Try smaller inputs, or ask for a higher "
        "limit in the manifest."
    )


def scratch_limit(limits: Limits, files: int) -> tuple[Status, str]:
    """A run at its scratch limit."""
    return Status.FAILED, (
        f"The model wrote more than its scratch limit of {limits.scratch_mb:,} MB or {files:,} files."
    )


def thread_limit(most: int) -> tuple[Status, str]:
    """A run with too many threads."""
    return Status.FAILED, f"The model started more than {most} threads, its limit."


def result_too_large(size: int, limits: Limits) -> tuple[Status, str]:
    """A result beyond its limit."""
    return Status.FAILED, (
        f"The model's result is too large: {size / 1e6:,.1f} MB, and its limit is {limits.output_mb:,} MB. "
        "Return less, or ask for a higher output limit in the manifest."
    )


def protocol_error() -> tuple[Status, str]:
    """A child that sent something else than frames."""
    return Status.FAILED, "The model disturbed the channel its result comes through, so there is no result."


def model_failed(frame: dict[str, Any], limits: Limits) -> tuple[Status, str]:
    """A run whose own code failed, by what the child says of it."""
    kind, text = str(frame.get("type", ""))[:200], str(frame.get("text", ""))[:4_000]
    said = f"{kind}: {text}" if text else kind
    match frame.get("why"):
        case "bad_value":
            return Status.FAILED, (
                f"The model's result cannot be shown: at {str(frame.get('path') or 'its top')[:300]}, {text}."
            )
        case "memory":
            return Status.FAILED, (
                f"The model asked for more memory than its memory limit of {limits.memory_mb:,} MB leaves it. Try "
                "smaller inputs, or ask for a higher limit in the manifest."
            )
        case "exit":
            return Status.FAILED, f"The model ended itself (sys.exit) instead of returning a result: {said}."
        case "syntax":
            return Status.FAILED, f"The model's code does not compile. {said}"
        case "import":
            return Status.FAILED, f"The model needs something that is not there. {said}"
    if words := own_words(frame):
        return Status.FAILED, f"Model error: {words}"
    library, place, line = (str(frame.get(key) or "")[:300] for key in ("library", "place", "line"))
    if library:
        called = f"; called at {line}" if line else ""
        return Status.FAILED, f"The model's code failed in {library.partition('.')[0]}. {said} ({place}{called})"
    return Status.FAILED, f"The model's code failed. {said}" + (f" ({place})" if place else "")


def own_words(frame: dict[str, Any]) -> str:
    """Return what the model itself says about its failure; empty where a library, an assertion or Python says it."""
    if frame.get("kind") != "failed" or frame.get("why") != "exception" or frame.get("own") is not True:
        return ""
    return "" if frame.get("type") == "AssertionError" else str(frame.get("text", ""))[:4_000]


def process_exited(code: int, started: bool, limits: Limits, cpu: float = 0.0) -> tuple[Status, str]:
    """A child that ended without saying anything, by its exit code or signal and its seconds of processor time."""
    if code < 0:
        number = -code
        spent = cpu >= limits.seconds * max(1, limits.threads)
        if number == signal.SIGXCPU or (number == signal.SIGKILL and spent):
            return (
                Status.TIMED_OUT,
                f"The model used more processor time than its limit of {limits.seconds:g} s allows.",
            )
        name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
        why = _SIGNALS.get(signal.Signals(number)) if number in set(signal.Signals) else None
        return Status.FAILED, f"The model crashed ({name})" + (f": {why}." if why else ".")
    if not started:
        return Status.FAILED, f"The model could not be started (exit code {code})."
    return Status.FAILED, f"The model's process exited without a result (exit code {code})."
