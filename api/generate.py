"""Text, images and video from the AI gateway in one request that waits for the answer.

Chosen: each request is a run like any other, with a link and a history; where the gateway gives no answer the response
is 502 with the reason and what had come. A request that may be charged is not sent again by the server; a client that
asks again with its `Idempotency-Key` gets the same run.
Left out: streams, which a run's events and WebSocket have.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from api.auth import CurrentActor
from api.schemas import RunStatus
from contract.gateway import Usage
from contract.media import Media
from engine.gateway.generate import Generated, read_generation, start_generation
from engine.processes import context as contexts
from engine.runs.follow_async import wait_for_end

router = APIRouter(tags=["generation"])

WAIT, LONGEST = 300.0, 1_800.0  # s
Kind = Literal["text", "image", "video"]
ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {"model": RunStatus, "description": "the run goes on: follow it by its id"},
    502: {
        "description": "the gateway gave no answer: `reason` says why, `partial` has what had come, `run_id` the run"
    },
}


class GenerateRequest(BaseModel):
    """What to make: a prompt, and any other input of the model AI Text, AI Image or AI Video by its key."""

    model_config = ConfigDict(extra="allow")

    prompt: str = Field(description="what the text, image or video is to be about", max_length=100_000)
    model: str | None = Field(None, description="the provider's model, as the gateway lists it", max_length=200)


class MediaBody(BaseModel):
    """One image or video, and where its content is."""

    url: str
    type: str
    alt: str
    size: int

    @classmethod
    def of(cls, run_id: str, media: Media) -> "MediaBody":
        """Return the body of one that is stored."""
        return cls(url=f"/api/runs/{run_id}/files/{media.file}", type=media.type or "", alt=media.alt, size=media.size)


class UsageBody(BaseModel):
    """What the gateway reported; null where it did not. `cost` is in US dollars."""

    model: str
    input_tokens: int | None
    output_tokens: int | None
    cost: float | None

    @classmethod
    def of(cls, usage: Usage) -> "UsageBody":
        """Return the body."""
        return cls(
            model=usage.model,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost=usage.cost,
        )


class GeneratedBody(BaseModel):
    """The answer. `answer` is JSON where that was asked for."""

    run_id: str
    url: str
    text: str | None
    answer: Any = None
    media: list[MediaBody]
    usage: UsageBody
    warnings: list[str]

    @classmethod
    def of(cls, found: Generated) -> "GeneratedBody":
        """Return the body of an answer."""
        run_id = str(found.run.id)
        return cls(
            run_id=run_id,
            url=f"/run?id={run_id}",
            text=found.text,
            answer=found.answer,
            media=[MediaBody.of(run_id, one) for one in found.media if one.file],
            usage=UsageBody.of(found.usage),
            warnings=list(found.warnings),
        )


@router.post("/generate/{kind}", responses=ANSWERS)
async def generate(
    kind: Kind,
    body: GenerateRequest,
    response: Response,
    actor: CurrentActor,
    wait: Annotated[float, Query(ge=0, le=LONGEST, description="seconds to wait for the answer")] = WAIT,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> GeneratedBody | RunStatus:
    """Make a text, images or a video, and answer with it once it is there."""
    context = contexts.current()
    inputs = {key: value for key, value in body.model_dump().items() if value is not None}
    key = f"generate:{kind}:{idempotency_key}" if idempotency_key else None
    run = await run_in_threadpool(start_generation, context, kind, inputs, actor=actor, key=key)
    now = await wait_for_end(context, run.id, wait, actor=actor)
    if not now.final:
        response.status_code = 202
        return RunStatus(run_id=str(run.id), status=str(now.run.status), url=f"/run?id={run.id}")
    return GeneratedBody.of(read_generation(now))
