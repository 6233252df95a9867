"""An invitation lets one in, however many try it at the same moment."""

import pytest

from hub.accounts.invitations import invitation_accept, invitation_create
from hub.accounts.models import AuditEntry, Membership
from hub.core.errors import NotFound
from tests.factories.accounts import make_user
from tests.hub.together import together

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_many_who_accept_at_once_one_gets_in(alice, lab):
    people = [make_user(f"guest-{number}") for number in range(5)]
    _, secret = invitation_create(asker=alice, namespace=lab, role="viewer")
    results = together(5, lambda index: invitation_accept(user=people[index], secret=secret))
    assert sum(isinstance(result, NotFound) for result in results) == 4
    assert Membership.objects.filter(namespace=lab, user__in=people).count() == 1
    assert AuditEntry.objects.filter(action="invitation.accept").count() == 1
