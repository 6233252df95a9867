from types import SimpleNamespace

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import load_handler
from django.test import RequestFactory

from hub.core.uploads import takes_file


@pytest.mark.parametrize("path", ["/login", "/theme"])
def test_a_file_in_a_form_is_neither_kept_nor_read_to_its_end(path, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    large = SimpleUploadedFile("x.bin", b"x" * (4 * 2**20))
    request = RequestFactory().post(path, {"before": "1", "file": large, "username": "alice"})
    assert not request.FILES
    assert list(tmp_path.iterdir()) == []


def test_no_handler_of_this_hub_keeps_files():
    assert [type(load_handler(name)).__name__ for name in settings.FILE_UPLOAD_HANDLERS] == ["NoFiles"]


def _posted(user, size, *, most=1000):
    """A form with a file for a view that asks for one of at most `most` bytes."""
    request = RequestFactory().post("/x", {"file": SimpleUploadedFile("x.bin", b"x" * size)})
    request.user = user

    @takes_file(most)
    def view(request):
        return None

    request.resolver_match = SimpleNamespace(func=view)
    return request


@pytest.mark.django_db
def test_a_view_that_asks_for_a_file_gets_it_in_memory(alice):
    held = _posted(alice, 900).FILES["file"]
    assert (held.size, held.read()) == (900, b"x" * 900)


@pytest.mark.django_db
def test_of_a_larger_file_one_byte_too_many_is_kept(alice):
    assert _posted(alice, 50_000).FILES["file"].size == 1001


@pytest.mark.django_db
def test_of_a_far_larger_form_nothing_is_read(alice):
    assert not _posted(alice, 3 * 2**20).FILES


def test_who_is_not_signed_in_sends_no_file_even_there():
    assert not _posted(AnonymousUser(), 10).FILES


@pytest.mark.django_db
def test_a_second_file_is_not_taken(alice):
    request = RequestFactory().post("/x", {"a": SimpleUploadedFile("a", b"a"), "b": SimpleUploadedFile("b", b"b")})
    request.user, request.resolver_match = alice, SimpleNamespace(func=takes_file(10)(lambda request: None))
    assert list(request.FILES) in ([], ["a"])
