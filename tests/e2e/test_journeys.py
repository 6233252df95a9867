"""What a person does from end to end, in a browser."""

import re

import pytest

from hub.jobs.models import Job
from hub.jobs.services import job_events_append, job_fail
from tests.factories.accounts import PASSWORD
from tests.factories.jobs import claim, key_of
from workers.contracts.events import ProgressEvent, StepEvent


def clean(page) -> None:
    assert page.troubles == []
    assert page.evaluate("window.policyViolations") == []


def test_from_sign_in_to_a_merge_and_its_live_job(visit, signed_in, family):
    page = visit()
    signed_in(page)
    page.get_by_role("link", name="Models", exact=True).first.click()
    page.get_by_label("Words").fill("one")
    page.get_by_role("button", name="Search").last.click()
    page.locator(".results a", has_text="dora/one").click()
    page.get_by_role("link", name="Use in a recipe").click()

    page.get_by_label("Base").fill("dora/base")
    for name in ("dora/one", "dora/wide"):
        page.get_by_label("Another source").fill(name)
        page.get_by_role("button", name="Add a source").click()
    page.locator("#check .finding.error").wait_for()
    assert page.get_by_role("button", name="Submit merge").is_disabled()
    page.get_by_role("button", name=re.compile("Remove this source")).click()
    page.get_by_label("Another source").fill("dora/two")
    page.get_by_role("button", name="Add a source").click()
    page.get_by_role("button", name="Submit merge").click()

    page.wait_for_url(re.compile(r"/jobs/\d+$"))
    assert page.locator("h1").inner_text().startswith("TIES of 2 models")
    page.get_by_text("1st in the queue.").wait_for()
    job = claim()
    assert job == Job.objects.get()
    job_events_append(
        **key_of(job),
        events=[StepEvent(name="merge", state="started"), ProgressEvent(done=3, total=12, unit="tensors")],
    )
    page.get_by_text("3 of 12 tensors").first.wait_for(timeout=20_000)
    job_fail(**key_of(job), code="user_error", message="One source holds values that are not numbers.")
    page.get_by_text("One source holds values that are not numbers.").first.wait_for(timeout=20_000)
    assert page.locator("#job").get_attribute("hx-trigger") is None
    clean(page)


def test_the_check_answers_while_one_types(visit, signed_in, family):
    page = visit()
    signed_in(page)
    page.goto("/make/merge?source=dora/one&source=dora/two&base=dora/base")
    assert page.locator("#check .finding.error").count() == 0
    page.locator("#f-s-0-density").fill("2.0")
    page.locator("#check .finding.error").wait_for()
    assert "density is 2.0, above 1. Did you mean 0.2?" in page.locator("#check").inner_text()
    assert page.locator("#yaml-preview li.error").count() == 1
    page.locator("#f-s-0-density").fill("0.4")
    page.locator("#check .finding.error").wait_for(state="detached")
    assert "density: 0.4" in page.locator("#yaml-preview").inner_text()
    clean(page)


def test_slider_and_field_move_together(visit, signed_in, family):
    page = visit()
    signed_in(page)
    page.goto("/make/merge?source=dora/one&base=dora/base")
    slider, field = page.locator('input[type=range][data-for="f-s-0-density"]'), page.locator("#f-s-0-density")
    field.fill("0.75")
    assert slider.input_value() == "0.75"
    slider.evaluate(
        "(element) => { element.value = '0.5'; element.dispatchEvent(new Event('input', {bubbles: true})); }"
    )
    assert field.input_value() == "0.5"


def test_choosing_a_method_changes_its_fields(visit, signed_in, family):
    page = visit()
    signed_in(page)
    page.goto("/make/merge?source=dora/one&base=dora/base")
    page.get_by_label("Method", exact=True).select_option("linear")
    page.locator("#f-s-0-density").wait_for(state="detached")
    assert page.get_by_label("Method", exact=True).input_value() == "linear"
    clean(page)


def test_a_method_is_found_by_typing_and_chosen_by_keyboard(visit, signed_in, family):
    page = visit()
    signed_in(page)
    page.goto("/make/merge?source=dora/one&base=dora/base")
    page.get_by_text("methods, by what they need").click()
    page.get_by_label("Find a method").press_sequentially("singular value")
    page.locator("#pick-linear").wait_for(state="detached")
    page.locator("#pick-tsv_m").press("Enter")
    page.locator("#f-s-0-density").wait_for(state="detached")
    assert page.get_by_label("Method", exact=True).input_value() == "tsv_m"
    assert page.evaluate("document.activeElement.id") == "pick-tsv_m"
    clean(page)


def test_everything_works_without_scripts(visit, signed_in, family):
    page = visit(scripts=False)
    signed_in(page)
    page.goto("/make/merge?source=dora/one&source=dora/wide&base=dora/base")
    assert page.locator("#check .finding.error").count() == 1
    page.get_by_role("button", name=re.compile("Remove this source")).click()
    assert page.locator("#check .finding.error").count() == 0
    page.get_by_role("button", name="YAML", exact=True).click()
    assert "dora/one" in page.get_by_label("Recipe, YAML").input_value()
    page.get_by_role("button", name="Submit merge").click()
    page.wait_for_url(re.compile(r"/jobs/\d+$"))
    page.get_by_role("button", name="Cancel job").click()
    assert page.locator(".pill.cancelled").count() == 1


def test_a_theme_is_chosen_and_kept(visit, signed_in, family):
    page = visit()
    signed_in(page)
    page.get_by_label("Theme").click()
    page.get_by_role("button", name="Dark").click()
    page.locator('html[data-theme="dark"]').wait_for()
    page.goto("/models")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(11, 23, 34)"
    clean(page)


def test_the_keyboard_reaches_search_content_and_menus(visit, signed_in, family):
    page = visit()
    signed_in(page)
    page.goto("/models")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.get_by_label("Theme").focus()
    page.keyboard.press("Enter")
    assert page.locator("details.menu[open]").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("details.menu[open]").count() == 0
    clean(page)


def test_a_token_can_be_copied_from_the_page_that_shows_it(visit, signed_in, dora):
    page = visit()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    signed_in(page)
    page.goto("/settings")
    page.locator("#token-name").fill("laptop")
    page.get_by_label("Read", exact=False).first.check()
    page.get_by_role("button", name="Make the token").click()
    shown = page.locator("#tokens pre").inner_text()
    page.get_by_role("button", name="Copy the token").click()
    page.locator('#tokens [data-copy] use[href="#i-tick"]').wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == shown
    clean(page)


def test_a_wrong_password_is_explained(visit, dora):
    page = visit()
    page.goto("/login")
    page.get_by_label("Name").fill("dora")
    page.get_by_label("Password", exact=True).fill(PASSWORD + "x")
    page.get_by_role("button", name="Sign in").click()
    assert "Name and password do not match." in page.get_by_role("alert").inner_text()
    assert page.evaluate("document.activeElement.id") == "password"


@pytest.mark.parametrize("width", [390, 320])
def test_a_phone_shows_filters_behind_one_button(visit, signed_in, family, width):
    page = visit(width=width)
    signed_in(page)
    page.goto("/models")
    assert not page.get_by_text("Parameters", exact=True).first.is_visible()
    page.get_by_text("Filters").click()
    assert page.get_by_text("Parameters", exact=True).first.is_visible()
