"""Webhooks: who is told of what, signed how, tried again when, and what is never reached."""

import base64
import dataclasses
import hashlib
import hmac
import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler
from typing import ClassVar

import pytest

from contract.errors import DeliveryError, InputError, NotFoundError
from contract.run import Status
from contract.webhook import DeliveryStatus
from engine.models.catalogue import find_app
from engine.people.audit import list_audit_rows
from engine.runs.cancel import cancel
from engine.runs.submit import submit
from engine.webhooks import send
from engine.webhooks.deliver import BACKOFF, deliver, enqueue_due
from engine.webhooks.manage import (
    MAX_WEBHOOKS,
    create_webhook,
    delete_webhook,
    list_deliveries,
    list_webhooks,
    retry_delivery,
    send_test,
)
from engine.webhooks.signature import make_secret, sign
from storage import runs, users
from storage.encryption import Cipher, new_key
from tests.actors import ADA, ADMIN, GRACE
from tests.engine.hosts import serving

CODE = "def run(inputs):\n    return {}\n"


class Receiver(BaseHTTPRequestHandler):
    """Keeps what it was sent and answers with the next status of `answers`, 204 once they are used up."""

    received: ClassVar[list] = []
    answers: ClassVar[list] = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).received.append((self.path, dict(self.headers), body))
        status = self.answers.pop(0) if self.answers else 204
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://localhost/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def receiver():
    class Own(Receiver):
        received: ClassVar[list] = []
        answers: ClassVar[list] = []

    with serving(Own) as port:
        Own.url = f"http://localhost:{port}/hook?x=1"
        yield Own


@pytest.fixture
def told(context):
    """The context of an installation whose webhooks may lead to this machine."""
    return dataclasses.replace(
        context, limits=dataclasses.replace(context.limits, webhook_private_hosts=("localhost",))
    )


def finish(context, run, status=Status.SUCCESS):
    with context.database.begin() as conn:
        claimed = runs.claim_run(conn, run.id, "test-worker")
        assert runs.finish_run(conn, run.id, claimed.attempt, status=status, doc={} if status == "SUCCESS" else None)


def send_due(context, cipher=None):
    """Make one attempt at each delivery that waits, whenever it is due; returns how many."""
    with context.database.begin() as conn:
        conn.exec_driver_sql("update webhook_deliveries set next_attempt_at = now() where status = 'waiting'")
        found = list(conn.exec_driver_sql("select id from webhook_deliveries where status = 'waiting'").scalars())
    for delivery_id in found:
        deliver(context.database, context.limits, delivery_id, cipher=cipher)
    return len(found)


def test_a_message_is_signed_with_the_secret_that_was_stored_encrypted_and_waits_for_the_key(told, add_model, receiver):
    add_model(CODE)
    object.__setattr__(told, "cipher", Cipher([new_key()]))
    webhook, secret = create_webhook(told, receiver.url, actor=ADA)
    send_test(told, webhook.id, actor=ADA)
    send_due(told)
    [delivery], _ = list_deliveries(told, webhook.id, actor=ADA)
    assert delivery.status is DeliveryStatus.WAITING
    assert "could not be signed" in delivery.error
    assert "TONTINE_SECRETS_KEY" in delivery.error
    assert receiver.received == []
    send_due(told, told.cipher)
    ((_, headers, body),) = receiver.received
    names = {key.lower(): value for key, value in headers.items()}
    assert (
        names["webhook-signature"]
        == (sign(secret, names["webhook-id"], int(names["webhook-timestamp"]), body)["webhook-signature"])
    )


def test_the_end_of_a_run_is_told_once_signed_as_standard_webhooks_are(told, add_model, receiver):
    add_model(CODE)
    _, secret = create_webhook(told, receiver.url, actor=ADA)
    run = submit(told, "probe", {}, actor=ADA)
    assert send_due(told) == 0
    finish(told, run)
    assert (send_due(told), send_due(told)) == (1, 0)
    ((path, headers, body),) = receiver.received
    assert path == "/hook?x=1"
    said = json.loads(body)
    assert (said["type"], said["data"]["run_id"], said["data"]["status"]) == ("run.finished", str(run.id), "SUCCESS")
    names = {key.lower(): value for key, value in headers.items()}
    signed = f"{names['webhook-id']}.{names['webhook-timestamp']}.".encode() + body
    expected = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    assert names["webhook-signature"] == f"v1,{base64.b64encode(expected).decode()}"


