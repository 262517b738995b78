"""Files for inputs of type file, uploaded before the run that names them.

Chosen: the body is the file and nothing else, so that any client can send one; it is refused as soon as it is too long.
Left out: forms, which browsers send.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool

from api.auth import CurrentActor
from api.schemas import UploadBody
from contract.errors import InputError
from contract.fields import MAX_FILE_MB
from contract.problems import Problem
from engine.processes import context as contexts
from engine.runs.uploads import MEGABYTE, store_upload

router = APIRouter(tags=["models"])

BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


@router.post("/uploads", openapi_extra={"requestBody": {"required": True, "content": BINARY}})
async def upload_file(
    request: Request,
    actor: CurrentActor,
    name: Annotated[str, Query(min_length=1, max_length=500, description="the file's name, with its ending")],
) -> UploadBody:
    """Store a file and return the value that an input of type file takes. Send the file itself as the body."""
    content = await read_body(request, int(MAX_FILE_MB * MEGABYTE))
    stored = await run_in_threadpool(store_upload, contexts.current(), name, content, actor=actor)
    return UploadBody(**stored)


async def read_body(request: Request, most: int) -> bytes:
    """Return the body of a request that is a file, refused as soon as it has more than `most` bytes.

    Raises:
        InputError: it is larger.
    """
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > most:
            found = f"it has more than {most / MEGABYTE:g} MB"
            raise InputError([Problem("body", found, "Upload a smaller file.")])
    return bytes(content)
