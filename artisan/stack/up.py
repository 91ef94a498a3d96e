"""The spec of `artisan up`: which parts can run on this machine, with what configuration, and why others cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from artisan.stack import alertmanager, backend, local_llm, mailbox, pages, ports, prometheus, valkey
from artisan.stack.part import Part
from artisan.stack.receivers import Mail, url
from artisan.stack.render import Rendering, has_mail_server, render
from artisan.stack.tools import Tools

_PARTS = ("backend", "llm", "valkey", "prometheus", "alertmanager", "mailbox")
_FURTHER_PORTS = {"mailbox": ("smtp",)}


@dataclass(frozen=True)
class Ports:
    """Where each part listens on loopback. The field's name is the part's name, but for `smtp`."""

    backend: int = 8000
    llm: int = 8081
    valkey: int = 6379
    prometheus: int = 9090
    alertmanager: int = 9093
    mailbox: int = 8025
    smtp: int = 1025
    """The mailbox's other port: where mails come in."""


@dataclass(frozen=True)
class Setup:
    """All that a plan depends on, besides what else runs on this machine."""

    root: Path
    """The project, whose `monitoring/` is rendered."""
    state: Path
    ports: Ports
    tools: Tools
    environ: Mapping[str, str]
    """The user's environment and `.env`: what is set here wins over what the stack would set."""


@dataclass(frozen=True)
class Plan:
    """The parts to run, and the others with the sentence that says why they cannot, or need not."""

    parts: tuple[Part, ...]
    left_out: Mapping[str, str]


def plan(setup: Setup) -> Plan:
    """Choose the parts, and write their configuration and folders below the state directory. Raises BadSetting."""
    left_out = {name: reason for name in _PARTS if (reason := _reason_to_leave_out(name, setup))}
    for name in ("prometheus", "alertmanager"):
        (setup.state / "data" / name).mkdir(parents=True, exist_ok=True)
    smtp = None if "mailbox" in left_out else f"{ports.LOOPBACK}:{setup.ports.smtp}"
    rendering = Rendering(
        backend=f"localhost:{setup.ports.backend}",
        prometheus=f"localhost:{setup.ports.prometheus}",
        alertmanager=None if "alertmanager" in left_out else f"localhost:{setup.ports.alertmanager}",
        mail=Mail.from_environment(setup.environ, smtp),
        webhook=url(setup.environ, "ALERT_WEBHOOK_URL"),
        heartbeat=url(setup.environ, "ALERT_HEARTBEAT_URL"),
        token=setup.environ.get("MONITORING_TOKEN", ""),
    )
    render(setup.root / "monitoring", setup.state / "run", rendering)
    return Plan(tuple(_parts(setup, left_out)), left_out)


def _parts(setup: Setup, left_out: Mapping[str, str]) -> Iterator[Part]:
    numbers, run, data = setup.ports, setup.state / "run", setup.state / "data"
    if "valkey" not in left_out:
        yield valkey.part(numbers.valkey)
    if "llm" not in left_out:
        yield local_llm.part(numbers.llm)
    if "backend" not in left_out:
        running = {name: port for name, port in asdict(numbers).items() if name not in left_out}
        env = backend.environment(setup.root, setup.environ, data / "artisan.db", running)
        yield backend.part(setup.root, numbers.backend, env)
    if "mailbox" not in left_out:
        yield mailbox.part(numbers.smtp, numbers.mailbox, data / "mail")
    if "alertmanager" not in left_out:
        config, kept = run / "alertmanager.yml", data / "alertmanager"
        yield alertmanager.part(setup.tools, config=config, data=kept, port=numbers.alertmanager)
    if "prometheus" not in left_out:
        config, kept = run / "prometheus.yml", data / "prometheus"
        yield prometheus.part(setup.tools, config=config, data=kept, port=numbers.prometheus)
        if prometheus.has_old_pages(setup.tools):
            yield pages.part(numbers.prometheus)


def _reason_to_leave_out(name: str, setup: Setup) -> str | None:
    """One sentence with its way out, or None for a part that can run."""
    if reason := _not_needed(name, setup) or _missing(name, setup.tools):
        return reason
    for port in (name, *_FURTHER_PORTS.get(name, ())):
        if reason := ports.trouble(getattr(setup.ports, port)):
            return f"{reason}; stop that, or choose another with --{port}-port or ARTISAN_{port.upper()}_PORT"
    return None


def _not_needed(name: str, setup: Setup) -> str | None:
    setting = {"valkey": "REDIS_URL", "llm": "LLM_PROVIDERS", "mailbox": "ALERT_SMTP_HOST"}.get(name, "")
    if setup.environ.get(setting):
        return f"not needed, because {setting} is set"
    if name == "mailbox" and has_mail_server(setup.root / "monitoring"):
        return "not needed, because monitoring/alertmanager.yml has a mail server and its password is there"
    return None


def _missing(name: str, tools: Tools) -> str | None:
    match name:
        case "valkey":
            return valkey.missing()
        case "llm":
            return local_llm.missing()
        case "prometheus" | "alertmanager" if name not in tools.programs:
            return f"{name} is neither on PATH nor in {tools.tree}"
        case "alertmanager":
            return alertmanager.refused(tools)
        case _:
            return None
