"""Where runs came from: stored with them, walked both ways, bounded, by index, and closed to whom a run is not for."""

import uuid

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from contract.run import LinkKind, Visibility
from contract.run_group import GroupKind
from contract.run_links import NodeKind
from storage import run_groups, run_links, users
from storage.visibility import Viewer
from tests.storage.factory import add_app, add_run

EDITED, REPLAY, REUSED = LinkKind.EDITED, LinkKind.REPLAY, LinkKind.REUSED


@pytest.fixture
def app(database):
    with database.begin() as conn:
        return add_app(conn)


def around(database, run, *, before=3, after=2, most=40, viewer=None):
    with database.read() as conn:
        return run_links.read_links(conn, run.id, before=before, after=after, most=most, viewer=viewer)


def add_group(conn, app, source=None, user="ada", visibility=Visibility.TEAM, total=3):
    group_id = uuid.uuid4()
    run_groups.insert_group(
        conn,
        group_id,
        kind=GroupKind.SWEEP,
        app_id=app.id,
        version=app.current_version,
        user_id=users.get_or_create_user(conn, user),
        definition={"seed": 1},
        inputs={"age": 45},
        total=total,
        visibility=visibility,
        sources=() if source is None else (source.id,),
    )
    return group_id


def links_of(found):
    """Return the links by the ids of the runs and groups, None for those that are not told."""
    return {(str(link.kind), found.node(link.source).id, found.node(link.target).id) for link in found.links}


def finish(conn, run):
    conn.execute(text("update runs set status = 'SUCCESS' where id = :id"), {"id": run.id})


def test_a_run_is_linked_with_what_it_was_edited_from_and_what_was_made_from_it(database, app):
    with database.begin() as conn:
        first = add_run(conn, app)
        second = add_run(conn, app, {"age": 48}, origin=(EDITED, first.id))
        again = add_run(conn, app, {"age": 48}, origin=(REPLAY, second.id))
        stranger = add_run(conn, app)
    assert (first.origin_kind, second.origin_kind, again.origin_kind) == (None, EDITED, REPLAY)
    found = around(database, second)
    assert links_of(found) == {("edited", first.id, second.id), ("replay", second.id, again.id)}
    assert {node.id: node.depth for node in found.nodes} == {first.id: -1, second.id: 0, again.id: 1}
    assert found.node(found.focus).id == second.id
    assert (found.shown, found.total, found.capped) == (3, 3, False)
    assert next(node for node in found.nodes if node.id == first.id).inputs == {"age": 45}
    assert [node.id for node in around(database, stranger).nodes] == [stranger.id]


def test_a_run_that_reuses_the_result_of_the_run_it_was_edited_from_is_linked_twice_and_counted_once(database, app):
    with database.begin() as conn:
        first = add_run(conn, app)
        finish(conn, first)
        second = add_run(conn, app, origin=(EDITED, first.id), reused_from=first.id)
    for run in (first, second):
        found = around(database, run)
        assert links_of(found) == {("edited", first.id, second.id), ("reused", first.id, second.id)}
        assert (found.shown, found.total) == (2, 2)


def test_a_group_is_one_node_between_the_run_it_began_with_and_each_of_its_runs(database, app):
    with database.begin() as conn:
        source = add_run(conn, app)
        group = add_group(conn, app, source)
        members = [add_run(conn, app, {"age": age}, batch=group) for age in (50, 51, 52)]
        made = add_run(conn, app, {"age": 53}, origin=(EDITED, members[0].id))
    above = around(database, source)
    assert links_of(above) == {("source", source.id, group)}
    [node] = [node for node in above.nodes if node.kind is NodeKind.GROUP]
    assert (node.runs, node.group, node.inputs, above.shown, above.total) == (3, GroupKind.SWEEP, {"age": 45}, 2, 2)
    inside = around(database, members[0])
    assert links_of(inside) == {
        ("source", source.id, group),
        ("member", group, members[0].id),
        ("edited", members[0].id, made.id),
    }
    assert (inside.shown, inside.total) == (4, 4)


