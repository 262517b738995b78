"""Choosing where prices come from, on the command line."""

import pytest

import settings
from engine.commands import market


@pytest.fixture
def command(database_url, tmp_path, capsys):
    """Run the command; returns its code and what it printed."""
    given = settings.Settings(DATABASE_URL=database_url, TONTINE_DATA=tmp_path)

    def go(*arguments):
        code = market.main(arguments, given)
        said = capsys.readouterr()
        return code, said.out + said.err

    return go


def test_the_source_is_shown_chosen_and_refused_with_words(command):
    assert command("show") == (0, "Replay of 2005 to 2009; nobody has chosen another source\n")
    assert command("random", "--seed", "7")[1].startswith("random_walk (seed 7), chosen by ")
    code, said = command("http", "https://prices.example/v1", "--secret", "MARKET_KEY", "--benchmark", "spy")
    assert (code, "address https://prices.example/v1" in said, "benchmark SPY" in said) == (0, True, True)
    code, said = command("http", "http://prices.example/v1")
    assert (code, "is not encrypted" in said) == (1, True)
    assert "address https://prices.example/v1" in command("show")[1]
    assert command("replay")[1].startswith("replay, chosen by ")
