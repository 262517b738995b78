"""Who asks in tests."""

from contract.actor import Actor

ADA = Actor("ada")
BOB = Actor("bob")
GRACE = Actor("grace")
ADMIN = Actor("root")
