"""What git reported, in words of our own: each cause of a failed fetch with what to do.

Chosen: git has no codes for causes, so its English messages are matched, in order; what matches none is passed on.
Left out: what is refused before git is asked, which is `registry.git_address`.
"""

import re
import signal

from contract.errors import SourceError
from registry.git_address import refusal

REPOSITORY_BYTES = 500_000_000  # of the newest commit as git packs it
_TOO_LARGE = (
    f"the repository is larger than {REPOSITORY_BYTES // 1_000_000} MB",
    "Move the model to a repository of its own.",
)
_LOGIN = "Check the address; for a private repository an administrator stores a token in TONTINE_GIT_TOKENS."
_MOVED = "Give the address where the repository is now."
_UNSAFE = "Correct the repository; `git fsck` names the object."
_CAUSES = (
    (r"update url base from redirection|error: 30\d", "it answers with a redirection to another address", _MOVED),
    (r"authentication failed|could not read (username|password)", "it asks for a login, or does not exist", _LOGIN),
    (r"error: 40[13]|permission denied|terminal prompts disabled", "it asks for a login, or does not exist", _LOGIN),
    (r"error: 404|repository .*not found", "there is no repository at this address", "Check the address."),
    (r"does not appear to be a git repository", "there is no repository at this address", "Check the address."),
    (r"could ?n[o']t resolve host", "the host is not known here", "Check its spelling, or try again."),
    (r"certificate|ssl|gnutls", "its certificate is not accepted", "Ask whoever runs the host."),
    (r"host key", "the host's key is not known", "An administrator adds it to the file of TONTINE_GIT_KNOWN_HOSTS."),
    (r"low speed|timed? ?out|operation too slow", "it answers too slowly", "Try again later."),
    (r"refused|failed to connect|could ?n[o']t connect|no route|reset by peer",
     "the host does not answer", "Check the address, or try again later."),
    (r"signal 25|file too large|file size limit", *_TOO_LARGE),
    (r"not our ref|remote ref|unadvertised object",
     "the server does not give this commit", "Give a branch or a tag, or a commit that a branch holds."),
    (r"fsck|gitmodules|hasdot|badtree|treenotsorted|error in object",
     "git finds an object in it that is damaged or dangerous", _UNSAFE),
    (r"dumb http|shallow capabilities", "it is served as plain files and not by a git server", "Use a git server."),
    (r"invalid index-pack output", *_TOO_LARGE),  # it was ended by the limit on files, without a word
)  # fmt: skip


def explain(url: str, errors: bytes, code: int) -> SourceError:
    """Return the refusal that fits what git reported.

    Args:
        url: the repository, left out of what is passed on.
        errors: git's error text.
        code: what it ended with.
    """
    text = errors.decode(errors="replace").replace("\0", "")
    for pattern, found, hint in _CAUSES:
        if re.search(pattern, text, re.IGNORECASE):
            return refusal(found, hint)
    if code in {-signal.SIGXFSZ, 128 + signal.SIGXFSZ}:
        return refusal(*_TOO_LARGE)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = (lines[-1] if lines else f"git ended with {code}").replace(url, "it")[:300]
    return refusal(f"git cannot fetch it ({last})", "Check the address with `git ls-remote`.")