def test_the_signature_is_that_of_the_standards_own_example():
    # standardwebhooks.com, "Signature scheme": the libraries' test vector.
    found = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("how", ["cancelled in the queue", "failed", "reused"])
def test_every_way_in_which_a_run_ends_is_told(told, add_model, receiver, how):
    add_model(CODE, deterministic=True)
    if how == "reused":
        finish(told, submit(told, "probe", {}, actor=ADA))
    create_webhook(told, receiver.url, actor=ADA)
    run = submit(told, "probe", {}, actor=ADA)
    if how == "failed":
        finish(told, run, Status.FAILED)
    elif how == "cancelled in the queue":
        cancel(told, run.id, actor=ADA)
    assert send_due(told) == 1
    expected = {"reused": "SUCCESS", "failed": "FAILED", "cancelled in the queue": "CANCELLED"}[how]
    assert json.loads(receiver.received[0][2])["data"]["status"] == expected


def test_a_webhook_is_told_of_its_own_users_runs_of_its_model_alone(told, add_model, receiver):
    for slug in ("a", "b"):
        add_model(CODE, slug=slug)
    create_webhook(told, receiver.url, find_app(told, "a", actor=ADA).id, actor=ADA)
    for slug, actor in (("a", ADA), ("b", ADA), ("a", GRACE)):
        finish(told, submit(told, slug, {}, actor=actor))
    assert send_due(told) == 1
    assert json.loads(receiver.received[0][2])["data"]["slug"] == "a"


def test_a_message_that_is_not_taken_is_tried_again_ever_later_with_the_same_id_until_it_has_failed(
    told, add_model, receiver
):
    add_model(CODE)
    made, _ = create_webhook(told, receiver.url, actor=ADA)
    receiver.answers += [500] * (len(BACKOFF) + 1)
    finish(told, submit(told, "probe", {}, actor=ADA))
    waits = []
    for _ in BACKOFF:
        send_due(told)
        ((found,), _total) = list_deliveries(told, made.id, actor=ADA)
        assert (found.status, found.answered) == (DeliveryStatus.WAITING, 500)
        with told.database.read() as conn:
            (wait,) = conn.exec_driver_sql(
                "select extract(epoch from next_attempt_at - now()) from webhook_deliveries"
            ).one()
        waits.append(float(wait))
    assert waits == sorted(waits)
    assert waits == pytest.approx(BACKOFF, abs=5)
    send_due(told)
    ((found,), _total) = list_deliveries(told, made.id, actor=ADA)
    assert (found.status, found.attempts, found.error) == (DeliveryStatus.FAILED, 8, "it was answered with 500")
    assert send_due(told) == 0
    assert len({headers["webhook-id"] for _, headers, _ in receiver.received}) == 1
    retry_delivery(told, made.id, found.id, actor=ADA)
    assert send_due(told) == 1
    ((found,), _total) = list_deliveries(told, made.id, actor=ADA)
    assert (found.status, found.answered, found.error) == (DeliveryStatus.DELIVERED, 204, None)


def test_a_receiver_that_is_gone_is_told_no_more(told, add_model, receiver):
    add_model(CODE)
    create_webhook(told, receiver.url, actor=ADA)
    receiver.answers.append(410)
    finish(told, submit(told, "probe", {}, actor=ADA))
    send_due(told)
    (found,) = list_webhooks(told, actor=ADA)
    assert found.disabled_at is not None
    finish(told, submit(told, "probe", {"n": 2}, actor=ADA))
    assert send_due(told) == 0


def test_the_webhooks_of_somebody_who_may_not_sign_in_any_more_are_told_nothing(told, add_model, receiver):
    add_model(CODE)
    made, _ = create_webhook(told, receiver.url, actor=ADA)
    finish(told, submit(told, "probe", {}, actor=ADA))
    with told.database.begin() as conn:
        users.set_disabled(conn, users.get_or_create_user(conn, ADA.name), disabled=True)
    send_due(told)
    ((found,), _total) = list_deliveries(told, made.id, actor=ADA)
    assert (found.status, found.attempts, receiver.received) == (DeliveryStatus.FAILED, 1, [])
    assert "may not sign in" in found.error


