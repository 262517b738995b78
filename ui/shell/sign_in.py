"""Signing in with an identity provider: what is configured, who a browser's cookie says has signed in, and the screen.

Chosen: Streamlit's own sign-in (`st.login`) and its own signed cookie, which the API's requests from our pages carry
too; it is verified by the functions with which Streamlit verifies it. Whoever configures `[auth]` wrongly is told at
the start, and never gets an installation that is open to everybody.
Left out: who the person is here, and what they may do (`engine.people.sign_in`).
"""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.auth_util import (
    get_cookie_with_chunks,
    get_origin_from_redirect_uri,
    is_authlib_installed,
    validate_auth_credentials,
)
from streamlit.errors import StreamlitAuthError
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from contract.errors import SignInError

SECRET_LETTERS = 32  # that a cookie's secret has at least


def configured_providers(*, expected: bool = False) -> tuple[str, ...]:
    """Return the names of the identity providers, `default` for one without a name; none where nobody signs in.

    Args:
        expected: settings say who is what when people sign in; a secrets file that is missing, or is looked for in
            another folder, must not make everybody the administrator.

    Raises:
        SignInError: they cannot be used as they are configured.
    """
    auth: dict[str, Any] | None = None
    for name in st.get_option("secrets.files"):
        path = Path(name)
        if path.is_dir():
            if (path / "auth").exists():
                raise SignInError(f"{path / 'auth'}: the section auth of the secrets has to be in a TOML file.")
            continue
        if not path.is_file():
            continue
        try:
            found = tomllib.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise SignInError(f"{path} cannot be read, and it may say who signs in: {error}.") from error
        auth = found.get("auth", auth)
    if auth is None and expected:
        files = ", ".join(map(str, st.get_option("secrets.files")))
        raise SignInError(
            "TONTINE_ADMINISTRATORS, TONTINE_ROLE_CLAIM or TONTINE_TEAM_CLAIM is set, which count when people sign in, "
            f"and no secrets file has a section [auth]. Looked for: {files}. Write the section, as in "
            ".streamlit/secrets.example.toml, or take the settings away: then there is one user, who may do everything."
        )
    if auth is None:
        return ()
    if not isinstance(auth, dict):
        raise SignInError("auth in the secrets is no section. Write [auth], as in .streamlit/secrets.example.toml.")
    named = tuple(name for name, value in auth.items() if isinstance(value, dict) and name != "client_kwargs")
    providers = (("default",) if "client_id" in auth else ()) + named
    try:
        for provider in providers or ("default",):
            validate_auth_credentials(provider)
    except StreamlitAuthError as error:
        raise SignInError(" ".join(str(error).split())) from error
    if len(str(auth["cookie_secret"])) < SECRET_LETTERS:
        raise SignInError(
            f"cookie_secret in the section auth of the secrets has fewer than {SECRET_LETTERS} letters. Give one that "
            "nobody can guess: python -c 'import secrets; print(secrets.token_hex(32))'."
        )
    if not str(auth["redirect_uri"]).endswith("/oauth2callback"):
        raise SignInError("redirect_uri in the section auth of the secrets has to end in /oauth2callback.")
    if not is_authlib_installed():
        raise SignInError("Signing in needs the package Authlib, 1.3.2 or newer. Install requirements.txt.")
    return providers


def read_claims(cookies: Mapping[str, str]) -> Mapping[str, Any] | None:
    """Return what the identity provider says of who has signed in with this browser, or None for nobody.

    Args:
        cookies: of the request, as they came; a cookie whose signature is not ours is of nobody.
    """
    secret = get_cookie_secret()

    def decode(name: str) -> bytes | None:
        value = cookies.get(name)
        return None if value is None else decode_signed_value(secret, name, value.encode("latin-1", "replace"))

    content = get_cookie_with_chunks(decode, USER_COOKIE_NAME)
    if content is None:
        return None
    claims = json.loads(content)
    if not claims.get("is_logged_in") or claims.get("origin") != get_origin_from_redirect_uri():
        return None
    return dict(claims)
