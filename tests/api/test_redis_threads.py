"""Scripts keep a connection per thread, and threads come and go."""

from threading import Thread

from coditect import redis

PING = redis.Script("return {1}")
# redis-py's pool makes 100 connections in its life.
THREADS = 120


class TestScript:
    def test_runs_in_any_number_of_threads_one_after_another(self) -> None:
        answers: list[list[int]] = []
        for _ in range(THREADS):
            thread = Thread(target=lambda: answers.append(PING([], [])))
            thread.start()
            thread.join()
        assert answers == [[1]] * THREADS
        assert redis.client.info("clients")["connected_clients"] < THREADS
