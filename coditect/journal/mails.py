"""Mails: queued in the transaction of whatever they tell of, sent by the worker, at least once.

An app registers, for each of its templates, the composer that looks up what the template shows. The composer runs when
the mail is sent, and it is there that one-time secrets are made: none ever lies in a row, a message or a log.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from coditect.jobs import enqueue
from coditect.journal.letters import write_letter
from coditect.journal.models import Mail

logger = logging.getLogger(__name__)
SEND_TASK = "journal.send_mails"
MAILS_PER_RUN = 200
# After so many the server is taken to be away: the worker has other work, and the next run is near.
FAILURES_PER_RUN = 3
# How long to wait after each try; after the last wait, two days in all, a mail is given up. A claimed mail is nobody
# else's for the first of these, which is longer than a try takes (EMAIL_TIMEOUT).
BACK_OFF = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 480, 960, 1440)]
KEPT = timedelta(days=90)

Context = Mapping[str, str]
Composer = Callable[[Mail, datetime], Context | None]
_composers: dict[str, Composer] = {}


def compose_by(template: str, composer: Composer) -> None:
    """Register what a template shows: `composer(mail, now)`, in a transaction; None where there is nothing to send."""
    _composers[template] = composer


@transaction.atomic(savepoint=False)
def queue_mail(*, template: str, to: str, now: datetime, **ids: UUID) -> Mail:
    """Have the worker send `mail/<template>.txt` to an address once the caller's transaction commits."""
    texts = {name: str(value) for name, value in ids.items()}
    mail = Mail.objects.create(template=template, to=to, ids=texts, created_at=now, next_attempt_at=now)
    enqueue(SEND_TASK)
    return mail


def send_due_mails(*, clock: Callable[[], datetime]) -> None:
    """Send what is due, a bounded number. Several runs at once share the work and send nothing twice."""
    _give_up(now=clock())
    failures = 0
    for _ in range(MAILS_PER_RUN):
        mail = _claim(now=clock())
        if mail is None:
            return
        failures += not _deliver(mail, now=clock())
        if failures == FAILURES_PER_RUN:
            return


def prune_mails(*, now: datetime) -> None:
    """Forget mails after a while: their rows hold people's addresses."""
    Mail.objects.filter(created_at__lt=now - KEPT).delete()


def forget_mails(*, to: str) -> None:
    """Whoever leaves takes their address along, and needs no mail any more."""
    Mail.objects.filter(to=to).delete()


def _give_up(*, now: datetime) -> None:
    exhausted = Mail.objects.due(at=now).order_by().filter(attempts__gte=len(BACK_OFF))
    if given_up := exhausted.update(status=Mail.Status.FAILED):
        logger.error("gave up sending %d mails", given_up)


@transaction.atomic
def _claim(*, now: datetime) -> Mail | None:
    """The next mail due, put out of others' reach before it is tried: one that kills its worker blocks no other."""
    mail = Mail.objects.due(at=now).select_for_update(skip_locked=True).first()
    if mail is None:
        return None
    mail.next_attempt_at = now + BACK_OFF[min(mail.attempts, len(BACK_OFF) - 1)]
    mail.attempts += 1
    mail.save(update_fields=["next_attempt_at", "attempts"])
    return mail


def _deliver(mail: Mail, *, now: datetime) -> bool:
    """Write it, send it, mark it. Whatever happens in between, it is sent again rather than never."""
    try:
        with transaction.atomic():
            context = _composers[mail.template](mail, now)
        if context is None:
            # Nobody's address, perhaps, that a stranger typed in: not ours to keep.
            mail.delete()
            return True
        write_letter(mail.template, to=mail.to, context=context).send()
    except Exception as error:  # noqa: BLE001 (whatever went wrong, other mails must be sent)
        _note_failure(mail, error)
        return False
    Mail.objects.filter(pk=mail.pk).update(status=Mail.Status.SENT, sent_at=now, last_error="")
    return True


def _note_failure(mail: Mail, error: Exception) -> None:
    """Only the error's name: its text may quote the letter."""
    name = type(error).__name__
    logger.warning("mail %s (%s) was not sent at try %d: %s", mail.pk, mail.template, mail.attempts, name)
    Mail.objects.filter(pk=mail.pk).update(last_error=name)
