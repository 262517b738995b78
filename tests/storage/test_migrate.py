import threading
import uuid
from urllib.parse import quote

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text

from contract.access import GrantKind
from contract.errors import DatabaseUnavailable
from contract.gateway import Usage
from contract.package_lock import LockedPackage, PackageLock
from contract.query_reader import read_query
from contract.run import LinkKind, Status, Visibility
from contract.run_group import GroupKind, GroupStatus
from contract.run_links import NodeKind
from contract.run_search import Filter
from storage import (
    annotations,
    apps,
    audit,
    explanations,
    favourites,
    gateway_calls,
    grants,
    package_locks,
    portfolio,
    registrations,
    run_groups,
    run_links,
    runs,
    saved_searches,
    scenarios,
    users,
    versions,
)
from storage.database import Database
from storage.migrate import config, migrate
from storage.search import count_runs, search_runs
from storage.tables import metadata
from storage.visibility import Viewer
from tests.storage.factory import add_app, add_run


def test_the_migrations_create_exactly_the_tables_that_the_code_describes(database):
    def ours(_object, name, kind, _reflected, _compared):
        return not (kind == "table" and name.startswith("procrastinate"))

    with database.begin() as conn:
        context = MigrationContext.configure(conn, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []


@pytest.fixture
def older(server_url):
    """Return an empty database at an older revision; it is removed afterwards."""
    base, _, query = server_url.partition("?")
    url = f"{base.rsplit('/', 1)[0]}/older" + (f"?{query}" if query else "")
    opened = []

    def make(revision):
        with psycopg.connect(server_url, autocommit=True) as conn:
            conn.execute("drop database if exists older with (force)")
            conn.execute("create database older")
        database = Database(url, pool=1)
        opened.append(database)
        with database.begin() as conn:
            command.upgrade(config(conn), revision)
        return database

    yield make
    for database in opened:
        database.close()


ROWS = """
insert into users (name) values ('ada');
insert into blobs (hash, size, bytes) values ('a', 1, 'x');
insert into apps (slug, source) values ('mortality', '{}');
insert into versions (app_id, hash, manifest, cases, archive, created_by)
select a.id, 'v1', '{"name": "M"}', '[]', 'a', u.id from apps a, users u;
insert into runs (id, app_id, version, status, inputs, digest, seed, user_id, turn, held)
select gen_random_uuid(), a.id, 'v1', s, '{"age": 45}', 'd', 7, u.id, 3, s = 'PENDING'
from apps a, users u, unnest(array['PENDING', 'SUCCESS']) s;
insert into grants (app_id, kind, name, granted_by) select a.id, 'host', 'example.com', u.id from apps a, users u;
"""


def test_runs_and_grants_of_the_last_release_survive_the_upgrade(older):
    database = older("0003")
    with database.begin() as conn:
        conn.exec_driver_sql(ROWS)
        before = conn.execute(text("select id, status, inputs, seed from runs order by id")).all()
    migrate(database)
    with database.begin() as conn:
        assert conn.execute(text("select id, status, inputs, seed from runs order by id")).all() == before
        found = conn.execute(text("select status, rank, on_hold from runs order by status")).all()
        assert found == [("PENDING", 3, True), ("SUCCESS", 3, False)]
        assert conn.execute(text("select kind, name from grants")).all() == [("host", "example.com")]


FILES = """
update runs set inputs = jsonb_build_object('age', 45, 'data', jsonb_build_object('file', 'a', 'name', 'x.csv', 'size', 9),
    'gone', jsonb_build_object('file', 'b', 'name', 'y.csv'), 'rows', '[{"file": "a"}]'::jsonb, 'text', 'a');
"""


def test_files_that_runs_named_before_count_as_uploaded_by_their_users_with_their_real_size(older):
    database = older("0004")
    with database.begin() as conn:
        conn.exec_driver_sql(ROWS.replace("turn, held", "rank, on_hold"))
        conn.exec_driver_sql(FILES)
    migrate(database)
    with database.begin() as conn:
        statement = "select u.name, l.hash, l.name, l.size from uploads l join users u on u.id = l.user_id"
        assert conn.execute(text(statement)).all() == [("ada", "a", "x.csv", 1)]
        assert conn.execute(text("select count(*) from runs where cancelled_by is null")).scalar_one() == 2


FOUND = """
insert into runs (id, app_id, version, status, inputs, digest, seed, user_id, reason)
select gen_random_uuid(), a.id, 'v1', 'FAILED', cast(i as jsonb), 'd', 7, u.id, 'The Model failed.'
from apps a, users u, unnest(array['{"law": "Gompertz", "n": 471}', '{"rows": [{"t": "Österreich"}, {"t": "x"}]}']) i;
"""


def test_runs_of_the_last_release_are_found_by_their_words_after_the_upgrade(older):
    database = older("0004")
    with database.begin() as conn:
        conn.exec_driver_sql(ROWS.replace("turn, held", "rank, on_hold") + FOUND)
        conn.execute(text("analyze runs"))
    migrate(database)
    with database.read() as conn:
        for words, count in (
            ("gompertz", 1),
            ("ÖSTERREICH", 1),
            ("471", 0),
            ("law", 0),
            ("model failed", 2),
            ("ada mortality", 4),
        ):
            assert count_runs(conn, Filter(text=words)) == count, words
        names = conn.execute(text("select indexname from pg_indexes where tablename like 'run%'")).scalars().all()
    assert {"run_search_words", "run_search_ids"} <= set(names)
    assert not {"runs_inputs", "runs_batch"} & set(names)


HOOK = """
insert into webhooks (id, user_id, url, secret)
select gen_random_uuid(), id, 'https://example.com', 'whsec_' from users where name = 'ada';
"""


def test_a_run_of_the_last_release_that_ends_after_the_upgrade_is_told_and_one_that_had_ended_is_not(older):
    database = older("0007")
    with database.begin() as conn:
        conn.exec_driver_sql(ROWS.replace("turn, held", "rank, on_hold"))
    migrate(database)
    with database.begin() as conn:
        conn.exec_driver_sql(HOOK)
        waiting = conn.execute(text("select id from runs where status = 'PENDING'")).scalar_one()
        conn.execute(text("update runs set progress = 1"))
        assert conn.execute(text("select count(*) from webhook_deliveries")).scalar_one() == 0
        conn.execute(text("update runs set status = 'CANCELLED' where id = :id"), {"id": waiting})
        found = conn.execute(text("select run_id, event, status, attempts from webhook_deliveries")).all()
        assert found == [(waiting, "run.finished", "waiting", 0)]


def test_runs_of_the_last_release_are_their_teams_and_tontines_own_are_public_after_the_upgrade(older):
    database = older("0009")
    with database.begin() as conn:
        conn.exec_driver_sql(ROWS.replace("turn, held", "rank, on_hold"))
        conn.exec_driver_sql(
            "insert into users (name) values ('system'); update runs set user_id = (select id from users where "
            "name = 'system') where status = 'SUCCESS'"
        )
    migrate(database)
    with database.begin() as conn:
        found = conn.execute(text("select status, visibility from runs order by status")).all()
        assert found == [("PENDING", "team"), ("SUCCESS", "public")]
        people = conn.execute(text("select name, role, teams, subject, disabled_at from users order by name")).all()
        assert people == [("ada", None, [], None, None), ("system", None, [], None, None)]
        assert audit.verify(conn).rows == 0
        reader = users.get_or_create_user(conn, "bob")
        viewer = Viewer(reader)
        assert count_runs(conn, Filter(user="ada"), viewer=viewer) == 1


def test_a_database_whose_extension_for_trigrams_may_not_be_created_is_searched_without_an_index(server_url):
    base, _, query = server_url.partition("?")
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute("drop database if exists plain with (force)")
        conn.execute("drop role if exists limited")
        conn.execute("create role limited login password 'limited'")
        conn.execute("create database plain")
    at = f"{base.rsplit('/', 1)[0]}/plain" + (f"?{query}" if query else "")
    with psycopg.connect(at, autocommit=True) as conn:
        conn.execute("revoke create on database plain from public; grant all on schema public to limited")
    parts = conninfo_to_dict(at)
    url = f"postgresql://limited:limited@{'' if parts['host'].startswith('/') else parts['host']}/plain"
    url += f"?host={quote(parts['host'], safe='')}" + (f"&port={parts['port']}" if "port" in parts else "")
    database = Database(url, pool=1)
    try:
        migrate(database)
        with database.begin() as conn:
            run = add_run(conn, add_app(conn), {"law": "Gompertz"})
            found = conn.execute(text("select 1 from pg_extension where extname = 'pg_trgm'")).all()
            assert ([r.id for r in search_runs(conn, Filter(text="gomp")).runs], found) == ([run.id], [])
    finally:
        database.close()
        with psycopg.connect(server_url, autocommit=True) as conn:
            conn.execute("drop database plain with (force)")
            conn.execute("drop role limited")


def test_models_can_be_starred_after_the_upgrade_and_what_was_there_stays(older):
    database = older("0004")
    with database.begin() as conn:
        conn.exec_driver_sql(ROWS.replace("turn, held", "rank, on_hold"))
    migrate(database)
    with database.begin() as conn:
        user, app = conn.execute(text("select u.id, a.id from users u, apps a")).one()
        favourites.add_favourite(conn, user, app)
        assert favourites.list_favourites(conn, "ada") == {app}
        assert conn.execute(text("select count(*) from runs")).scalar_one() == 2


def test_versions_of_the_last_release_have_no_lock_after_the_upgrade_and_new_ones_may_share_one(older):
    database = older("0009")
    with database.begin() as conn:
        conn.exec_driver_sql(ROWS.replace("turn, held", "rank, on_hold"))
    migrate(database)
    lock = PackageLock("3.11", (LockedPackage("alpha", "1.0", ("sha256:0",)),))
    with database.begin() as conn:
        app = conn.execute(text("select id from apps")).scalar_one()
        assert [v.lock for v in versions.list_versions(conn, app)] == [None]
        assert package_locks.put_lock(conn, lock) == package_locks.put_lock(conn, lock) == lock.hash
        conn.execute(text("update versions set package_lock = :hash"), {"hash": lock.hash})
        assert [v.lock for v in versions.list_versions(conn, app)] == [lock]
        assert package_locks.models_by_lock(conn) == {lock.hash: ["mortality"]}
        conn.execute(text("update apps set archived_at = now(), archived_by = (select min(id) from users)"))
        assert package_locks.models_by_lock(conn) == {}
        conn.execute(text("update package_locks set created_at = now() - interval '2 days'"))
        assert package_locks.delete_unreferenced(conn) == 0
        conn.execute(text("update versions set package_lock = null"))
        assert package_locks.delete_unreferenced(conn) == 1


def test_two_processes_that_start_together_migrate_once(server_url):
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute("drop database if exists together with (force)")
        conn.execute("create database together")
    base, _, query = server_url.partition("?")
    url = f"{base.rsplit('/', 1)[0]}/together" + (f"?{query}" if query else "")
    failures = []

    def start():
        database = Database(url, pool=1)
        try:
            migrate(database)
        except Exception as error:  # noqa: BLE001
            failures.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_database_newer_than_the_release_is_refused(database):
    with database.begin() as conn:
        conn.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(DatabaseUnavailable, match="9999"):
        migrate(database)


def test_a_server_that_cannot_be_reached_is_one_error_with_its_reason():
    database = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(DatabaseUnavailable, match="refused"), database.read():
        pass


def test_models_of_the_last_release_belong_to_who_registered_them_first_and_stay_in_the_catalogue(older):
    database = older("0003")
    with database.begin() as conn:
        conn.exec_driver_sql(ROWS)
        conn.exec_driver_sql(
            "insert into users (name) values ('bob'); insert into versions (app_id, hash, manifest, cases, archive, "
            "created_by, created_at) select a.id, 'v2', '{\"name\": \"M\"}', '[]', 'a', u.id, now() + interval '1 day' "
            "from apps a, users u where u.name = 'bob'; update apps set current_version = 'v2'"
        )
    migrate(database)
    with database.begin() as conn:
        [app] = apps.list_apps(conn)
        assert (app.slug, app.owner, app.hidden, app.archived) == ("mortality", "ada", False, False)
        assert [v.hash for v in versions.list_versions(conn, app.id)] == ["v2", "v1"]
        assert registrations.list_registrations(conn, 10) == []


WEBHOOK = """
insert into users (name) values ('ada');
insert into webhooks (id, user_id, url, secret) select gen_random_uuid(), id, 'https://example.com', 'whsec_plain' from users;
create schema tontine_explorer;
create view tontine_explorer.users as select id, name from public.users;
"""


def test_webhooks_survive_the_upgrade_to_secrets_and_the_explorers_views_give_way_to_it(older):
    database = older("0009")
    with database.begin() as conn:
        conn.exec_driver_sql(WEBHOOK)
    migrate(database)
    with database.begin() as conn:
        assert conn.execute(text("select url, secret from webhooks")).all() == [("https://example.com", "whsec_plain")]
        assert conn.execute(text("select count(*) from secrets")).scalar_one() == 0
        assert conn.execute(text("select count(*) from saved_queries")).scalar_one() == 0
        assert conn.execute(text("select to_regnamespace('tontine_explorer')")).scalar_one() is None


def test_runs_of_the_last_release_can_be_annotated_after_the_upgrade_and_are_the_same(older):
    database = older("0009")
    with database.begin() as conn:
        conn.exec_driver_sql(ROWS.replace("turn, held", "rank, on_hold"))
        before = conn.execute(text("select * from runs order by id")).all()
    migrate(database)
    with database.begin() as conn:
        for run in before:
            annotations.add_tag(conn, run.id, "q3", run.user_id)
            annotations.set_star(conn, run.id, run.user_id, starred=True)
            annotations.add_note(conn, run.id, "checked", run.user_id)
        annotations.set_baseline(conn, before[0].app_id, before[0].id, before[0].user_id)
        saved_searches.save_search(conn, before[0].user_id, "Mine", "tag:q3", shared=False)
    with database.read() as conn:
        after = conn.execute(text("select * from runs order by id")).all()
        assert [tuple(run)[: len(before[0])] for run in after] == [tuple(run) for run in before]
        assert count_runs(conn, Filter(query=read_query("tag:q3 starred:ada note~check").query)) == 2
        assert count_runs(conn, Filter(query=read_query("baseline").query)) == 1
        assert [one.user for one in saved_searches.list_searches(conn, before[0].user_id)] == ["ada"]


def test_runs_of_a_batch_survive_as_members_that_their_group_counts_and_no_webhook_hears_of(older):
    database = older("0009")
    with database.begin() as conn:
        conn.exec_driver_sql(ROWS.replace("turn, held", "rank, on_hold"))
        conn.exec_driver_sql(
            "update runs set batch = gen_random_uuid() where status = 'PENDING'; insert into webhooks (id, user_id, "
            "url, secret) select gen_random_uuid(), id, 'https://example.com', 's' from users"
        )
    migrate(database)
    with database.begin() as conn:
        [(member, batch)] = conn.execute(text("select id, batch from runs where batch is not null")).all()
        app, version, user = conn.execute(text("select app_id, version, user_id from runs limit 1")).one()
        run_groups.insert_group(
            conn,
            batch,
            kind=GroupKind.SWEEP,
            app_id=app,
            version=version,
            user_id=user,
            definition={"seed": 1},
            inputs={},
            total=1,
        )
        runs.request_cancel(conn, member)
        found = run_groups.get_group(conn, batch)
        assert (found.status, found.done, found.failed) == (GroupStatus.FINISHED, 1, 1)
        assert conn.execute(text("select count(*) from webhook_deliveries")).scalar_one() == 0


def test_points_of_the_last_release_have_no_name_after_the_upgrade_and_scenarios_can_be_saved(older):
    database = older("0017")
    with database.begin() as conn:
        conn.exec_driver_sql(ROWS.replace("turn, held", "rank, on_hold"))
        conn.exec_driver_sql(
            "insert into run_groups (id, kind, app_id, version, user_id, definition, inputs, status, total) select "
            "gen_random_uuid(), 'sweep', v.app_id, v.hash, v.created_by, '{}', '{}', 'FINISHED', 1 from versions v; "
            "insert into run_group_points (group_id, number, version, changes) select id, 0, 'v1', '{\"age\": 50}' "
            "from run_groups"
        )
    migrate(database)
    with database.begin() as conn:
        [group] = run_groups.list_groups(conn, limit=2)
        [point] = run_groups.list_points(conn, group.id)
        assert (point.changes, point.name) == ({"age": 50}, None)
        app, user = conn.execute(text("select app_id, user_id from runs limit 1")).one()
        wanted = {"app_id": app, "version": "v1", "user_id": user, "inputs": {"age": 50}}
        assert scenarios.insert_scenario(conn, name="Base", visibility=Visibility.TEAM, **wanted) is not None
        assert scenarios.insert_scenario(conn, name="BASE", visibility=Visibility.TEAM, **wanted) is None
        [saved] = scenarios.list_scenarios(conn, app, user, viewer=Viewer(user), limit=2)
        assert (saved.name, saved.user, saved.changed_by) == ("Base", "ada", "ada")


CHANGE = """
insert into run_groups (id, kind, app_id, version, user_id, definition, inputs, status, total)
select gen_random_uuid(), kind, r.app_id, r.version, r.user_id, definition, '{}', 'FINISHED', 1 from
    (select min(id::text) as one, max(id::text) as other, min(app_id) as app_id, min(version) as version,
            min(user_id) as user_id from runs) r
    cross join lateral (values ('change', json_build_object('before', one, 'after', other)), ('sweep', '{"axes": []}'),
        ('change', json_build_object('before', one, 'after', gen_random_uuid()))) g(kind, definition);
"""


def test_runs_from_before_origins_were_stored_are_the_same_and_analyses_of_change_know_their_runs(older):
    database = older("0017")
    with database.begin() as conn:
        conn.exec_driver_sql(ROWS.replace("turn, held", "rank, on_hold"))
        conn.exec_driver_sql(CHANGE)
        before = conn.execute(text("select * from runs order by id")).all()
    migrate(database)
    with database.begin() as conn:
        after = conn.execute(text("select * from runs order by id")).all()
        assert [tuple(run)[: len(before[0])] for run in after] == [tuple(run) for run in before]
        one, other = before[0].id, before[-1].id
        assert one != other
        assert sorted(conn.execute(text("select run_id from run_group_sources")).scalars()) == [one, one, other]
        found = run_links.read_links(conn, one, before=3, after=2, most=40)
        assert [node.kind for node in found.nodes] == [NodeKind.RUN, NodeKind.GROUP, NodeKind.GROUP]
        known = {"app_id": before[0].app_id, "version": before[0].version, "user_id": before[0].user_id}
        made, _ = runs.insert_run(conn, inputs={}, seed=1, origin=(LinkKind.EDITED, other), **known)
        assert made.origin_kind is LinkKind.EDITED


def test_groups_of_the_last_release_stay_and_an_upgrade_impact_can_be_stored(older):
    database = older("0020")
    with database.begin() as conn:
        conn.exec_driver_sql(ROWS.replace("turn, held", "rank, on_hold"))
        conn.exec_driver_sql(CHANGE)
    migrate(database)
    with database.begin() as conn:
        assert sorted(group.kind for group in run_groups.list_groups(conn, limit=9)) == ["change", "change", "sweep"]
        app, version, user = conn.execute(text("select app_id, version, user_id from runs limit 1")).one()
        known = {"app_id": app, "version": version, "user_id": user, "definition": {"seed": 1}, "inputs": {}}
        run_groups.insert_group(conn, uuid.uuid4(), kind=GroupKind.UPGRADE, total=1, **known)
        assert GroupKind.UPGRADE in {group.kind for group in run_groups.list_groups(conn, limit=9)}


def test_a_run_from_before_portfolio_sessions_ends_after_the_upgrade_as_it_always_did(older):
    database = older("0020")
    with database.begin() as conn:
        conn.exec_driver_sql(ROWS.replace("turn, held", "rank, on_hold"))
        waiting = conn.execute(text("select id from runs where status = 'PENDING'")).scalar_one()
    migrate(database)
    with database.begin() as conn:
        attempt = runs.claim_run(conn, waiting, "w").attempt
        assert runs.finish_run(conn, waiting, attempt, status=Status.SUCCESS, doc={"summary": {"a": 1}})
        assert runs.get_run(conn, waiting).status is Status.SUCCESS
        assert portfolio.analysis_of_run(conn, waiting) is None
        assert conn.execute(text("select count(*) from portfolio_messages")).scalar_one() == 0


def test_grants_from_before_the_gateway_stay_and_private_hosts_and_calls_are_stored_beside_them(older):
    database = older("0020")
    with database.begin() as conn:
        conn.exec_driver_sql(ROWS.replace("turn, held", "rank, on_hold"))
        conn.exec_driver_sql(
            "insert into grants (app_id, kind, name, granted_by) select a.id, 'host', 'api.example.com', u.id "
            "from apps a, users u limit 1"
        )
        before = conn.execute(text("select * from grants")).all()
    migrate(database)
    with database.begin() as conn:
        assert conn.execute(text("select * from grants")).all() == before
        app, user = before[0].app_id, before[0].granted_by
        assert grants.grant(conn, app, GrantKind.PRIVATE_HOST, "ai.office.example:8000", user)
        run_id = conn.execute(text("select id from runs where user_id = :user limit 1"), {"user": user}).scalar_one()
        gateway_calls.record_call(conn, run_id, Usage("demo", 1, 2, 0.25))
        gateway_calls.record_call(conn, run_id, Usage("demo", 1, 2, 0.25))  # a run makes one call
        assert gateway_calls.spent_today(conn, "ada") == 0.25
        explanations.insert_explanation(conn, run_id, run_id, user)
        assert [e.asked_by for e in explanations.list_explanations(conn, run_id)] == ["ada"]
