"""The Lua call of a heartbeat, as the view makes it but without HTTP: prints calls/s and processor time per call."""

import json
import threading
import time
from pathlib import Path
from uuid import UUID

from django.conf import settings

from licenses import leases

WARM_UP_SECONDS = 0.3


def main(threads: str, seconds: str) -> None:
    """Call from some threads for some seconds."""
    lines = Path(settings.DATA_DIR, "sessions.txt").read_text(encoding="ascii").splitlines()
    pairs = [(UUID(line.split()[0]), UUID(line.split()[1])) for line in lines]
    call(pairs, threads=int(threads), seconds=WARM_UP_SECONDS)
    start, cpu = time.perf_counter(), time.process_time()
    calls = call(pairs, threads=int(threads), seconds=float(seconds))
    elapsed, used = time.perf_counter() - start, time.process_time() - cpu
    print(json.dumps({"per_second": calls / elapsed, "cpu_us": used / calls * 1e6}))  # noqa: T201 (what the command is for)


def call(pairs: list[tuple[UUID, UUID]], *, threads: int, seconds: float) -> int:
    """How many calls all threads made together."""
    counts = [0] * threads
    end = time.perf_counter() + seconds

    def run(number: int) -> None:
        while True:
            for session_id, user_id in pairs[number::threads]:
                if time.perf_counter() >= end:
                    return
                if leases.beat(session_id, user_id=user_id) is None:
                    raise AssertionError(f"{session_id} has no lease")
                counts[number] += 1

    runners = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    return sum(counts)
