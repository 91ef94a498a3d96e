"""What is always at fault in the rehearsal's backend, by the names under which it is called and counted."""

from __future__ import annotations

AGENT, TOOL = "drill_stumbler", "drill_broken_tool"
BROKEN, SLOW, BLOCKING, BALLAST = (f"/api/drill/{name}" for name in ("broken", "slow", "blocking", "ballast"))
"""Routes; below `/api/`, where the objectives look."""
SLOW_SECONDS = 6.0
"""How long the slow route takes: longer than the 5 s of SlowResponseTime."""
BLOCKING_SECONDS = 0.9
"""How long the blocking route keeps the event loop from everybody else."""
