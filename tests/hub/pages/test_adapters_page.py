import html

import pytest

from workers.contracts.peft import DIFFERENCES, VERSION

pytestmark = pytest.mark.django_db


def test_every_difference_to_peft_stands_on_the_page(browser):
    page = html.unescape(browser().get("/docs/adapters").content.decode())
    assert f"peft {VERSION}" in page
    for row in DIFFERENCES:
        assert row.when in page
        assert row.theirs in page
        assert row.ours in page
