"""Texts that the database cannot hold and days at the ends of the calendar are answered, not failed on."""

import pytest

from engine.processes import context as contexts
from tests.actors import BOB

ASKED = [
    ("GET", "/audit?by=%00", 200),
    ("GET", "/audit?action=%00", 200),
    ("DELETE", "/secrets/%00", 404),
    ("PATCH", "/people/bo%00b", 200),
    ("GET", "/runs?query=date:9999-12-31", 200),
    ("GET", "/runs?query=date:0001-01-01&zone=Pacific/Kiritimati", 200),
    ("GET", "/groups?app=%00", 404),
    ("GET", "/groups?app=99999999999999999999", 404),
    ("POST", "/apps/99999999999/sweeps", 404),
]


@pytest.mark.parametrize(("method", "address", "status"), ASKED)
def test_what_no_column_can_hold_is_answered(client, method, address, status):
    contexts.current().user_id(BOB)
    body = {"role": "viewer"} if method == "PATCH" else {"inputs": {}}
    answer = client.request(method, address, json=body if method in {"PATCH", "POST"} else None)
    assert answer.status_code == status, answer.text
