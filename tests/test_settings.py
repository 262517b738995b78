"""The environment is read once, and every variable that cannot be used is reported with what to do."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

import settings
from settings import SettingsError

ROOT = Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "docs" / "06-operators-guide.md").read_text()
RENAMED = [
    ("TONTINE_WORKER_RUNS", "TONTINE_WORKER_SLOTS", "worker_slots"),
    ("TONTINE_WORKER_BATCH_RUNS", "TONTINE_WORKER_BATCH_SLOTS", "worker_batch_slots"),
    ("TONTINE_USER_RUNS", "TONTINE_MAX_PENDING_PER_USER", "max_pending_per_user"),
    ("TONTINE_USER_AT_ONCE", "TONTINE_MAX_RUNNING_PER_USER", "max_running_per_user"),
    ("TONTINE_MODEL_AT_ONCE", "TONTINE_MAX_RUNNING_PER_MODEL", "max_running_per_model"),
    ("TONTINE_STALLED", "TONTINE_WORKER_TIMEOUT", "worker_timeout"),
    ("TONTINE_WATCH_LOOP", "TONTINE_LOOP_BLOCK_MS", "loop_block_ms"),
]


def problems(**environment):
    with pytest.raises(SettingsError) as raised:
        settings.read_settings(environment)
    return str(raised.value).splitlines()


def test_an_empty_environment_means_no_telemetry_no_loop_monitor_and_automatic_log_lines():
    found = settings.read_settings({})
    assert (found.telemetry, found.loop_block_ms, found.log_format) == ("", 0, "auto")


def test_an_empty_variable_counts_as_not_set():
    assert settings.read_settings({"TONTINE_SECONDS": "", "TONTINE_USER": "  "}) == settings.read_settings({})


def test_settings_are_read_from_the_processes_environment_where_none_is_given(monkeypatch):
    monkeypatch.setenv("TONTINE_SECONDS", "17")
    assert settings.read_settings().seconds == 17


def test_an_environment_that_is_given_is_the_only_one_read(monkeypatch):
    monkeypatch.setenv("TONTINE_SECONDS", "17")
    assert settings.read_settings({"TONTINE_USER": "ada"}).seconds == 60
    assert settings.Settings().seconds == 60


def test_settings_cannot_be_changed_after_the_start():
    with pytest.raises(ValidationError, match="frozen"):
        settings.read_settings({}).seconds = 5


def test_a_variable_named_like_a_setting_without_the_prefix_is_not_read():
    assert settings.read_settings({"user": "root", "USER": "root", "tontine_user": "root"}).user == "analyst"


def test_folders_are_absolute_and_know_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    found = settings.read_settings({"TONTINE_DATA": "~/data", "TONTINE_FUNCTIONS": "models"})
    assert (found.data, found.functions) == (tmp_path / "data", tmp_path / "models")


def test_the_home_folder_of_nobody_is_reported():
    assert problems(TONTINE_DATA="~no-such-account/data") == [
        "TONTINE_DATA: the home folder in '~no-such-account/data' is not known. Give the folder's full path."
    ]


def test_a_collector_is_console_or_a_url():
    assert settings.read_settings({"TONTINE_TELEMETRY": "console"}).telemetry == "console"
    assert settings.read_settings({"TONTINE_TELEMETRY": "https://otel.example"}).telemetry == "https://otel.example"
    (problem,) = problems(TONTINE_TELEMETRY="jaeger:4317")
    assert problem.startswith("TONTINE_TELEMETRY: 'jaeger:4317' is neither console nor a URL that begins with http")


@pytest.mark.parametrize("url", ["postgresql://a/b", "postgres://a/b", "postgresql+psycopg://a/b", ""])
def test_a_database_is_named_by_a_url_of_postgresql(url):
    assert settings.read_settings({"DATABASE_URL": url}).database_url == url


def test_another_database_is_refused_without_showing_its_password():
    (problem,) = problems(DATABASE_URL="mysql://ada:sesame@host/name")
    assert problem.startswith("DATABASE_URL: it is not the URL of a PostgreSQL server. Give postgresql://")
    assert "sesame" not in problem


def test_levels_and_formats_of_logs_are_read_in_any_case():
    found = settings.read_settings({"TONTINE_LOG_LEVEL": "debug", "TONTINE_LOG_FORMAT": "JSON"})
    assert (found.log_level, found.log_format) == ("DEBUG", "json")


def test_an_unknown_level_of_logging_is_refused():
    assert problems(TONTINE_LOG_LEVEL="LOUD") == [
        "TONTINE_LOG_LEVEL: 'LOUD' is not a level of logging. Give DEBUG, INFO, WARNING, ERROR or CRITICAL."
    ]


def test_the_loop_monitor_can_be_turned_off_and_not_below_that():
    assert settings.read_settings({"TONTINE_LOOP_BLOCK_MS": "0"}).loop_block_ms == 0
    assert problems(TONTINE_LOOP_BLOCK_MS="-5") == ["TONTINE_LOOP_BLOCK_MS: -5 is below 0. Give 0 or more."]


@pytest.mark.parametrize("text", ["soon", "2.5", "1e3", "inf", "nan", "9" * 5000])
def test_what_is_not_a_whole_number_is_refused_with_its_unit(text):
    (problem,) = problems(TONTINE_SECONDS=text)
    assert problem.endswith("is not a whole number. Give a whole number (s).")
    assert len(problem) < 250


def test_text_that_is_not_utf8_is_refused():
    expected = "it is not UTF-8 text. Give it as text."
    assert sorted(problems(TONTINE_USER="ad\udce4", TONTINE_SECONDS="6\udce4")) == [
        f"TONTINE_SECONDS: {expected}",
        f"TONTINE_USER: {expected}",
    ]


def test_every_wrong_variable_is_named_at_once_with_what_to_do():
    found = problems(
        TONTINE_LOG_FORMAT="xml",
        TONTINE_SECONDS="soon",
        TONTINE_WORKERS="-1",
        TONTINE_SECRET_KEY="short",
        TONTINE_ALLOWED_HOSTS="http://a",
    )
    assert {line.partition(":")[0] for line in found} == {
        "TONTINE_LOG_FORMAT",
        "TONTINE_SECONDS",
        "TONTINE_WORKERS",
        "TONTINE_SECRET_KEY",
        "TONTINE_ALLOWED_HOSTS",
    }
    assert "TONTINE_LOG_FORMAT: 'xml' is not auto, text or json. Give one of these." in found
    assert all(". Give " in line for line in found)


def test_every_number_is_refused_below_its_least_value():
    numbers = [n for n, field in settings.Settings.model_fields.items() if field.annotation is int]
    assert len(numbers) > 15
    for name in numbers:
        variable = settings.Settings.model_fields[name].validation_alias.choices[0]
        assert re.match(rf"{variable}: -1 is below [01]\. Give [01] or more\.$", problems(**{variable: "-1"})[0])


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("", ()),
        (" , ", ()),
        ("models.example", ("models.example",)),
        ("Models.Example, localhost,,models.example.", ("models.example", "localhost")),
        ("10.0.0.7,::1,[2001:DB8::1]", ("10.0.0.7", "::1", "2001:db8::1")),
        ("bücher.example", ("xn--bcher-kva.example",)),
        ("my_server-2", ("my_server-2",)),
    ],
)
def test_allowed_hosts_are_names_and_addresses_separated_by_commas(text, hosts):
    assert settings.read_settings({"TONTINE_ALLOWED_HOSTS": text}).allowed_hosts == hosts


@pytest.mark.parametrize(
    "text",
    [
        "https://models.example",
        "models.example:8501",
        "models.example/path",
        "*.example",
        "*",
        "a b",
        "a..b",
        "-a.example",
        "1.2.3",
        "1.2.3.4:80",
        "[1.2.3.4]",
        "[::1",
        "a" * 64,
        ".".join(["a" * 60] * 5),
        "user@host",
        "a\udce4",
    ],
)
def test_an_allowed_host_is_no_url_port_path_or_wildcard(text):
    (problem,) = problems(TONTINE_ALLOWED_HOSTS=f"localhost,{text}")
    assert "is not a host name. Give names or IP addresses without scheme, port, path or wildcard" in problem
    assert "localhost" not in problem


def test_all_wrong_hosts_of_a_list_are_named():
    (problem,) = problems(TONTINE_ALLOWED_HOSTS="a:1, fine.example, b:2")
    assert problem.startswith("TONTINE_ALLOWED_HOSTS: 'a:1', 'b:2' are not host names.")


@pytest.mark.parametrize(("before", "now", "name"), RENAMED)
def test_a_former_variable_is_still_read_with_a_warning_that_names_the_new_one(before, now, name):
    assert getattr(settings.read_settings({before: "7"}), name) == 7
    assert settings.renamed({before: "7"}) == [
        f"{before}: its name is {now} now, and the next release reads only that. Set {now} instead."
    ]


@pytest.mark.parametrize(("before", "now", "name"), RENAMED)
def test_the_new_variable_counts_where_both_are_set_and_the_warning_says_so(before, now, name):
    both = {before: "not read", now: "7"}
    assert getattr(settings.read_settings(both), name) == 7
    assert settings.renamed(both) == [
        f"{before}: it is ignored, because {now}, its new name, is set too. Remove {before}."
    ]


@pytest.mark.parametrize(("before", "now", "name"), RENAMED)
def test_a_former_variable_counts_where_the_new_one_is_empty(before, now, name):
    assert getattr(settings.read_settings({before: "7", now: ""}), name) == 7


@pytest.mark.parametrize(("before", "now", "name"), RENAMED)
def test_new_variables_give_no_warning(before, now, name):
    assert getattr(settings.read_settings({now: "7"}), name) == 7
    assert settings.renamed({now: "7", before: ""}) == []


def test_a_wrong_value_is_reported_under_the_name_that_was_set():
    assert problems(TONTINE_STALLED="soon") == [
        "TONTINE_STALLED: 'soon' is not a whole number. Give a whole number (s)."
    ]


@pytest.mark.processes
@pytest.mark.parametrize("script", ["worker.py", "app.py"])
def test_the_server_and_a_worker_log_former_variables(script, tmp_path):
    environment = {
        **os.environ,
        "TONTINE_DATA": str(tmp_path),
        "TONTINE_STALLED": "1",
        "TONTINE_LOG_FORMAT": "json",
        "DATABASE_URL": "postgresql:///none?host=/nowhere",
        "PYTHONPATH": str(ROOT),
        # A worker goes on to wait for its database, which is not there: it is ended once it has logged.
        "SCRIPT": script.removesuffix(".py"),
    }
    code = (
        "import logging, os, sys\n"
        "import engine.processes.worker\n"
        "engine.processes.worker.Worker.run = lambda self: None\n"
        "sys.argv = ['worker.py']\n"
        "module = __import__(os.environ['SCRIPT'])\n"
        "if module.__name__ == 'worker': sys.exit(module.main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert [line["level"] for line in lines if line["event"].startswith("TONTINE_STALLED: ")] == ["warning"]


def test_the_operators_guide_has_the_table_of_settings_as_the_code_declares_them():
    listed = re.findall(
        r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", GUIDE.partition("\n## Settings\n")[2], re.MULTILINE
    )
    assert listed == [(row["variable"], row["default"], row["unit"], row["help"]) for row in settings.settings_table()]


def test_the_operators_guide_lists_every_renamed_variable():
    assert re.findall(r"^\| `(\w+)` \| `(\w+)` \|$", GUIDE, re.MULTILINE) == [
        (before, now) for before, now, _ in RENAMED
    ]


def test_origins_tokens_and_folders_are_lists_and_a_wrong_one_says_what_to_give(tmp_path):
    found = settings.read_settings(
        {
            "TONTINE_GIT_HOSTS": "ssh://git.example.com, http://10.0.0.5:8080,file:///srv/models",
            "TONTINE_GIT_TOKENS": "GitLab.example=a=b, github.com=c",
            "TONTINE_DEVELOPMENT_FOLDERS": f"{tmp_path}, {tmp_path / 'b'}",
            "TONTINE_TRUST_MODELS": "true",
        }
    )
    assert found.git_hosts == ("ssh://git.example.com", "http://10.0.0.5:8080", "file:///srv/models")
    assert dict(found.git_tokens) == {"gitlab.example": "a=b", "github.com": "c"}
    assert found.development_folders == (tmp_path, tmp_path / "b")
    assert found.trust_models
    for wrong in ("github.com", "ftp://x", "https://host/path", "https://user@host"):
        [problem] = problems(TONTINE_GIT_HOSTS=wrong)
        assert "not of the form scheme://host" in problem
    assert problems(TONTINE_TRUST_MODELS="perhaps") == [
        "TONTINE_TRUST_MODELS: 'perhaps' is not true or false. Give 1 or 0."
    ]


def test_a_token_is_in_no_message_and_no_text_of_the_settings():
    [problem] = problems(TONTINE_GIT_TOKENS="s3cret-token")
    assert "s3cret" not in problem
    assert "s3cret" not in repr(settings.read_settings({"TONTINE_GIT_TOKENS": "github.com=s3cret"}))
