"""What is configured for signing in: a mistake ends the start, and never opens the installation to everybody."""

import pytest
from itsdangerous import URLSafeTimedSerializer

from contract.errors import SignInError
from ui.shell import sign_in

SECRET = "s" * 32
GOOD = {
    "redirect_uri": "http://localhost:8501/oauth2callback",
    "cookie_secret": SECRET,
    "client_id": "a",
    "client_secret": "b",
    "server_metadata_url": "https://login.example/.well-known/openid-configuration",
}


@pytest.fixture
def secrets(tmp_path):
    """Return a function that writes the secrets file and makes Streamlit read it."""
    from streamlit import config
    from streamlit.runtime.secrets import secrets_singleton

    file = tmp_path / "secrets.toml"
    before = config.get_option("secrets.files")
    config.set_option("secrets.files", [str(file)])

    def write(text):
        file.write_text(text)
        secrets_singleton._reset()

    yield write
    config.set_option("secrets.files", before)
    secrets_singleton._reset()


def section(**changes):
    values = {**GOOD, **changes}
    return "[auth]\n" + "".join(f'{key} = "{value}"\n' for key, value in values.items() if value is not None)


def test_without_the_section_nobody_signs_in(secrets):
    assert sign_in.configured_providers() == ()
    secrets("[other]\nx = 1\n")
    assert sign_in.configured_providers() == ()


def test_settings_for_people_without_the_section_end_the_start(secrets):
    with pytest.raises(SignInError, match=r"no secrets file has a section \[auth\]. Looked for: .*secrets.toml"):
        sign_in.configured_providers(expected=True)
    secrets("[other]\nx = 1\n")
    with pytest.raises(SignInError, match="TONTINE_ADMINISTRATORS"):
        sign_in.configured_providers(expected=True)
    secrets(section())
    assert sign_in.configured_providers(expected=True) == ("default",)


def test_a_provider_without_a_name_and_providers_with_one(secrets):
    secrets(section())
    assert sign_in.configured_providers() == ("default",)
    named = {"client_id": None, "client_secret": None, "server_metadata_url": None}
    own = 'client_id = "a"\nclient_secret = "b"\nserver_metadata_url = "https://l.example"\n'
    secrets(section(**named) + f"[auth.okta]\n{own}[auth.entra]\n{own}")
    assert sign_in.configured_providers() == ("okta", "entra")


WRONG = {
    "no TOML": ("[auth", "cannot be read, and it may say who signs in"),
    "no section": ("auth = 1\n", "is no section"),
    "empty": ("[auth]\n", "redirect_uri"),
    "no secret": (section(cookie_secret=None), "cookie_secret"),
    "short secret": (section(cookie_secret="guessable"), "fewer than 32 letters"),
    "no client": (section(client_id=None), "client_id|missing"),
    "no address of the provider": (section(server_metadata_url=None), "server_metadata_url"),
    "another address": (section(redirect_uri="http://localhost:8501/"), "/oauth2callback"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_section_that_cannot_be_used_is_refused(secrets, what):
    text, message = WRONG[what]
    secrets(text)
    with pytest.raises(SignInError, match=message):
        sign_in.configured_providers()


def signed(secret=SECRET, name="_streamlit_user", **changes):
    claims = {"iss": "i", "sub": "s", "is_logged_in": True, "origin": "http://localhost:8501", **changes}
    import json

    return {name: URLSafeTimedSerializer(secret, salt="_streamlit_user").dumps(json.dumps(claims))}


def test_a_cookie_that_we_signed_names_who_has_signed_in(secrets):
    secrets(section())
    assert sign_in.read_claims(signed())["sub"] == "s"


@pytest.mark.parametrize(
    "cookies",
    [
        {},
        {"_streamlit_user": ""},
        {"_streamlit_user": "nonsense"},
        {"_streamlit_user": "é"},
        signed(secret="t" * 32),
        signed(name="another"),
        signed(origin="http://elsewhere"),
        signed(is_logged_in=False),
    ],
)
def test_any_other_cookie_names_nobody(secrets, cookies):
    secrets(section())
    assert sign_in.read_claims(cookies) is None
