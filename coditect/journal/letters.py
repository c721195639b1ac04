"""Letters: written once, as text; the HTML beside it is made from the same lines, so that they cannot differ.

A template `mail/<name>.txt` begins with the subject and an empty line. Then come blocks with an empty line between
them: a paragraph; `Label: https://…` on a line of its own, a button; or indented lines, to be copied as they are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context, Template
from django.template.loader import get_template, render_to_string
from django.utils.text import normalize_newlines

BUTTON = re.compile(r"(?P<label>[^:\n]+): (?P<url>https?://\S+)")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A part of a letter; `url` is a button's."""

    kind: Literal["paragraph", "button", "verbatim"]
    text: str
    url: str = ""


def write_letter(template: str, *, to: str, context: Mapping[str, str]) -> EmailMultiAlternatives:
    """A mail in text and HTML, ready to be sent."""
    # A name with a line break in it could pose as a button of ours, or break the subject's header.
    lines = {name: " ".join(value.split()) for name, value in context.items()}
    subject, _, body = _fill(f"mail/{template}.txt", {**lines, "PUBLIC_URL": settings.PUBLIC_URL}).partition("\n")
    text = re.sub(r"\n{3,}", "\n\n", body.strip("\n"))
    # Lets out-of-office replies keep silent (RFC 3834).
    headers = {"Auto-Submitted": "auto-generated"}
    mail = EmailMultiAlternatives(subject.strip(), f"{text.rstrip()}\n", to=[to], headers=headers)
    frame = {"subject": subject.strip(), "blocks": read_blocks(text), "home": settings.PUBLIC_URL}
    mail.attach_alternative(render_to_string("mail/frame.html", frame), "text/html")
    return mail


def _fill(name: str, context: Mapping[str, str]) -> str:
    """Text is no HTML, so nothing is escaped in it; in the frame everything is."""
    template: Template = get_template(name).template  # type: ignore[attr-defined]  # Django's own engine has it
    return normalize_newlines(template.render(Context(context, autoescape=False)))


def read_blocks(text: str) -> list[Block]:
    """The parts of a letter's text."""
    return [_read_block(part.rstrip()) for part in re.split(r"\n{2,}", text) if part.strip()]


def _read_block(text: str) -> Block:
    if all(line.startswith("    ") for line in text.split("\n")):
        return Block(kind="verbatim", text="\n".join(line[4:] for line in text.split("\n")))
    if button := BUTTON.fullmatch(text):
        return Block(kind="button", text=button["label"], url=button["url"])
    return Block(kind="paragraph", text=text.replace("\n", " "))
