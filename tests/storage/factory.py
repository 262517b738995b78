"""Rows that storage tests start from."""

from sqlalchemy import select

from storage import apps, blobs, runs, tables, users, versions

MANIFEST = {
    "name": "Mortality",
    "description": "d",
    "category": "Life",
    "tags": ["a"],
    "inputs": {"age": {"type": "number"}},
}


def add_app(conn, slug="mortality", hash_="a" * 64, manifest=MANIFEST):
    app = apps.put_app(conn, slug, {"kind": "local", "path": slug})
    versions.put_version(
        conn,
        app_id=app.id,
        hash=hash_,
        manifest=manifest,
        cases=[],
        archive=blobs.put_blob(conn, b"zip"),
        created_by=users.get_or_create_user(conn, "system"),
    )
    return apps.app_by_id(conn, app.id)


def add_run(conn, app, inputs=None, **values):
    values = {"seed": 1, "user_id": users.get_or_create_user(conn, values.pop("user", "ada")), **values}
    return runs.insert_run(
        conn, app_id=app.id, version=app.current_version, inputs={"age": 45} if inputs is None else inputs, **values
    )[0]


def event_numbers(conn, run_id, after=0):
    """Return the sequence numbers of a run's events beyond `after`, in the order they were stored in."""
    events = tables.run_events
    found = select(events.c.seq).where(events.c.run_id == run_id, events.c.seq > after).order_by(events.c.at)
    return list(conn.execute(found).scalars())


def document(conn, run_id):
    """Return the stored result document of a run, None where there is none."""
    return conn.execute(select(tables.results.c.doc).where(tables.results.c.run_id == run_id)).scalar_one_or_none()
