"""Sign a message as Standard Webhooks does (standardwebhooks.com), so that its libraries verify it.

The signature is HMAC-SHA256 over `id.timestamp.body`, with the secret that its owner was shown once.
Left out: verifying, which is the receiver's.
"""

import base64
import hashlib
import hmac
import secrets

PREFIX = "whsec_"
SECRET_BYTES = 32
PURPOSE = "webhook"  # what secrets are encrypted for in the database


def make_secret() -> str:
    """Return a new secret."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers that name and sign a message.

    Args:
        secret: as `make_secret` made it.
        message_id: the same at every attempt, so that a receiver knows what it has had before.
        timestamp: seconds since 1970 of this attempt.
        body: what is sent, byte for byte.
    """
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b".".join([message_id.encode(), str(timestamp).encode(), body])
    digest = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{digest}"}
