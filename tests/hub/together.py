"""The same work by several threads at once, each on its own connection to the database."""

import threading
from collections.abc import Callable

from django.db import connection


def together(count: int, work: Callable[[int], object]) -> list[object]:
    """Runs `work(0)` … at once and gives what each returned or raised."""
    barrier = threading.Barrier(count)
    results: list[object] = [None] * count

    def run(index: int) -> None:
        try:
            barrier.wait()
            results[index] = work(index)
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
