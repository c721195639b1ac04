"""Licenses and the sessions in which machines hold their seats."""

from licenses.models.batches import Batch, BatchItem, BatchQuerySet
from licenses.models.expiries import ExpiryWatch
from licenses.models.keys import LicenseKey
from licenses.models.licenses import PERPETUAL, License, LicenseQuerySet, SeatChange
from licenses.models.proofs import LeaseRepair, RedisNote, SeatVerification
from licenses.models.seats import UNENDED, SeatSession, SeatSessionQuerySet
from licenses.models.signing import SigningKey, SigningKeyQuerySet
from licenses.models.usage import UsageHolder, UsageProgress, UsageRollup

__all__ = [
    "PERPETUAL",
    "UNENDED",
    "Batch",
    "BatchItem",
    "BatchQuerySet",
    "ExpiryWatch",
    "LeaseRepair",
    "License",
    "LicenseKey",
    "LicenseQuerySet",
    "RedisNote",
    "SeatChange",
    "SeatSession",
    "SeatSessionQuerySet",
    "SeatVerification",
    "SigningKey",
    "SigningKeyQuerySet",
    "UsageHolder",
    "UsageProgress",
    "UsageRollup",
]
