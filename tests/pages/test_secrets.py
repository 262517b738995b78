"""The page Secrets: values are set and deleted, and none comes back."""

import pytest

from contract.access import GrantKind
from engine.models.grants import grant
from engine.secrets.manage import list_secrets
from engine.secrets.values import read_secret
from storage.encryption import Cipher, new_key
from tests.actors import ADMIN

VALUE = "sesame-open-1234"
CODE = "def run(inputs):\n    return {}\n"


@pytest.fixture
def page(visit, add_model, context):
    object.__setattr__(context, "cipher", Cipher([new_key()]))
    add_model(CODE, slug="granted", secrets=["API_KEY"])
    add_model(CODE, slug="asking", secrets=["API_KEY"])
    grant(context.database, "granted", GrantKind.SECRET, "API_KEY", actor=ADMIN)
    return visit("secrets")


def press(page, label):
    next(b for b in page.button if b.label == label).click()
    page.run()
    assert not page.exception, page.exception


def everything(page):
    texts = [*page.markdown, *page.caption, *page.success, *page.error, *page.warning, *page.code]
    inputs = [*page.text_input, *page.selectbox]
    tables = " ".join(t.value.to_csv() for t in page.dataframe)
    return tables + " ".join(str(item.value) for item in (*texts, *inputs))


def test_a_value_is_set_and_deleted_and_never_shown(page, context):
    assert "not stored" in page.dataframe[0].value.to_csv()
    page.selectbox(key="secret-name").set_value("API_KEY")
    page.text_input[0].set_value(VALUE)
    press(page, "Set value")
    assert "API_KEY" in page.success[0].value
    assert read_secret(context.database, context.cipher, "API_KEY") == VALUE
    row = page.dataframe[0].value.iloc[0]
    assert (row["Value"], row["Set by"], row["Granted to"]) == ("stored", "ada", "granted")
    assert page.text_input[0].value == ""
    assert VALUE not in everything(page)
    page.selectbox(key="secret-to-delete").set_value("API_KEY").run()
    press(page, "Delete value")
    assert "is deleted" in page.success[0].value
    assert [s.stored for s in list_secrets(context, actor=ADMIN)] == [None]


def test_models_that_ask_and_were_not_granted_are_listed_with_the_command_that_grants(page):
    assert page.code[0].value == "python -m engine.commands.grants grant asking --secret API_KEY"


def test_a_value_that_is_too_short_or_without_a_name_is_refused_and_not_shown(page, context):
    page.text_input[0].set_value("a-lost-value")
    press(page, "Set value")
    assert "Choose the secret" in page.error[0].value
    page.selectbox(key="secret-name").set_value("API_KEY")
    page.text_input[0].set_value("brief")
    press(page, "Set value")
    assert "fewer than 8 characters" in page.error[0].value
    assert "brief" not in everything(page)
    assert [s.stored for s in list_secrets(context, actor=ADMIN)] == [None]


def test_without_a_key_the_page_says_what_to_do_and_takes_no_value(visit):
    page = visit("secrets")
    assert "TONTINE_SECRETS_KEY is not set" in page.warning[0].value.replace("\\", "")
    assert next(b for b in page.button if b.label == "Set value").disabled
    assert "No secret has a stored value" in everything(page)
