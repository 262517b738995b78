"""Errors with a `detail` in words, as the MCLAVIER Marketplace's clients show them; our own list stays beside it.

Left out: the statuses' meaning, which is that of our API (`api.errors`).
"""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api import errors
from api.mclavier.schemas import DetailBody
from contract.problems import Problem

RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": DetailBody, "description": meaning} for status, meaning in errors.MEANINGS.items()
}


def install_handlers(app: FastAPI) -> None:
    """Make `app` answer every error with a `detail`."""
    errors.install_handlers(app, respond=respond)

    @app.exception_handler(RequestValidationError)
    async def request(_request: Request, error: RequestValidationError) -> JSONResponse:
        problems = [
            Problem(".".join(map(str, d["loc"])), f"{d.get('input')!r}: {d['msg']}"[:200], "Correct the request.")
            for d in error.errors()
        ]
        return respond(422, "the request cannot be read", problems)

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> JSONResponse:
        return respond(error.status_code, str(error.detail), (), **dict(error.headers or {}))


def respond(status: int, error: str, problems: Iterable[Problem] = (), **headers: str) -> JSONResponse:
    """Return an error with its problems as one text in `detail`, and as our API gives them beside it."""
    found = list(problems)
    # An input's place is part of what its problem says; of what is not found it is not.
    detail = " ".join(str(p) if status == 422 else p.text for p in found) or error
    body = {"detail": detail, "error": error, "problems": [p.as_dict() for p in found]}
    return JSONResponse(body, status_code=status, headers=headers or None)