def test_points_that_reuse_a_result_do_not_flood_the_graph_of_the_run_that_made_it(database, app):
    with database.begin() as conn:
        first = add_run(conn, app)
        finish(conn, first)
        group = add_group(conn, app, first)
        point = add_run(conn, app, batch=group, reused_from=first.id)
    found = around(database, first)
    assert links_of(found) == {("source", first.id, group)}
    assert (found.shown, found.total) == (2, 2)
    assert ("reused", first.id, point.id) in links_of(around(database, point))


def test_a_private_run_between_two_of_ones_own_is_told_without_its_id_and_hides_what_is_behind_it(database, app):
    with database.begin() as conn:
        first = add_run(conn, app, user="ada")
        secret = add_run(conn, app, {"age": 99}, user="grace", visibility=Visibility.PRIVATE, origin=(EDITED, first.id))
        last = add_run(conn, app, user="ada", origin=(EDITED, secret.id))
        viewer = Viewer(users.get_or_create_user(conn, "ada"))
    found = around(database, last, viewer=viewer)
    [hidden] = [node for node in found.nodes if node.kind is NodeKind.HIDDEN]
    assert links_of(found) == {("edited", None, last.id)}
    assert (hidden.id, hidden.user, hidden.at, hidden.inputs, hidden.status, hidden.app_slug) == (
        None, "", None, None, None, "",
    )  # fmt: skip
    assert str(secret.id) not in repr(found)
    assert "grace" not in repr(found)
    assert str(first.id) not in repr(found)
    below = around(database, first, viewer=viewer)
    assert links_of(below) == {("unknown", first.id, None)}
    assert [node.runs for node in below.nodes if node.kind is NodeKind.HIDDEN] == [1]
    assert str(last.id) not in repr(below)
    assert links_of(around(database, first, viewer=None)) == {
        ("edited", first.id, secret.id),
        ("edited", secret.id, last.id),
    }


def test_a_private_group_is_told_to_the_owner_of_a_shared_point_without_its_id(database, app):
    with database.begin() as conn:
        source = add_run(conn, app)
        group = add_group(conn, app, source, user="grace", visibility=Visibility.PRIVATE)
        point = add_run(conn, app, batch=group, user="grace", visibility=Visibility.PUBLIC)
        viewer = Viewer(users.get_or_create_user(conn, "ada"))
    found = around(database, point, viewer=viewer)
    assert links_of(found) == {("member", None, point.id)}
    assert str(group) not in repr(found)
    assert links_of(around(database, source, viewer=viewer)) == {("unknown", source.id, None)}


def test_a_parent_that_was_deleted_leaves_that_there_was_one(database, app):
    with database.begin() as conn:
        first = add_run(conn, app)
        second = add_run(conn, app, origin=(EDITED, first.id))
        conn.execute(text("delete from run_search where run_id = :id"), {"id": first.id})
        conn.execute(text("delete from runs where id = :id"), {"id": first.id})
    found = around(database, second)
    assert [node.kind for node in found.nodes] == [NodeKind.DELETED, NodeKind.RUN]
    assert links_of(found) == {("edited", None, second.id)}


def test_no_run_comes_from_itself_or_from_a_run_made_later(database, app):
    with database.begin() as conn:
        first = add_run(conn, app)
        second = add_run(conn, app, origin=(EDITED, first.id))
    statements = (
        "update runs set origin_kind = 'edited', origin = :later where id = :earlier",
        "update runs set origin = :earlier, origin_kind = 'replay' where id = :earlier",
        "update runs set origin_kind = null where id = :later",
    )
    for statement in statements:
        with pytest.raises(DBAPIError, match="never changed"), database.begin() as conn:
            conn.execute(text(statement), {"earlier": first.id, "later": second.id})
    with pytest.raises(IntegrityError), database.begin() as conn:
        add_run(conn, app, origin=(EDITED, uuid.uuid4()))


