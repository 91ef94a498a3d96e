"""Grafana's unit ids, as far as a metric can contradict them. `short`, `none` and the like fit everything."""

from __future__ import annotations

from .units import Unit

_SECONDS: dict[str, float] = {
    "s": 1,
    "ms": 1e-3,
    "µs": 1e-6,
    "ns": 1e-9,
    "m": 60,
    "h": 3600,
    "d": 86400,
    "dtdurations": 1,
    "dtdurationms": 1e-3,
    "dthms": 1,
    "clocks": 1,
    "clockms": 1e-3,
}
_KIB, _KB = 2**10, 1e3
_BYTES: dict[str, float] = {
    "bytes": 1,
    "kbytes": _KIB,
    "mbytes": _KIB**2,
    "gbytes": _KIB**3,
    "tbytes": _KIB**4,
    "decbytes": 1,
    "deckbytes": _KB,
    "decmbytes": _KB**2,
    "decgbytes": _KB**3,
    "dectbytes": _KB**4,
    "bits": 1 / 8,
    "decbits": 1 / 8,
}
_BYTES_PER_SECOND: dict[str, float] = {
    "Bps": 1,
    "binBps": 1,
    "KBs": _KB,
    "MBs": _KB**2,
    "GBs": _KB**3,
    "KiBs": _KIB,
    "MiBs": _KIB**2,
    "GiBs": _KIB**3,
    "bps": 1 / 8,
    "binbps": 1 / 8,
    "Kbits": _KB / 8,
    "Mbits": _KB**2 / 8,
    "Gbits": _KB**3 / 8,
}
_PER_SECOND: dict[str, float] = {
    **dict.fromkeys(("reqps", "ops", "rps", "wps", "iops", "cps", "eps", "mps", "pps", "recps", "rowsps", "hertz"), 1),
    **dict.fromkeys(("reqpm", "opm", "rpm", "wpm", "cpm", "epm", "mpm", "recpm", "rowspm"), 1 / 60),
}
_NUMBERS: dict[str, float] = {"percentunit": 1, "percent": 0.01}


def _units(factors: dict[str, float], **powers: int) -> dict[str, Unit]:
    return {name: Unit(frozenset(powers.items()), factor) for name, factor in factors.items()}


UNITS: dict[str, Unit] = {
    **_units(_SECONDS, seconds=1),
    **_units(_BYTES, bytes=1),
    **_units(_BYTES_PER_SECOND, bytes=1, seconds=-1),
    **_units(_PER_SECOND, seconds=-1),
    **_units(_NUMBERS),
    **_units({"currencyUSD": 1}, USD=1),
    **_units({"celsius": 1}, celsius=1),
}
