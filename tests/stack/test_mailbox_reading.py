"""A mail as text: whatever is in it, something can be read."""

from __future__ import annotations

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from artisan.stack.mailbox.reading import content, heading

LINES = st.lists(
    st.one_of(
        st.binary(max_size=80),
        st.sampled_from(
            [
                b"Content-Type: multipart/mixed; boundary=b",
                b"Content-Type: text/html; charset=utf-7",
                b"Content-Type: text/plain; charset*=x''%00",
                b"Content-Type: message/rfc822",
                b"Content-Transfer-Encoding: base64",
                b"Content-Transfer-Encoding: x-uuencode",
                b"begin 666 x",
                b'To: "@<>(;,',
                b"Subject: =?utf-8?b?!?= =?x?q?=ff?=",
                b"--b",
                b"--b--",
                b"",
            ]
        ),
    ),
    max_size=30,
).map(b"\r\n".join)


@given(LINES)
@example(b"\r\n".join([b"Content-Type: text/html; charset=utf-7", b"", b"+2AA-"]))
def test_any_bytes_are_a_mail(raw: bytes) -> None:
    """Nothing that was received is an error, and all that is shown can be written as UTF-8, one header a line."""
    said = content(raw)
    for text in (*(line for pair in said.headers for line in pair), said.text or "", said.html or ""):
        text.encode()
    assert heading(raw) == said.heading
    assert all("\n" not in value and "\r" not in value for _, value in said.headers)


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        (b"=?utf-8?q?Gr=C3=B6=C3=9Fe?= =?utf-8?q?_und_mehr?=", "Größe und mehr"),
        ("Größe".encode(), "Größe"),
        (b"a\r\n folded one", "a folded one"),
        (b"a =?no-such-charset?q?=ff?= b", "a \ufffd b"),
        (b"=?utf-8?q?a=0D=0ABcc:_b?=", "a Bcc: b"),
    ],
    ids=["encoded", "as it is", "folded", "unknown", "with a line end"],
)
def test_a_subject_is_shown_as_it_was_meant(header: bytes, shown: str) -> None:
    """Decoded where that can be done, on one line."""
    assert heading(b"Subject: " + header + b"\r\n\r\n").subject == shown


@pytest.mark.parametrize(
    ("charset", "payload", "shown"),
    [
        ("utf-8", "Größe".encode(), "Größe"),
        ("iso-8859-1", "Größe".encode("latin-1"), "Größe"),
        ("utf-8", b"Gr\xf6\xdfe", "Gr\ufffd\ufffde"),
        ("no-such-charset", "Größe".encode(), "Größe"),
        ("hex", b"Groesse", "Groesse"),
    ],
)
def test_a_body_is_decoded_as_far_as_it_goes(charset: str, payload: bytes, shown: str) -> None:
    """By the encoding that it names, if that is true."""
    head = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    assert content(head.encode() + base64.b64encode(payload)).text == shown


def test_parts_without_end_are_shown_as_they_came() -> None:
    """A mail that is made to break its readers breaks none, and can be recognised for what it is."""
    raw = b"Subject: deep\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 5_000
    said = content(raw)
    assert said.heading.subject == "deep"
    assert said.text is not None
    assert said.text.startswith("Subject: deep\n")


def test_a_header_without_end_is_cut() -> None:
    """Reading it would take a time that grows with the square of its length."""
    assert len(heading(b"Subject: " + b"a " * 500_000 + b"\r\n\r\n").subject) < 3_000
