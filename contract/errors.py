"""Every error of ours, in one place: what went wrong, and whether it comes with a list of problems.

Chosen: one base class, so that a caller can tell what Tontine refuses from what broke. `ProblemsError` and its children
carry problems with a place, a message and a hint, which pages and the API show as they are; the others are a sentence.
An error's docstring is its message where it has no other.
Left out: the errors of a run's own process (`engine.sandbox.convert`), which imports nothing of ours, and of
`settings`, which nothing of ours precedes.
"""

from collections.abc import Iterable, Sequence

from contract.problems import Problem, QueryFault


class TontineError(Exception):
    """Something that Tontine reports in words of its own."""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "").partition("\n")[0]


class ProblemsError(TontineError):
    """One or more problems, collected and raised together."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Sequence[Problem] = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


# The model contract.


class ManifestError(ProblemsError):
    """A manifest does not keep the contract."""


class SourceError(ProblemsError):
    """A repository, an archive or an upload cannot be taken as a model's folder."""


class RegistrationError(ProblemsError):
    """A model cannot be registered, published or changed as asked."""


class RequirementsError(ProblemsError):
    """The packages that a model asks for cannot be had."""


class InterpreterError(RequirementsError):
    """The Python that a model asks for is not on this host, or cannot be used there."""


class InputError(ProblemsError):
    """Inputs do not fit the manifest's fields."""


class ResultError(ProblemsError):
    """What a model returned cannot be shown or stored."""


class RuleError(TontineError):
    """A rule uses syntax that is not allowed."""


class PatternError(TontineError):
    """A pattern cannot be used. The message says why."""


class PatternTimeout(TontineError):  # noqa: N818 - it reads as what it says
    """A text could not be compared with its pattern in the time that there is for it."""


class TextError(TontineError):
    """A text does not hold a value of the field's type. The message says what was expected."""


class UnreadableError(TontineError):
    """A text that cannot be read; `found` and `remedy` are those of a problem that has no place yet."""

    def __init__(self, found: str, remedy: str) -> None:
        self.found = found
        self.remedy = remedy
        super().__init__(f"{found}. {remedy}")


# Requests.


class NotFoundError(ProblemsError):
    """There is no such model, version or run."""


class NotReadyError(ProblemsError):
    """What is asked for is there once the run has ended."""


class BusyError(ProblemsError):
    """The user has as many runs waiting as one user may have."""


class NotAllowedError(ProblemsError):
    """The actor may not do this."""


class NotSignedInError(ProblemsError):
    """It is not known who asks: nobody has signed in, the sign-in is over, or a token is not valid."""


class NotGrantedError(ProblemsError):
    """A model lacks a secret without which it cannot run."""


class SpendingCapError(ProblemsError):
    """The user has spent at the AI gateway what one user may spend in a day."""


class GatewayError(ProblemsError):
    """The AI gateway gave no answer to what was asked. `run_id` names the run that asked, `failure` the reason."""

    def __init__(self, problems: Sequence[Problem], *, failure: str, run_id: str, partial: str = "") -> None:
        super().__init__(problems)
        self.failure, self.run_id, self.partial = failure, run_id, partial


class GrantError(ProblemsError):
    """What the administrator asks for cannot be done."""


class SecretError(ProblemsError):
    """A secret's value cannot be stored, read or deleted as asked."""


# The database.


class ExplorerError(ProblemsError):
    """A query of the explorer cannot be run, saved or deleted as asked."""


class ExplorerUnavailable(ProblemsError):  # noqa: N818 - it reads as what it says
    """The explorer has no connection that can read and nothing else."""


class DatabaseUnavailable(TontineError):  # noqa: N818 - it reads as what it says
    """The database does not answer; or it does and refuses, for want of room say: `sqlstate` is then its code."""

    def __init__(self, message: str, sqlstate: str | None = None) -> None:
        self.sqlstate = sqlstate
        super().__init__(message)


class SearchTooSlow(TontineError):  # noqa: N818 - it reads as what it says
    """The search takes too long. Narrow it: choose a model, a user or a range of dates."""


class SearchQueryError(ProblemsError):
    """A search of the history cannot be read; `faults` say where, and `pointed` shows it."""

    def __init__(self, text: str, faults: Iterable[QueryFault]) -> None:
        self.text = text
        self.faults = tuple(faults)
        super().__init__(Problem(f"query, column {f.column}", f.message, f.hint) for f in self.faults)

    def pointed(self, fault: QueryFault) -> str:
        """Return the search with a line below it that marks the fault with carets."""
        line = "".join(" " if letter.isspace() else letter for letter in self.text)
        return f"{line}\n{' ' * (fault.column - 1)}{'^' * max(1, fault.length)}"


class AnnotationError(ProblemsError):
    """A tag, a note, a saved search or a baseline cannot be kept as asked."""


class ScenarioError(ProblemsError):
    """A scenario cannot be saved as asked."""


class AnalysisError(ProblemsError):
    """What is asked of several runs cannot be done."""


class QueryError(TontineError):
    """A statement cannot be run. The message says why."""


class SignInError(TontineError):
    """The identity provider is not configured as it has to be. The message says what to change."""


class NameTakenError(TontineError):
    """There is one of this name already."""


class BadCursor(TontineError):  # noqa: N818 - it reads as what it says
    """A cursor is not one that a page has handed out."""


class BlobError(TontineError):
    """The database has no such content, or it is not what its hash says."""


class TooManyError(TontineError):
    """The user has as many single runs under way as one may have."""


class ServerError(TontineError):
    """The embedded database cannot be used. The message says what to do."""


# The processes of the engine.


class BackupError(TontineError):
    """A backup cannot be written or restored. The message says why and what to do."""


class NoContextError(TontineError):
    """No application context is open in this process. Start the application with `make run`."""


class QueueLostError(TontineError):
    """The connection to the queue broke."""


class LostClaimError(TontineError):
    """Another worker has taken the run over; this one must stop at once."""


class SandboxLostError(TontineError):
    """The zygote went away under a run, through no fault that can be laid on the model."""


class InterpreterStartError(SandboxLostError):
    """The Python that a model asks for does not start on this worker."""


class ConnectionDenied(TontineError):  # noqa: N818 - it reads as what it says
    """The connection is not made. The message says why, for the model's author."""


class EncryptionError(TontineError):
    """A text cannot be encrypted or decrypted. `found` and `remedy` are those of a problem that has no place yet."""

    def __init__(self, found: str, remedy: str) -> None:
        self.found, self.remedy = found, remedy
        super().__init__(f"{found}. {remedy}")


class DeliveryError(TontineError):
    """A message could not be delivered. The message says why, for the webhook's owner."""


class FrameError(TontineError):
    """A frame beyond the limit, with its size in bytes, or, with size 0, something that is not a frame."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__()


class OutputFileError(TontineError):
    """The result names a file that cannot be taken. The message says which and why, for an analyst."""
