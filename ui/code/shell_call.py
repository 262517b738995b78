"""A model's call in a shell, with curl.

Chosen: single quotes, in which a POSIX shell takes every character but the quote itself as it is.
Left out: cmd and PowerShell, which quote otherwise.
"""

from ui.code.model_call import REQUEST_FILE, TOKEN, WAIT, ModelCall


def shell_code(call: ModelCall) -> str:
    """Return a command that runs the model and prints the run as JSON."""
    lines = [
        f"curl --silent --show-error --fail-with-body {quote(f'{call.run_url}?wait={WAIT}')}",
        "-H 'Content-Type: application/json'",
        *([f'-H "Authorization: Bearer ${TOKEN}"'] if call.sign_in else []),
        f"--data-binary {f'@{REQUEST_FILE}' if call.needs_file else quote(call.body)}",
    ]
    return " \\\n  ".join(lines) + "\n"


def quote(text: str) -> str:
    """Return a text as one word of a POSIX shell."""
    return "'" + text.replace("'", "'\\''") + "'"
