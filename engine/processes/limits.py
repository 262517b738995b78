"""The installation's bounds on runs: limits of each, how many a user may have waiting, how long silence lasts.

Chosen: a plain value that app.py and worker.py build from the settings, so that the engine reads no environment.
Left out: bounds on results already stored; what was accepted once stays readable.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from contract.gateway import DEFAULT_URL


@dataclass(frozen=True, slots=True)
class InstallationLimits:
    """Defaults and ceilings. Times are in seconds, sizes in MB unless named otherwise; 0 at once means no cap.

    `webhook_private_hosts` are names that webhooks may lead to although their addresses are not public. `gateway_url`
    is the AI gateway's address, `gateway_model` what explains runs and drafts models there, `gateway_daily_cap` the US
    dollars that one user may spend there in a day; 0 is no cap.
    """

    seconds: float = 60
    seconds_max: float = 3_600
    seconds_core: float = 600
    memory_mb: int = 1_024
    memory_mb_max: int = 4_096
    output_mb: int = 32
    output_mb_max: int = 256
    scratch_mb: int = 256
    log_kb: int = 1_024
    threads: int = 1
    max_pending_per_user: int = 200
    max_running_per_user: int = 0
    max_running_per_model: int = 0
    worker_timeout: float = 30
    attempts: int = 3
    webhook_private_hosts: tuple[str, ...] = ()
    explorer_seconds: float = 30
    portfolio_hours: float = 24
    market_seconds: float = 30
    gateway_url: str = DEFAULT_URL
    gateway_model: str = "openai/gpt-4o-mini"
    gateway_daily_cap: float = 10

    @property
    def has_caps(self) -> bool:
        """Whether some runs may have to wait although a worker is free."""
        return self.max_running_per_user > 0 or self.max_running_per_model > 0

    def seconds_for(self, declared: Mapping[str, float], *, core: bool) -> float:
        """Return the time limit of a run; a manifest that keeps to the core of the contract cannot declare one."""
        longer = {"seconds": max(self.seconds, self.seconds_core)} if core else {}
        return self.limit("seconds", {**longer, **declared})

    def limit(self, name: str, declared: Mapping[str, float]) -> float:
        """Return the limit `name` for a run: the manifest's, or the default, under the ceiling."""
        return float(min(declared.get(name, getattr(self, name)), getattr(self, f"{name}_max")))
