"""The rules of the protocol, each a switch or a piece of Lua, so that each can be left out to see what it is for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Every rule on: the protocol. `changes` are made to the Lua: old text to new."""

    changes: Mapping[str, str] = field(default_factory=dict)
    # R1: one lock, and the rows count
    license_lock: bool = True
    read_after_lock: bool = True
    seat_change_locked: bool = True
    capacity_from_rows: bool = True
    unique_indexes: bool = True
    # R2: "no" only from Postgres
    no_from_postgres: bool = True
    late_heartbeat_welcome: bool = True
    # R3: absence is not death
    death_needs_both_deadlines: bool = True
    positive_note: bool = True
    grant_renews_note: bool = True
    watch_before_judging: bool = True
    note_follows_the_clock: bool = True
    # R5: release and repair
    lease_removed_before_commit: bool = True
    lease_repair: bool = True
    # R6: expiry
    lazy_expiry: bool = True
    refusal_is_a_value: bool = True
    # R7
    acquire_idempotent: bool = True
    # R8
    downgrade_only_marks: bool = True
    marked_asks_postgres: bool = True
    describe_before_unmarking: bool = True
    # R9
    beat_tells_clock: bool = True
    postgres_clock: bool = True
    none_dead_after_a_step: bool = True
    step_is_told: bool = True
    fresh_process_doubts: bool = True
    # R10
    own_lease_group: bool = True

    def next_note(self, old: datetime | None, now: datetime) -> datetime:
        """What a note of Redis's use becomes."""
        return now if self.note_follows_the_clock or old is None else max(old, now)


@dataclass(frozen=True, slots=True)
class Mutant:
    """The protocol without a rule, and the faults in which that shows soonest (none named: any)."""

    rules: Rules
    faults: tuple[str, ...] = ()
    # The seed from which on it is looked for.
    first: int = 0


def without(*names: str, lua: Mapping[str, str] | None = None, among: tuple[str, ...] = (), first: int = 0) -> Mutant:
    """The protocol without these switches and with other Lua."""
    return Mutant(replace(Rules(), changes=lua or {}, **dict.fromkeys(names, False)), among, first)


NO_FENCE = {"fence > tonumber(ARGV[2])": "false"}
# Where a second line of defence would hide what a rule is for, that line is left out, too.
MUTANTS: dict[str, Mutant] = {
    "R1 no lock": without("license_lock", "unique_indexes"),
    "R1 rows read before the lock": without("read_after_lock", "unique_indexes"),
    "R1 seats changed without the lock": without("seat_change_locked", first=110),
    "R1 capacity from the leases": without("capacity_from_rows", "unique_indexes"),
    "R2 no from Redis": without("no_from_postgres", among=("lose_facts", "flush", "roll_back")),
    "R2 late heartbeat refused": without("late_heartbeat_welcome", among=("cut_off",)),
    "R3 absence is death": without(
        lua={"score = renewed(ARGV[3])": "score = 0"}, among=("failing_commits",), first=100
    ),
    "R3 death by the row alone": without("death_needs_both_deadlines"),
    "R3 unreachable since": without("positive_note", among=("cut_off",)),
    "R3 stale note not renewed": without("grant_renews_note", "watch_before_judging", among=("outage",)),
    "R3 note never goes back": without(
        "note_follows_the_clock", "grant_renews_note", among=("step_postgres_clock", "outage")
    ),
    "R4 no generation": without(lua={"redis.call('INFO', 'replication')": "'master_replid:0'"}, among=("roll_back",)),
    "R4 no cap": without(lua={"cap or math.huge": "math.huge", "math.min(renewed, cap)": "renewed"}),
    "R5 commit before the lease is removed": without("lease_removed_before_commit", among=("crash",)),
    "R5 no lease_repair": without("lease_repair", among=("cut_off", "flaky")),
    "R5 no not_after": without(lua={**NO_FENCE, "left < 0 or": ""}, among=("flaky", "pause"), first=40),
    "R5 not_after by an older clock": without(
        lua={**NO_FENCE, "or left > 2000": ""}, among=("flaky", "flap_redis_clock"), first=60
    ),
    "R5 no fence": without(lua=NO_FENCE, among=("flaky",), first=90),
    "R6 only the sweep ends the dead": without("lazy_expiry"),
    "R6 refusal raised inside": without("refusal_is_a_value"),
    "R7 acquire not idempotent": without("acquire_idempotent", "unique_indexes"),
    "R8 downgrade kills": without("downgrade_only_marks"),
    "R8 mark lost in seeding": without(lua={"if ARGV[i + 2] ~= '' then": "if false then"}, among=("flush", "restart")),
    "R8 marked one extended": without(
        lua={"if not facts[3] then": "if true then", "if ARGV[7] ~= '' then": "if false then"}
    ),
    "R8 revoke_at from the row alone": without(
        lua={"math.max(score, math.min(at, tonumber(ARGV[i + 2]) - offset))": "tonumber(ARGV[i + 2]) - offset"}
    ),
    "R8 marked one answered by Redis": without("marked_asks_postgres", among=("failing_commits",), first=60),
    "R8 marks lifted before Redis is asked": without(
        "describe_before_unmarking", among=("failing_commits", "flush", "lose_facts"), first=260
    ),
    "R9 offset not checked": without(lua={"math.abs(tonumber(ARGV[2]) - now - offset) > 2000": "false"}),
    "R9 fast path knows no clock": without("beat_tells_clock", among=("flap_redis_clock",)),
    "R9 the web's clock": without("postgres_clock"),
    "R9 dead after a step of both clocks": without("none_dead_after_a_step", among=("step_both_clocks",)),
    "R9 a step is not told": without("step_is_told", among=("step_both_clocks", "crash")),
    "R9 a fresh process trusts the clock": without(
        "fresh_process_doubts", among=("step_both_clocks", "crash", "postgres_outage")
    ),
    "R9 promise longer than a TTL": without(
        lua={"math.min(score, now + tonumber(ttl))": "score"}, among=("step_both_clocks",), first=40
    ),
    "R10 two licenses share a group": without("own_lease_group"),
}
