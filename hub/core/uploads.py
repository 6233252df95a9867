"""No form of this hub takes a file: files travel by the wire, under its caps."""

from typing import Any, Never

from django.core.files.uploadhandler import FileUploadHandler, StopUpload


class NoFiles(FileUploadHandler):
    """SECURITY: Django would write a file in a form to the disk, of any size and from anybody, before a view is asked."""

    def new_file(self, *args: Any, **kwargs: Any) -> Never:
        raise StopUpload(connection_reset=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        return None

    def file_complete(self, file_size: int) -> None:
        return None
