"""The audit log: who did what, in order, each row's hash over its own content and the hash of the row before it.

Chosen: a row is appended in the transaction of what it records, so that neither is there without the other; a lock of
the transaction keeps the rows in one chain. Rows are numbered without gaps: one that is missing is found as surely as
one that was changed.
Left out: rows cut off the end, which no chain can show by itself. `verify` returns the last hash to be kept elsewhere,
and takes one that was kept.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping

from contract.audit import AuditRow, Verification
from storage.sql import sql

START = "0" * 64  # what the first row's hash follows
LOCK = 0x7461_7564  # of the database's advisory locks, the one for appending
BATCH = 1_000

_LAST = sql("select number, hash from audit_log order by number desc limit 1")
_ADD = sql("""
insert into audit_log (number, at, actor, action, subject, detail, previous_hash, hash)
values (:number, :at, :actor, :action, :subject, cast(:detail as json), :previous_hash, :hash)""")
_COLUMNS = "number, at, actor, action, subject, detail, previous_hash, hash"


def append(
    conn: Connection, *, actor: str, action: str, subject: str, detail: Mapping[str, Any] | None = None
) -> AuditRow:
    """Append a row in the transaction of `conn`, which must be one: the caller records what it does in it.

    Call it last: others that append wait until the transaction ends.

    Args:
        conn: the transaction of what is recorded.
        actor: who did it, by name.
        action: what was done, as a dotted word such as `token.created`.
        subject: what it was done to: a person, a model, a run, a secret by its name.
        detail: more of it as JSON: texts, whole numbers, booleans, lists and mappings of them; never a secret's value.
    """
    conn.execute(sql("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    last = conn.execute(_LAST).one_or_none()
    number, previous = (1, START) if last is None else (last.number + 1, last.hash)
    at = datetime.now(UTC)
    texts = [_storable(text) for text in (actor, action, subject)]
    content = orjson.dumps(dict(detail or {}), option=orjson.OPT_SORT_KEYS).decode().replace("\\u0000", "")
    values = {
        "number": number,
        "at": at,
        "actor": texts[0],
        "action": texts[1],
        "subject": texts[2],
        "detail": content,
        "previous_hash": previous,
        "hash": _hash(previous, number, at, (texts[0], texts[1], texts[2]), orjson.loads(content)),
    }
    conn.execute(_ADD, values)
    return _row({**values, "detail": orjson.loads(content)})


def list_rows(
    conn: Connection,
    *,
    before: int | None = None,
    limit: int = 50,
    actor: str | None = None,
    action: str | None = None,
) -> Sequence[AuditRow]:
    """Return rows, the newest first: those with a number below `before`, of one actor or kind of action if given."""
    statement = sql(f"""
        select {_COLUMNS} from audit_log where (cast(:before as bigint) is null or number < :before)
        and (cast(:actor as text) is null or actor = :actor)
        and (cast(:action as text) is null or action = :action or starts_with(action, :action || '.'))
        order by number desc limit :limit""")  # noqa: S608 - words of our own
    wanted = {name: text and _storable(text) for name, text in (("actor", actor), ("action", action))}
    values = {"before": before, "limit": limit, **wanted}
    return [_row(row) for row in conn.execute(statement, values).mappings()]


def verify(conn: Connection, *, expected: str | None = None) -> Verification:
    """Recompute the whole chain.

    Args:
        conn: a connection.
        expected: a hash that an earlier verification returned; the chain must still hold it.

    Returns:
        How many rows there are and the last one's hash, or which row is the first that does not fit, and why.
    """
    number, previous, known = 0, START, expected is None or expected == START
    while True:
        statement = sql(f"select {_COLUMNS} from audit_log where number > :after order by number limit :limit")  # noqa: S608
        rows = conn.execute(statement, {"after": number, "limit": BATCH}).mappings().all()
        for row in rows:
            if row["number"] != number + 1:
                return Verification(number, previous, f"row {number + 1} is missing")
            if row["previous_hash"] != previous:
                return Verification(number, previous, f"row {row['number']} does not follow the row before it")
            who_what = (row["actor"], row["action"], row["subject"])
            found = _hash(previous, row["number"], row["at"], who_what, row["detail"])
            if found != row["hash"]:
                return Verification(number, previous, f"row {row['number']} was changed")
            number, previous = row["number"], found
            known = known or previous == expected
        if len(rows) < BATCH:
            break
    if not known:
        return Verification(number, previous, "no row has the hash that was kept: rows at the end are missing")
    return Verification(number, previous)


def _hash(previous: str, number: int, at: datetime, texts: tuple[str, str, str], detail: Any) -> str:
    content = [number, at.astimezone(UTC).isoformat(timespec="microseconds"), *texts, detail]
    return hashlib.sha256(previous.encode() + orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _row(row: Mapping[str, Any] | RowMapping) -> AuditRow:
    return AuditRow(**{key: row[key] for key in ("number", "at", "actor", "action", "subject", "detail", "hash")})


def _storable(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()
