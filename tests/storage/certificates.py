"""A private authority and what it signs, made by openssl, valid for two days."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Signed(NamedTuple):
    """A certificate and its private key, in PEM."""

    certificate: Path
    key: Path


def authority(folder: Path, name: str) -> Signed:
    """One that signs others."""
    made = Signed(folder / f"{name}.crt", folder / f"{name}.key")
    usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
    subject = ("-subj", f"/CN={name}", "-days", "2")
    _openssl("req", "-x509", *_NEW_KEY, *subject, *usage, "-keyout", made.key, "-out", made.certificate)
    return made


def signed(folder: Path, by: Signed, name: str, *, host: str = "IP:127.0.0.1") -> Signed:
    """A certificate for `host`, which is a server's or a client's."""
    made, request, extensions = Signed(folder / f"{name}.crt", folder / f"{name}.key"), folder / "csr", folder / "ext"
    extensions.write_text(f"subjectAltName={host}\nauthorityKeyIdentifier=keyid\n")
    _openssl("req", *_NEW_KEY, "-subj", f"/CN={name}", "-keyout", made.key, "-out", request)
    signer = ("-CA", by.certificate, "-CAkey", by.key, "-CAcreateserial")
    _openssl("x509", "-req", "-in", request, *signer, "-days", "2", "-extfile", extensions, "-out", made.certificate)
    return made


def _openssl(*words: str | Path) -> None:
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
