"""How firmly this host can confine model code.

Chosen: four tiers, probed once at start by asking the kernel, shown on the monitor and in the health check.
Left out: trusting. Models from outside need tier A or B, or an administrator's word.
"""

import ctypes
import os
import sys
from enum import StrEnum

SPARE_UIDS = range(61_184, 65_519)  # own nothing on any usual system: systemd gives them to passing services
LANDLOCK_CREATE_RULESET = 444
PR_SET_DUMPABLE = 4


class Tier(StrEnum):
    """How firmly a model is confined on this host."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"

    @property
    def words(self) -> str:
        """The tier in a sentence for an operator."""
        return {
            Tier.A: "Landlock and seccomp: files, network and processes are closed off",
            Tier.B: "another user and seccomp: network and processes are closed off, files by their permissions",
            Tier.C: "seccomp only: files the worker can read are readable; trusted models only",
            Tier.D: "limits and time only; trusted models only",
        }[self]


def probe() -> Tier:
    """Return the firmest tier this host supports."""
    if sys.platform != "linux" or not _seccomp():
        return Tier.D
    if _landlock():
        return Tier.A
    return Tier.B if os.geteuid() == 0 else Tier.C


def make_undumpable() -> None:
    """Keep other processes of this user from reading this one's memory and environment, as tier C would let a model."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def _seccomp() -> bool:
    try:
        import pyseccomp
    except (ImportError, OSError, RuntimeError):
        return False
    return int(pyseccomp.get_api()) > 0


def _landlock() -> bool:
    version = ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, 0, 1)
    return int(version) >= 1
