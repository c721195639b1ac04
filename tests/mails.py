"""The post: sends what is queued, and reads what has arrived."""

import re

from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from coditect.journal.mails import send_due_mails


def deliver() -> list[EmailMultiAlternatives]:
    """Do the worker's work and take the mails out of the box, in the order in which they were sent."""
    send_due_mails(clock=timezone.now)
    arrived = list(mail.outbox)
    mail.outbox.clear()
    return [letter for letter in arrived if isinstance(letter, EmailMultiAlternatives)]


def deliver_one() -> EmailMultiAlternatives:
    """The only mail there is."""
    (letter,) = deliver()
    return letter


def text_of(letter: EmailMultiAlternatives) -> str:
    """Its text part."""
    return str(letter.body)


def html_of(letter: EmailMultiAlternatives) -> str:
    """Its HTML part."""
    ((content, kind),) = letter.alternatives
    assert kind == "text/html"
    return str(content)


def token_in(letter: EmailMultiAlternatives) -> str:
    """The one-time token that it carries."""
    tokens: set[str] = set(re.findall(r"(?<![\w-])[\w-]{43}(?![\w-])", text_of(letter)))
    (token,) = tokens
    return token


def code_in(letter: EmailMultiAlternatives) -> str:
    """The six digits that it carries."""
    codes: list[str] = re.findall(r"^ {4}(\d{6})$", text_of(letter), re.MULTILINE)
    (code,) = codes
    return code