def test_of_many_children_the_newest_are_shown_and_the_others_counted(database, app):
    with database.begin() as conn:
        first = add_run(conn, app)
        children = [add_run(conn, app, {"age": age}, origin=(EDITED, first.id)) for age in range(30)]
    found = around(database, first)
    shown = {node.id for node in found.nodes if node.depth == 1}
    assert shown == {run.id for run in children[-run_links.CHILDREN :]}
    assert found.node(found.focus).more_after == 30 - run_links.CHILDREN
    assert (found.shown, found.total) == (1 + run_links.CHILDREN, 31)
    few = around(database, first, most=5)
    assert (few.shown, few.total) == (5, 31)


def test_thousands_of_children_are_counted_up_to_a_cap(database, app):
    with database.begin() as conn:
        first = add_run(conn, app)
        add_run(conn, app, origin=(EDITED, first.id))
        conn.execute(text(COPIES), {"first": first.id, "count": 1_500})
    found = around(database, first)
    assert found.capped
    assert found.total == 1 + run_links.COUNTED


def test_a_long_chain_is_cut_at_both_ends_and_can_be_walked_on(database, app):
    with database.begin() as conn:
        chain = [add_run(conn, app)]
        for _ in range(9):
            chain.append(add_run(conn, app, origin=(EDITED, chain[-1].id)))
    found = around(database, chain[5])
    assert [node.id for node in found.nodes] == [run.id for run in chain[2:8]]
    ends = {node.id: (node.more_before, node.more_after) for node in found.nodes}
    assert ends[chain[2].id] == (1, 0)
    assert ends[chain[7].id] == (0, 1)
    assert (found.shown, found.total) == (6, 8)


COPIES = """
insert into runs (id, app_id, version, status, inputs, digest, seed, user_id, origin_kind, origin)
select gen_random_uuid(), r.app_id, r.version, 'SUCCESS', r.inputs, 'd', 1, r.user_id, 'edited', r.id
from runs r, generate_series(1, :count) where r.id = :first
"""
FILL = """
insert into runs (id, app_id, version, status, inputs, digest, seed, user_id, origin_kind, origin, reused_from)
select gen_random_uuid(), r.app_id, r.version, 'SUCCESS', r.inputs, 'd', 1, r.user_id,
       case when mod(n, 2) = 0 then 'edited' end, case when mod(n, 2) = 0 then r.id end,
       case when mod(n, 2) = 1 then r.id end
from (select * from runs order by id limit 200) r, generate_series(1, 100) n;
insert into run_groups (id, kind, app_id, version, user_id, definition, inputs, status, total)
select gen_random_uuid(), 'sweep', g.app_id, g.version, g.user_id, '{}', '{}', 'FINISHED', 1
from run_groups g, generate_series(1, 20000);
insert into run_group_sources select g.id, r.id from (select id, row_number() over () as n from run_groups) g
join (select id, row_number() over () as n from runs) r using (n) on conflict do nothing;
"""


@pytest.mark.parametrize("viewer", [None, Viewer(1)], ids=["administrator", "somebody"])
def test_among_many_runs_the_links_are_found_by_index(database, app, viewer):
    with database.begin() as conn:
        runs = [add_run(conn, app) for _ in range(200)]
        add_group(conn, app, runs[0])
        conn.exec_driver_sql(FILL)
    with database.autocommit() as conn:
        conn.execute(text("vacuum analyze runs, run_groups, run_group_sources, users"))
    statements = []
    with database.begin() as conn:
        event.listen(conn, "before_cursor_execute", lambda *call: statements.append(call[2:4]))
        run_links.read_links(conn, runs[0].id, before=3, after=2, most=40, viewer=viewer)
        asked = list(statements)
        plans = ["\n".join(row[0] for row in conn.exec_driver_sql("explain " + one, values)) for one, values in asked]
    for plan in plans:
        assert "Seq Scan on runs" not in plan, plan
        assert "Seq Scan on run_group" not in plan, plan
    assert sum("runs_by_origin" in plan for plan in plans) == 2
    assert sum("runs_by_reused" in plan for plan in plans) == 2
    assert sum("run_group_sources_by_run" in plan for plan in plans) == 2
