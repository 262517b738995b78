"""The environment is read once, and what cannot be used is said in words."""

import pytest

import settings
from settings import SettingsError


def test_nothing_set_means_no_telemetry_no_watch_and_logs_by_their_reader():
    found = settings.read_settings({})
    assert (found.telemetry, found.watch_loop, found.log_format) == ("", 0, "auto")


def test_a_collector_is_console_or_a_url():
    assert settings.read_settings({"TONTINE_TELEMETRY": "console"}).telemetry == "console"
    assert settings.read_settings({"TONTINE_TELEMETRY": "https://otel.example"}).telemetry == "https://otel.example"
    with pytest.raises(SettingsError, match="TONTINE_TELEMETRY: 'jaeger:4317' is neither console nor a URL"):
        settings.read_settings({"TONTINE_TELEMETRY": "jaeger:4317"})


def test_the_watch_can_be_turned_off_and_not_below_that():
    assert settings.read_settings({"TONTINE_WATCH_LOOP": "0"}).watch_loop == 0
    with pytest.raises(SettingsError, match="-5 is below 0"):
        settings.read_settings({"TONTINE_WATCH_LOOP": "-5"})


def test_every_wrong_variable_is_named_at_once():
    with pytest.raises(SettingsError) as raised:
        settings.read_settings({"TONTINE_LOG_FORMAT": "xml", "TONTINE_SECONDS": "soon", "TONTINE_WORKERS": "-1"})
    text = str(raised.value)
    assert "TONTINE_LOG_FORMAT: 'xml' is not auto, text or json." in text
    assert "TONTINE_SECONDS" in text
    assert "TONTINE_WORKERS" in text
