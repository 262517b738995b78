"""Texts are encrypted for one purpose, with the newest key, and read with any of the keys."""

import base64
import json

import pytest
from cryptography.fernet import Fernet

from contract.errors import EncryptionError
from storage.encryption import Cipher, is_encrypted, new_key

OLD, NEW = new_key(), new_key()
VALUE = "sesame-open-ü"


def test_an_encrypted_text_is_read_again_and_shows_nothing_of_itself():
    stored = Cipher([NEW]).encrypt("secret A", VALUE)
    assert is_encrypted(stored)
    assert not is_encrypted(VALUE)
    assert VALUE.encode() not in base64.urlsafe_b64decode(stored.removeprefix("fernet:"))
    assert Cipher([NEW]).decrypt("secret A", stored) == VALUE
    assert json.loads(Fernet(NEW).decrypt(stored.removeprefix("fernet:"))) == ["secret A", VALUE]


def test_equal_texts_are_encrypted_differently_each_time():
    cipher = Cipher([NEW])
    assert cipher.encrypt("a", VALUE) != cipher.encrypt("a", VALUE)


def test_a_text_that_was_copied_to_another_purpose_is_refused():
    cipher = Cipher([NEW])
    with pytest.raises(EncryptionError, match="encrypted for something else"):
        cipher.decrypt("secret B", cipher.encrypt("secret A", VALUE))


def test_the_old_key_reads_until_everything_is_encrypted_with_the_new_one():
    stored = Cipher([OLD]).encrypt("a", VALUE)
    with pytest.raises(EncryptionError, match=r"a key that TONTINE_SECRETS_KEY does not hold here\. Add that key"):
        Cipher([NEW]).decrypt("a", stored)
    both = Cipher([NEW, OLD])
    assert both.decrypt("a", stored) == VALUE
    rotated = both.rotate("a", stored)
    assert Cipher([NEW]).decrypt("a", rotated) == VALUE
    with pytest.raises(EncryptionError):
        Cipher([OLD]).decrypt("a", rotated)


def test_without_a_key_nothing_is_encrypted_or_read_and_the_message_says_how_to_get_one():
    for call in (
        lambda: Cipher().encrypt("a", VALUE),
        lambda: Cipher().decrypt("a", Cipher([NEW]).encrypt("a", VALUE)),
    ):
        with pytest.raises(EncryptionError, match=r"TONTINE_SECRETS_KEY is not set.*engine\.commands\.secrets new-key"):
            call()


def test_a_changed_text_is_refused():
    stored = Cipher([NEW]).encrypt("a", VALUE)
    changed = stored[:-10] + ("A" if stored[-10] != "A" else "B") + stored[-9:]
    with pytest.raises(EncryptionError):
        Cipher([NEW]).decrypt("a", changed)


def test_a_cipher_shows_no_key():
    assert NEW not in repr(Cipher([NEW]))
