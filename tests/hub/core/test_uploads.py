import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import load_handler
from django.test import RequestFactory


@pytest.mark.parametrize("path", ["/login", "/theme"])
def test_a_file_in_a_form_is_neither_kept_nor_read_to_its_end(path, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    large = SimpleUploadedFile("x.bin", b"x" * (4 * 2**20))
    request = RequestFactory().post(path, {"before": "1", "file": large, "username": "alice"})
    assert not request.FILES
    assert list(tmp_path.iterdir()) == []


def test_no_handler_of_this_hub_keeps_files():
    assert [type(load_handler(name)).__name__ for name in settings.FILE_UPLOAD_HANDLERS] == ["NoFiles"]
