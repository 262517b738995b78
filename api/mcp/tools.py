"""What the server offers: one tool a model, named `run_` and the model's slug, and a few to look around.

Chosen: the JSON Schema that inputs are checked against, shortened for a reader who pays by the word: a long default is
said in words, and what a form alone needs is left out. Clients check nothing by it that the run does not check again.
Left out: calling them (`api.mcp.calls`).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from mcp_types import Tool, ToolAnnotations

from contract.app import App
from contract.manifest import Manifest
from contract.run import Status
from contract.schema import input_schema

RUN = "run_"
LONGEST_DEFAULT = 200  # characters of a default as JSON
LONGEST_WAIT = 300.0  # s that a tool waits for the end of a run
MOST_RUNS = 50
MOST_ROWS = 200

WAIT = {
    "type": "number",
    "minimum": 0,
    "maximum": LONGEST_WAIT,
    "default": 0,
    "description": "Seconds to wait for the end of a run that has not ended.",
}
RUN_ID = {"type": "string", "format": "uuid", "description": "The run's id."}
# Loose on purpose: what a model returns is its own.
OUTPUT = {
    "type": "object",
    "properties": {
        "run_id": {"type": "string"},
        "status": {"enum": [str(status) for status in Status]},
        "url": {"type": "string", "description": "The page of the run, with all of its result."},
        "summary": {"type": "object", "description": "Figures by label, each with `value` and `unit`."},
        "tables": {"type": "object", "description": "First rows of each table; `shown` of `total`."},
        "series": {"type": "object", "description": "Points of each series; `shown` of `total`, evenly spaced."},
    },
}


def model_tool_name(slug: str) -> str:
    """Return the name of the tool that runs a model."""
    return f"{RUN}{slug}"


def model_tool(app: App, manifest: Manifest) -> Tool:
    """Return the tool that runs a model."""
    return Tool(
        name=model_tool_name(app.slug),
        title=app.name,
        description=_describe(app, manifest),
        input_schema=tool_schema(manifest),
        output_schema=OUTPUT,
        annotations=ToolAnnotations(
            title=app.name,
            read_only_hint=False,
            destructive_hint=False,
            idempotent_hint=manifest.deterministic,
            open_world_hint=bool(manifest.network or manifest.gateway),
        ),
    )


def tool_schema(manifest: Manifest) -> dict[str, Any]:
    """Return the JSON Schema of the model's inputs for a reader: units in words, long defaults named, no `x-` keys."""
    schema = input_schema(manifest)
    return {
        "type": "object",
        "properties": {key: _shorten_property(prop) for key, prop in schema["properties"].items()},
        "required": schema["required"],
        "additionalProperties": False,
    }


def standing_tools() -> list[Tool]:
    """Return the tools that do not depend on the catalogue."""
    return [
        _reader(
            "list_models",
            "List the models of the catalogue: what each computes and the tool that runs it.",
            {"text": {"type": "string", "description": "Words that a model's name, description or tags must have."}},
        ),
        _reader(
            "get_run",
            "Read a run: its status, or its result once it has ended.",
            {"run_id": RUN_ID, "wait": WAIT},
            required=["run_id"],
        ),
        _reader(
            "get_table",
            "Read rows of a table or series of a run's result, from any row on.",
            {
                "run_id": RUN_ID,
                "name": {"type": "string", "description": "The table's or series' name; the first one without it."},
                "offset": {"type": "integer", "minimum": 0, "default": 0, "description": "Rows to skip."},
                "limit": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": 50},
            },
            required=["run_id"],
        ),
        _reader(
            "search_history",
            "Search the runs of all models, newest first.",
            {
                "model": {"type": "string", "description": "A model's slug."},
                "status": {"type": "array", "items": {"enum": [str(status) for status in Status]}},
                "user": {"type": "string", "description": "Who asked for the run."},
                "text": {"type": "string", "description": "Words in a model's or user's name, reason, id or input."},
                "since": {
                    "type": "string",
                    "format": "date-time",
                    "description": "Queued from this time on (ISO 8601).",
                },
                "until": {
                    "type": "string",
                    "format": "date-time",
                    "description": "Queued before this time (ISO 8601).",
                },
                "limit": {"type": "integer", "minimum": 1, "maximum": MOST_RUNS, "default": 20},
                "cursor": {"type": "string", "description": "`next_cursor` of an earlier answer."},
            },
        ),
    ]


def cancel_tool() -> Tool:
    """Return the tool that cancels a run."""
    return Tool(
        name="cancel_run",
        description="Cancel a run; one that has ended stays as it ended.",
        input_schema=_object({"run_id": RUN_ID}, ["run_id"]),
        annotations=ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True),
    )


def _reader(name: str, description: str, properties: Mapping[str, Any], required: Iterable[str] = ()) -> Tool:
    return Tool(
        name=name,
        description=description,
        input_schema=_object(properties, required),
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )


def _object(properties: Mapping[str, Any], required: Iterable[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _describe(app: App, manifest: Manifest) -> str:
    parts = [manifest.description or app.name]
    if manifest.category:
        parts.append(f"Category: {manifest.category}.")
    if manifest.headline:
        parts.append(f"Headline figures: {', '.join(manifest.headline)}.")
    if manifest.inputs:
        parts.append("Inputs that are left out take their defaults.")
    parts += [rule.message for rule in manifest.rules]
    if any(item.type == "file" for item in manifest.inputs.values()):
        parts.append("Upload a file by POST /api/uploads?name=...; what it answers is the input's value.")
    return " ".join(parts)


def _shorten_property(prop: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a value, or of a part of one, in fewer words."""
    found: dict[str, Any] = {key: _shorten(value) for key, value in prop.items() if not key.startswith("x-")}
    said = [str(prop["description"])] if isinstance(prop.get("description"), str) else []
    if prop.get("x-unit"):
        said.append(f"Unit: {prop['x-unit']}.")
    if prop.get("x-labels") and prop.get("enum"):
        pairs = zip(prop["enum"], prop["x-labels"], strict=False)
        labels = [f"{value} = {label}" for value, label in pairs if str(value) != str(label)]
        said += [f"{'; '.join(labels)}."] if labels else []
    if len(json.dumps(found.get("default"), default=str)) > LONGEST_DEFAULT:
        rows = found.pop("default")
        said.append(
            f"Left out, it is the model's default{f' of {len(rows):,} rows' if isinstance(rows, list) else ''}."
        )
    if said:
        found["description"] = " ".join(said)
    return found


def _shorten(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _shorten_property(value)
    return [_shorten(item) for item in value] if isinstance(value, list) else value
