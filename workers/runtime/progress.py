"""From the bytes of the child's pipe to events: whole lines only, a bounded log, the last error kept apart."""

from pydantic import ValidationError

from workers.contracts.events import EVENT, ErrorEvent, Event, LogEvent

MAX_LINE = 2**20
MAX_PENDING = 10_000


class EventReader:
    """`pending` are the events not yet stored; `error` is the child's last word, if it had one."""

    def __init__(self, log_bytes: int) -> None:
        self.pending: list[Event] = []
        self.error: ErrorEvent | None = None
        self._rest = b""
        self._log_left = log_bytes
        self._is_cut = False

    def feed(self, data: bytes) -> int:
        """Takes what was read from the pipe; gives the number of events in it."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MAX_LINE:
            self._rest = b""
            lines.append(b"")
        return sum(self._line(line) for line in lines if line.strip())

    def _line(self, line: bytes) -> int:
        try:
            event = EVENT.validate_json(line)
        except ValidationError:
            event = LogEvent(level="warning", message="A line of the job's reports could not be read.")
        if isinstance(event, ErrorEvent):
            self.error = event
        elif isinstance(event, LogEvent):
            self._log(event)
        else:
            self._keep(event)
        return 1

    def _log(self, event: LogEvent) -> None:
        self._log_left -= len(event.message.encode())
        if self._log_left >= 0:
            self._keep(event)
        elif not self._is_cut:
            self._is_cut = True
            self._keep(LogEvent(level="warning", message="The log is full. What follows is not kept."))

    def _keep(self, event: Event) -> None:
        # While the database is away the newest events are the ones that matter.
        self.pending.append(event)
        del self.pending[:-MAX_PENDING]
