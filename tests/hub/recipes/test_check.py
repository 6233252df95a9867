"""What `check` says about a recipe, for whom: all findings at once, and nothing of what one may not see."""

import pytest

from hub.catalog.models import Repo
from hub.catalog.selectors import commit_resolve
from hub.jobs.models import Job
from hub.recipes.services import recipe_check
from tests.factories.jobs import make_repo

pytestmark = pytest.mark.django_db


def codes(report, severity="error"):
    return [finding.code for finding in report.check.findings if finding.severity == severity]


def hide(*repos):
    Repo.objects.filter(pk__in=[repo.pk for repo in repos]).update(visibility="private")


def test_good_recipe_gives_plan_estimate_licence_and_commits(alice, family, document):
    report = recipe_check(user=alice, document=document())
    assert codes(report) == []
    assert report.check.plan is not None
    assert report.check.estimate.memory_bytes > 0
    assert report.check.licence.licence == "Apache-2.0"
    assert [(entry.role, entry.index, entry.commit) for entry in report.inputs] == [
        ("base", 0, commit_resolve(family["base"], "main")),
        ("source", 0, commit_resolve(family["one"], "main")),
        ("source", 1, commit_resolve(family["two"], "main")),
    ]
    files = {file.path: file for file in report.inputs[0].input().files}
    assert {"model.safetensors", "config.json", "README.md"} <= files.keys()
    assert len(files["model.safetensors"].sha256) == 64
    assert not Job.objects.exists()


def test_reads_yaml_text_too(alice, family):
    text = (
        "kind: merge\nmethod: linear\nsources:\n- model: alice/one\n- model: alice/two\noutput:\n  repo: alice/merged\n"
    )
    assert recipe_check(user=alice, document=text).check.ok


def test_missing_and_invisible_read_the_same(alice, charlie, family, document):
    hide(family["one"])
    sources = [{"model": "alice/one"}, {"model": "alice/none"}]
    report = recipe_check(user=charlie, document=document(sources=sources, output={"repo": "charlie/merged"}))
    found = [finding for finding in report.check.findings if finding.code == "not_found"]
    assert len(found) == 2
    assert {finding.message.replace("alice/one", "X").replace("alice/none", "X") for finding in found} == {
        found[0].message.replace("alice/one", "X")
    }


def test_a_dataset_is_no_model(alice, family, document):
    make_repo(alice, "data", type="dataset", visibility="public")
    report = recipe_check(user=alice, document=document(sources=[{"model": "alice/data"}, {"model": "alice/one"}]))
    assert "not_found" in codes(report)


def test_unknown_revision_is_not_found(alice, family, document):
    report = recipe_check(user=alice, document=document(base="alice/base@v9"))
    assert "not_found" in codes(report)


def test_says_that_the_output_is_missing(alice, family, document):
    body = document()
    del body["output"]
    assert codes(recipe_check(user=alice, document=body)) == ["output_missing"]


@pytest.mark.parametrize("name", ["alice/merged", "nobody/merged"])
def test_output_in_a_namespace_of_others_is_refused(charlie, family, document, name):
    assert codes(recipe_check(user=charlie, document=document(output={"repo": name}))) == ["output_not_writable"]


def test_output_over_a_repo_of_ones_own_is_fine(alice, family, document):
    make_repo(alice, "merged")
    assert recipe_check(user=alice, document=document()).check.ok


def test_output_in_an_organisation_follows_the_role(alice, bob, charlie, lab, family, document):
    body = document(output={"repo": "lab/merged"})
    assert recipe_check(user=bob, document=body).check.ok
    assert codes(recipe_check(user=charlie, document=body)) == ["output_not_writable"]


def test_result_of_private_inputs_of_ones_own_may_be_public(alice, family, document):
    hide(*family.values())
    assert recipe_check(user=alice, document=document(output={"repo": "alice/merged", "visibility": "public"})).check.ok


