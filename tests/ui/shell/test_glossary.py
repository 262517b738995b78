"""The glossary's terms: parsed from its page, found by words and category."""

from pathlib import Path

import pytest

from ui.shell.glossary import categories_of, find_terms, parse_terms

TERMS = parse_terms((Path(__file__).resolve().parents[3] / "docs" / "04-glossary.md").read_text())


def test_every_term_of_the_page_has_a_category_and_a_meaning():
    assert len(TERMS) > 30
    assert all(t.category and t.name and t.meaning for t in TERMS)
    assert len(categories_of(TERMS)) >= 4
    assert not [t.name for t in TERMS if t.name in {"term", "word", "---"}]


def test_no_term_is_duplicated():
    names = [t.name for t in TERMS]
    assert sorted(set(names)) == sorted(names)


def test_words_are_looked_for_in_terms_and_meanings_and_a_terms_own_name_comes_first():
    found = [t.name for t in find_terms(TERMS, "var", [])]
    assert found[0] in {"VaR", "ES, TVaR"}
    assert "SCR" in [t.name for t in find_terms(TERMS, "value at RISK", [])]


@pytest.mark.parametrize("category", categories_of(TERMS))
def test_a_category_shows_its_own_terms_alone(category):
    assert {t.category for t in find_terms(TERMS, "", [category])} == {category}


def test_words_that_no_term_holds_find_nothing():
    assert find_terms(TERMS, "no such word anywhere", []) == []
