"""The switches of the control page: what may go wrong between us and Stripe, and does when asked to."""

from coditect.local.fake_stripe.store import Store

ALWAYS = -1

DELIVERY_FAULTS = {
    "duplicate": "Every event is delivered twice.",
    "twin": "Every event is delivered a second time under another id.",
    "late": "Events are held back for some seconds.",
    "reordered": "Events that wait together are delivered the last one first.",
    "lost": "Events are never delivered; they can be redelivered below.",
}
API_FAULTS = {
    "answer_lost": "Requests that write are carried out, but the connection ends without an answer.",
    "time_out": "Nothing is done, and no answer comes until the client gives up.",
    "error_500": "Nothing is done, and the answer is a 500.",
    "error_500_kept": "The same, and whoever asks again with that idempotency key gets the same 500 again.",
    "rate_limited": "Nothing is done, and the answer is a 429.",
}
CARD_FAULTS = {"card_declined": "Every charge is declined, also on good cards."}
FAULTS = {**DELIVERY_FAULTS, **API_FAULTS, **CARD_FAULTS}


def switch(store: Store, name: str, *, times: int = ALWAYS, only: str = "") -> None:
    """Let a fault happen the next `times` times, or always; 0 switches it off.

    `only` limits it to event types, or to `METHOD /v1/path` of requests, that contain this text.
    """
    if name not in FAULTS:
        raise KeyError(name)
    store.set(f"fault:{name}", {"times": times, "only": only} if times else None)


def state(store: Store, name: str) -> tuple[int, str]:
    """How often it will still happen, and to what only."""
    kept = store.setting(f"fault:{name}")
    return (kept["times"], kept["only"]) if kept else (0, "")


def takes(store: Store, name: str, *, about: str) -> bool:
    """Tell whether the fault happens now, and count it."""
    times, only = state(store, name)
    if times == 0 or only not in about:
        return False
    if times != ALWAYS:
        switch(store, name, times=times - 1, only=only)
    return True
