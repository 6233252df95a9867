"""Forms of this hub take no files: files travel by the wire, under its caps. The one exception is a view that asks for a small one."""

import io
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

View = TypeVar("View", bound=Callable[..., Any])
_MARK = "file_bytes"


def takes_file(most_bytes: int) -> Callable[[View], View]:
    """Marks a view whose form may carry one file. Of a larger one a byte more than `most_bytes` is kept, so that it can be refused in words."""

    def marked(view: View) -> View:
        setattr(view, _MARK, most_bytes)
        return view

    return marked


class NoFiles(FileUploadHandler):
    """SECURITY: Django would write a file in a form to the disk, of any size and from anybody, before a view is asked.

    Here it is taken into memory, once per form, only for a view marked by `takes_file` and only from who is signed in.
    """

    _most = 0
    _kept: io.BytesIO | None = None
    _count = 0

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        match = getattr(self.request, "resolver_match", None)
        self._most = int(getattr(match.func, _MARK, 0)) if match is not None else 0
        if content_length > 2 * self._most + 2**20:
            self._most = 0  # too much to be read just to be refused

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self._count += 1
        user = getattr(self.request, "user", None)
        if not self._most or self._count > 1 or user is None or not user.is_authenticated:
            raise StopUpload(connection_reset=True)
        super().new_file(*args, **kwargs)
        self._kept = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self._kept is not None:
            self._kept.write(raw_data[: max(0, self._most + 1 - self._kept.tell())])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile | None:
        if self._kept is None:
            return None
        size = self._kept.tell()
        self._kept.seek(0)
        return InMemoryUploadedFile(self._kept, self.field_name, self.file_name, self.content_type, size, self.charset, self.content_type_extra)  # fmt: skip
