"""Cards that claim numbers are found without reading every card."""

import pytest
from django.db import connection

from hub.catalog.models import Repo

pytestmark = pytest.mark.django_db


def test_the_few_cards_with_claims_have_an_index(alice):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    rows = Repo.objects.visible_to(None, "read").filter(type="model", disabled_reason="", card__has_key="model-index")
    assert "repo_with_claims" in rows.order_by("full_name")[:2000].explain()