def test_a_redirect_is_an_answer_and_is_not_followed(told, add_model, receiver):
    made, _ = create_webhook(told, receiver.url, actor=ADA)
    receiver.answers.append(302)
    send_test(told, made.id, actor=ADA)
    send_due(told)
    ((found,), _total) = list_deliveries(told, made.id, actor=ADA)
    assert (found.answered, found.event, len(receiver.received)) == (302, "webhook.test", 1)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/x",
        "http://127.0.0.1:8501/",
        "https://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.1.2.3/",
        "http://0x7f.1/",
        "http://2130706433/",
        "file:///etc/passwd",
        "ftp://example.com/",
        "https://user:word@example.com/",
        "https://",
        "https://example.com:99999/",
        "http://exa mple.com/",
        "nonsense",
    ],
)
def test_an_address_that_is_not_public_or_is_none_is_refused_at_once(context, url):
    with pytest.raises(InputError) as refused:
        create_webhook(context, url, actor=ADA)
    assert refused.value.problems[0].where == "url"


def test_a_name_that_has_come_to_lead_to_a_private_address_is_not_reached(told, context, add_model, receiver):
    add_model(CODE)
    made, _ = create_webhook(told, receiver.url, actor=ADA)  # this machine was allowed when it was made
    finish(context, submit(context, "probe", {}, actor=ADA))
    send_due(context)
    ((found,), _total) = list_deliveries(told, made.id, actor=ADA)
    assert found.error == "localhost has an address that is not on the public internet"
    assert receiver.received == []


def test_a_receiver_that_never_ends_its_first_line_is_left_after_a_while(monkeypatch):
    monkeypatch.setattr(send, "WHOLE_TIMEOUT", 0.5)
    released = threading.Event()

    class Slow(BaseHTTPRequestHandler):
        def do_POST(self):
            while not released.wait(0.05):
                try:
                    self.wfile.write(b"H")
                except OSError:
                    return

        def log_message(self, *_arguments):
            pass

    with serving(Slow) as port:
        try:
            with pytest.raises(DeliveryError):
                send.post(f"http://localhost:{port}/", b"{}", {}, private_hosts=("localhost",))
        finally:
            released.set()


def test_what_is_due_is_queued_once_whichever_worker_looks_first(told, add_model, receiver):
    add_model(CODE)
    create_webhook(told, receiver.url, actor=ADA)
    finish(told, submit(told, "probe", {}, actor=ADA))
    assert [enqueue_due(told.database, told.limits) for _ in range(2)] == [1, 0]


def test_webhooks_are_their_users_own_and_bounded(told, receiver):
    made, _ = create_webhook(told, receiver.url, actor=ADA)
    assert list_webhooks(told, actor=GRACE) == []
    for act in (delete_webhook, send_test):
        with pytest.raises(NotFoundError):
            act(told, made.id, actor=GRACE)
    with pytest.raises(NotFoundError):
        retry_delivery(told, made.id, uuid.uuid4(), actor=ADA)
    for _ in range(MAX_WEBHOOKS - 1):
        create_webhook(told, receiver.url, actor=ADA)
    with pytest.raises(InputError, match="already"):
        create_webhook(told, receiver.url, actor=ADA)
    delete_webhook(told, made.id, actor=ADA)
    assert len(list_webhooks(told, actor=ADA)) == MAX_WEBHOOKS - 1


def test_secrets_are_all_different():
    assert len({make_secret() for _ in range(50)}) == 50


def test_a_worker_tells_a_webhook_as_soon_as_its_run_has_ended(told, add_model, receiver, workers):
    add_model(CODE)
    arrived = threading.Event()
    taken = receiver.do_POST
    receiver.do_POST = lambda self: (taken(self), arrived.set())
    create_webhook(told, receiver.url, actor=ADA)
    run = submit(told, "probe", {}, actor=ADA)
    workers(1, TONTINE_WEBHOOK_PRIVATE_HOSTS="localhost")
    assert arrived.wait(60)
    assert json.loads(receiver.received[0][2])["data"]["run_id"] == str(run.id)


def test_the_audit_log_has_the_host_of_a_webhook_and_not_its_address(context):
    made, _ = create_webhook(context, "https://1.1.1.1/hook?token=s3cret", actor=ADA)
    delete_webhook(context, made.id, actor=ADA)
    rows = list_audit_rows(context, actor=ADMIN, action="webhook")
    assert [(row.action, row.subject) for row in reversed(rows)] == [
        ("webhook.created", str(made.id)),
        ("webhook.deleted", str(made.id)),
    ]
    assert [row.detail for row in rows] == 2 * [{"host": "1.1.1.1", "app_id": None}]
