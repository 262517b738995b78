"""Saved queries are everybody's, and nobody's is changed by another."""

import uuid

import pytest

from contract.errors import ExplorerError, NotFoundError
from engine.explorer.saved import delete_query, find_query, list_queries, save_query
from tests.actors import ADA, BOB


def test_a_query_is_saved_by_name_replaced_by_its_author_and_seen_by_all(context):
    first = save_query(context, " Runs by model ", "select 1", actor=ADA)
    second = save_query(context, "Runs by model", "select 2", actor=ADA)
    assert (first.id, second.sql, second.created_by) == (second.id, "select 2", "ada")
    assert list_queries(context, actor=BOB) == [second]
    assert find_query(context, second.id, actor=BOB) == second


def test_another_persons_query_is_not_replaced_and_may_be_deleted(context):
    saved = save_query(context, "Runs", "select 1", actor=ADA)
    with pytest.raises(ExplorerError, match="'Runs' is a query of another person's. Choose another name"):
        save_query(context, "Runs", "select 2", actor=BOB)
    assert find_query(context, saved.id, actor=ADA) == saved
    delete_query(context, saved.id, actor=BOB)
    for call in (find_query, delete_query):
        with pytest.raises(NotFoundError):
            call(context, saved.id, actor=ADA)
    with pytest.raises(NotFoundError):
        delete_query(context, uuid.uuid4(), actor=ADA)


def test_every_problem_of_a_name_and_a_query_is_said_at_once(context):
    for name, sql in (("", " "), ("a\nb", "a\x00"), ("x" * 101, "x" * 20_001), ("\ud800", "\ud800")):
        with pytest.raises(ExplorerError) as raised:
            save_query(context, name, sql, actor=ADA)
        assert [p.where for p in raised.value.problems] == ["name", "query"]
