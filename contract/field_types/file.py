"""Files: uploaded ones by the hash of their content, or one of the model's own by its name."""

from typing import Any, ClassVar

from contract.field_types.declaration import DeclarationReader
from contract.field_types.handler import FieldTypeHandler
from contract.fields import MAX_FILE_MB, Field
from contract.wording import shorten


class FileType(FieldTypeHandler):
    """A file."""

    keys: ClassVar[frozenset[str]] = frozenset({"accept", "max_mb"})

    def parse(self, reader: DeclarationReader, *, column: bool) -> dict[str, Any]:
        """Return the endings that are accepted and the largest size in MB."""
        del column
        accept = reader.typed("accept", list, "a list of endings", default=[])
        for ending in accept:
            if not isinstance(ending, str) or not ending.startswith("."):
                reader.problem("accept", f"{shorten(ending)} is not a file ending", 'Write endings as ".csv".')
        default = reader.raw.get("default")
        if default is not None and not isinstance(default, str):
            reader.problem("default", f"{shorten(default)} is not a file's name", "Name a file of the folder.")
        return {
            "accept": tuple(str(e).lower() for e in accept),
            "max_mb": float(reader.number("max_mb", MAX_FILE_MB)),
        }

    def json_schema(self, field: Field) -> dict[str, Any]:
        """Return an uploaded file by its content hash, or the folder's own file by its name."""
        return {
            "type": ["object", "string"],
            "properties": {
                "file": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256 of the content"},
                "name": {"type": "string", "maxLength": 255},
                "size": {"type": "integer", "minimum": 0, "maximum": int(field.max_mb * 1_000_000)},
            },
            "required": ["file", "name"],
            "additionalProperties": False,
            "x-accept": list(field.accept),
            "x-max-mb": field.max_mb,
        }

    def expected_text(self, field: Field) -> str:
        """Return the endings and the size."""
        kinds = " or ".join(field.accept)
        return f"an uploaded {kinds or 'file'} of at most {field.max_mb:g} MB".replace("  ", " ")