def test_result_of_private_inputs_of_others_may_not_be_public(alice, bob, lab, family, document):
    family["one"].namespace = lab
    family["one"].full_name = "lab/one"
    family["one"].visibility = "private"
    family["one"].save()
    body = document(
        sources=[{"model": "lab/one"}, {"model": "alice/two"}], output={"repo": "bob/merged", "visibility": "public"}
    )
    report = recipe_check(user=bob, document=body)
    assert codes(report) == ["private_input_public_output"]
    (finding,) = [finding for finding in report.check.findings if finding.severity == "error"]
    assert "lab/one" in finding.message
    assert finding.repair[0].patch[0]["path"] == "/output/visibility"
    body["output"]["visibility"] = "private"
    assert recipe_check(user=bob, document=body).check.ok


def test_a_private_input_does_not_go_into_a_repo_that_is_public_already(alice, bob, lab, family, document):
    family["one"].namespace, family["one"].full_name, family["one"].visibility = lab, "lab/one", "private"
    family["one"].save()
    make_repo(bob, "merged", visibility="public")
    body = document(
        sources=[{"model": "lab/one"}, {"model": "alice/two"}], output={"repo": "bob/merged", "visibility": "private"}
    )
    assert codes(recipe_check(user=bob, document=body)) == ["private_input_public_output"]


def test_data_to_measure_on_has_to_be_there(alice, family, document):
    report = recipe_check(user=alice, document=document(evaluate=[{"data": "alice/none"}]))
    (finding,) = [finding for finding in report.check.findings if finding.severity == "error"]
    assert (finding.code, finding.where) == ("not_found", "evaluate[0].data")


def test_all_findings_come_at_once(alice, family, document):
    body = document(
        sources=[{"model": "alice/none"}, {"model": "alice/one"}],
        output={"repo": "nobody/x"},
        evaluate=[{"data": "alice/none"}],
    )
    assert sorted(codes(recipe_check(user=alice, document=body))) == ["not_found", "not_found", "output_not_writable"]


def test_errors_of_the_text_do_not_hide_those_of_the_models_and_rights(alice, bob, lab, family, document):
    family["one"].namespace, family["one"].full_name, family["one"].visibility = lab, "lab/one", "private"
    family["one"].save()
    body = document(
        sources=[{"model": "lab/one", "weight": float("nan")}, {"model": "alice/none"}],
        colour="red", density=2.0, evaluate=[{"data": "alice/none", "split": "tset"}],
        output={"repo": "bob/merged", "visibility": "public"},
    )  # fmt: skip
    report = recipe_check(user=bob, document=body)
    found = [(row.code, row.where) for row in report.check.findings if row.severity == "error"]
    assert sorted(found) == [
        ("not_finite", "sources[0].weight"), ("not_found", "evaluate[0].data"), ("not_found", "sources[1]"),
        ("out_of_range", "density"), ("private_input_public_output", "output.visibility"),
        ("unknown_choice", "evaluate[0].split"), ("unknown_key", "colour"),
    ]  # fmt: skip
    assert report.check.plan is None
    assert report.parsed.recipe is None


def test_an_output_that_cannot_be_read_is_told_once(alice, family, document):
    for output in ({"repo": "alice"}, {"visibility": "public"}, 7):
        report = recipe_check(user=alice, document=document(output=output))
        assert len(codes(report)) == 1, codes(report)


def test_names_in_a_faulty_recipe_tell_nothing_of_what_is_hidden(alice, charlie, family, document):
    hide(family["one"])
    findings = []
    for name in ("alice/one", "alice/none"):
        body = document(density=2.0, sources=[{"model": name}], output={"repo": "charlie/merged"})
        report = recipe_check(user=charlie, document=body)
        findings.append([row.model_dump_json().replace(name, "NAME") for row in report.check.findings])
    assert findings[0] == findings[1]


def test_warns_that_a_public_result_names_its_private_parents(alice, family, document):
    hide(family["one"])
    open_result = {"repo": "alice/merged", "visibility": "public"}
    report = recipe_check(user=alice, document=document(output=open_result))
    assert codes(report) == []
    warning = next(finding for finding in report.check.findings if finding.code == "private_name_public")
    assert "alice/one, which is private" in warning.message
    assert "private_name_public" not in codes(recipe_check(user=alice, document=document()), "warning")
