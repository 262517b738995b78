"""A model's call in R, with httr2.

Chosen: the request's body is JSON text in a raw string (R 4.0 or newer): what R's own lists become as JSON depends on
their lengths, and doubles lose their last digits.
"""

import re

from ui.code.model_call import REQUEST_FILE, TOKEN, WAIT, ModelCall


def r_code(call: ModelCall) -> str:
    """Return an R script that runs the model and shows the summary."""
    body = f'req_body_file("{REQUEST_FILE}", type = "application/json")'
    lines = ["library(httr2)", ""]
    if not call.needs_file:
        lines += [f"body <- {raw_string(call.body)}", ""]
        body = 'req_body_raw(body, type = "application/json")'
    steps = [
        f"run <- request({string(call.run_url)})",
        f"req_url_query(wait = {WAIT})",
        *([f'req_auth_bearer_token(Sys.getenv("{TOKEN}"))'] if call.sign_in else []),
        body,
        f"req_timeout({WAIT + 30})",
        "req_error(body = resp_body_string)",
        "req_perform()",
        "resp_body_json()",
    ]
    return "\n".join([*lines, " |>\n  ".join(steps), "str(run$result$summary)", ""])


def raw_string(text: str) -> str:
    """Return a text as a raw string of R, with as many dashes as keep its end from occurring in the text."""
    longest = max((len(dashes) for dashes in re.findall(r"\)(-*)\"", text)), default=-1)
    dashes = "-" * (longest + 1)
    return f'r"{dashes}({text}){dashes}"'


def string(text: str) -> str:
    """Return a text as a string of R."""
    return '"' + "".join(_escape(c) for c in text) + '"'


def _escape(character: str) -> str:
    if character in {'"', "\\"}:
        return f"\\{character}"
    return character if " " <= character <= "~" else f"\\U{{{ord(character):x}}}"
