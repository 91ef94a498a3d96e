"""What faults need from a machine, and how deaf rules are made."""

from __future__ import annotations

import asyncio
import smtplib
from pathlib import Path

import promql_parser as promql
import pytest

from artisan.drill.clients.page import Sign, total
from artisan.drill.faults.memory_ballast import too_little_memory
from artisan.drill.stack.configuration import declared
from artisan.drill.stack.deafness import Deafness, deafened_routes, deafened_rules, refusing_mailbox

MONITORING = Path(__file__).resolve().parents[2] / "monitoring"
GIB = 1024**3


@pytest.mark.parametrize(
    ("limit", "used"), [("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")]
)
def test_ballast_is_refused_where_a_container_has_too_little_memory(tmp_path: Path, limit: str, used: str) -> None:
    """By the limit of its control group, of either version, less what is in use; else the kernel would kill it."""
    folder = tmp_path / "memory" if "bytes" in limit else tmp_path
    folder.mkdir(exist_ok=True)
    (folder / limit).write_text(f"{6 * GIB}\n")
    (folder / used).write_text(f"{2 * GIB}\n")
    assert too_little_memory(tmp_path) == "it takes 5.1 GiB of free memory, and this machine has 4.0"


def test_a_control_group_without_a_limit_limits_nothing(tmp_path: Path) -> None:
    """`max` is no number."""
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text(f"{2 * GIB}\n")
    assert too_little_memory(tmp_path) == too_little_memory(tmp_path / "nowhere")


@pytest.mark.parametrize("how", [Deafness.WRONG_LABEL, Deafness.UNREACHABLE_THRESHOLD])
@pytest.mark.parametrize("alert", ["HighErrorRate", "LLMProviderErrors", "LowCacheHitRate", "HighMemoryUsage"])
def test_a_deafened_rule_is_another_rule_that_can_still_be_read(alert: str, how: Deafness) -> None:
    """Otherwise a deaf drill would prove nothing."""
    query = next(rule.query for rule in declared(MONITORING) if rule.name == alert)
    content = {"groups": [{"rules": [{"alert": alert, "expr": query}, {"alert": "Other", "expr": query}]}]}
    changed, other = deafened_rules(content, {alert: how})["groups"][0]["rules"]
    promql.parse(changed["expr"])
    assert other["expr"] == query
    assert changed["expr"] != query


def test_a_route_to_nobody_comes_before_all_others() -> None:
    """The first route that matches is taken."""
    config = {"route": {"receiver": "email", "routes": [{"receiver": "webhook"}]}, "receivers": [{"name": "email"}]}
    deaf = deafened_routes(config, {"TooHot": Deafness.ROUTE_TO_NOBODY})
    assert deaf["route"]["routes"][0] == {"receiver": "nobody", "matchers": ['alertname = "TooHot"']}
    assert {"name": "nobody"} in deaf["receivers"]


async def test_the_refusing_mailbox_refuses_everybody() -> None:
    """As a mail server does that knows no such person: politely, and for good."""
    async with refusing_mailbox() as port:
        client = await asyncio.to_thread(smtplib.SMTP, "127.0.0.1", port, timeout=10)
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            await asyncio.to_thread(client.sendmail, "a@example.org", "b@example.org", "Subject: A")
        await asyncio.to_thread(client.quit)
    assert refused.value.recipients == {"b@example.org": (550, b"no mailbox here")}


def test_a_sign_is_read_from_a_page_of_metrics() -> None:
    """The sum of the series that have its labels, whatever others they have; longer names do not count."""
    page = 'heat_total{where="oven",way="}"} 3\nheat_total{way="b",where="oven"} 4\nheat_total{where="hob"} 8\nheat 9\n'
    assert total(page, Sign("heat_total", {"where": "oven"})) == 7
    assert total(page, Sign("heat_total")) == 15
    assert total(page, Sign("cold_total")) is None
