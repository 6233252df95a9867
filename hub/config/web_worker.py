"""gunicorn's threaded worker, with an end to the time that the head of a request may take.

gunicorn waits for a first byte outside its threads, and then reads the head on one of them for as long as the client cares to send it: as
many clients as there are threads, each sending one header a minute, would close the hub to everybody else.
"""

import socket
import time
from contextlib import suppress
from threading import Lock

from gunicorn.workers.gthread import TConn, ThreadWorker

HEAD_S = 15


class WebWorker(ThreadWorker):
    head_s = HEAD_S

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._heads: dict[TConn, float] = {}
        self._heads_lock = Lock()

    def handle(self, conn):
        with self._heads_lock:
            self._heads[conn] = time.monotonic() + self.head_s
        try:
            return super().handle(conn)
        finally:
            self._head_done(conn)

    def handle_request(self, req, conn):
        self._head_done(conn)
        return super().handle_request(req, conn)

    def murder_pending(self):
        """The main loop calls this each second."""
        super().murder_pending()
        now = time.monotonic()
        # under the lock, so that none is shut whose head came through at this moment
        with self._heads_lock:
            for conn in [conn for conn, end in self._heads.items() if end < now]:
                del self._heads[conn]
                self._hang_up(conn)

    def _head_done(self, conn):
        with self._heads_lock:
            self._heads.pop(conn, None)

    @staticmethod
    def _hang_up(conn):
        """Its thread reads the end of the connection; closing the socket here would not wake it."""
        with suppress(OSError):  # gone by itself
            conn.sock.shutdown(socket.SHUT_RDWR)
