"""Secrets in a run's output are redacted wherever they occur as text, also where they arrive in pieces."""

import json
from urllib.parse import quote

import pytest

from contract.run import Status
from engine.sandbox.job import Outcome
from engine.sandbox.redaction import MASK, Redactor
from engine.sandbox.supervisor import CancelToken, Limits, SandboxJob

KEY = 'geheim/"ü&=+ 42\n'


@pytest.mark.parametrize("written", [KEY, quote(KEY), quote(KEY, safe=""), json.dumps(KEY), repr(KEY), f"<{KEY}>"])
def test_a_value_is_redacted_as_urls_json_and_python_write_it(written):
    shown = Redactor([KEY]).redact_text(f"before {written} after")
    assert MASK in shown
    assert "geheim" not in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
def test_a_value_that_arrives_in_pieces_is_redacted_and_nothing_else_is_lost(size):
    redactor = Redactor(["sesame-open", "sesame-oil-1"])
    log = b"ses sesame sesame-open sesame-o sesame-oil-1sesame-opensesa"
    out = b"".join(redactor.redact_log(log[i : i + size]) for i in range(0, len(log), size)) + redactor.flush()
    assert out == b"ses sesame *** sesame-o " + b"***" * 3  # the last one is an incomplete value


def test_the_end_of_a_log_that_only_looks_like_a_value_is_kept():
    redactor = Redactor(["sesame-open"])
    assert redactor.redact_log(b"the end: se") + redactor.flush() == b"the end: se"


def test_a_text_cut_within_a_value_does_not_end_with_its_beginning():
    shown = Redactor(["sesame-open"]).redact_text("x" * 300 + "sesame-o")
    assert shown == "x" * 300 + MASK
    assert Redactor(["sesame-open"]).redact_text("open sesame") == "open sesame"


def test_every_text_of_an_outcome_is_redacted():
    outcome = Outcome(
        Status.FAILED,
        reason="no sesame-open",
        traceback="sesame-open",
        result={"sesame-open": [{"a": "sesame-open!", "b": 1.5, "c": None}]},
        nulls={"count": 1, "where": ["table.sesame-open"]},
        warnings=["sesame-open"],
    )
    shown = Redactor(["sesame-open"]).redact_outcome(outcome)
    assert "sesame-open" not in repr(shown)
    assert shown.result == {MASK: [{"a": MASK + "!", "b": 1.5, "c": None}]}


def test_without_secrets_nothing_is_changed():
    redactor = Redactor([])
    frame = {"result": {"a": "b"}}
    assert redactor.redact_value(frame) is frame
    assert redactor.redact_frame(frame) is frame
    assert redactor.redact_log(b"a") + redactor.flush() == b"a"
    assert redactor.redact_text("") == ""


def run_with_secrets(handle, folder, secrets, **limits):
    """Run a model that has secrets and return its events and its outcome."""
    events = []
    job = SandboxJob("redacted", folder, {}, 1, Limits(seconds=20, **limits), secrets=secrets)
    cancel = CancelToken()
    try:
        with handle.run(job, events.append, cancel) as outcome:
            return events, outcome
    finally:
        cancel.close()


def test_a_model_has_its_secret_and_no_part_of_it_leaves_the_sandbox(handle, model):
    events, found = run_with_secrets(
        handle,
        model("""
            import os, sys, time
            def run(inputs):
                key = os.environ["API_KEY"]
                print("the key is", key)
                for letter in key:
                    sys.stdout.write(letter)
                    sys.stdout.flush()
                    time.sleep(0.06)
                yield {"message": "with " + key, "notes": key, "summary": {key: key}}
                time.sleep(0.3)
                raise ValueError(f"https://example.com/?key={key} refuses")
        """),
        {"API_KEY": "sesame-open"},
    )
    assert found.status is Status.FAILED
    assert found.reason == "Model error: https://example.com/?key=*** refuses"
    assert found.log == "the key is ***\n***"
    assert found.result == {"notes": MASK, "summary": {MASK: MASK}}
    assert "key=***" in found.traceback
    assert any(e.message == "with ***" for e in events)
    assert "sesame" not in repr((events, found))


def test_a_log_cut_at_its_limit_does_not_end_with_half_a_secret(handle, model):
    _, found = run_with_secrets(
        handle,
        model("""
            import os
            def run(inputs):
                print("x" * 995 + os.environ["API_KEY"] * 3, flush=True)
                return {"notes": "done"}
        """),
        {"API_KEY": "sesame-open"},
        log_kb=1,
    )
    assert found.status is Status.SUCCESS
    assert "the log is cut here" in found.log
    assert "ses" not in found.log


def test_the_environment_holds_the_granted_secrets_and_nothing_else_of_the_workers(handle, model, monkeypatch):
    monkeypatch.setenv("TONTINE_SECRET_OTHER", "another-secret")
    _, found = run_with_secrets(
        handle,
        model("import os\ndef run(i):\n    return {'names': sorted(os.environ), 'long': len(os.environ['API_KEY'])}\n"),
        {"API_KEY": "sesame-open"},
    )
    assert found.result == {"names": ["API_KEY", "HOME", "LANG", "PATH", "TMPDIR"], "long": 11}
