"""Routes of the pages. Fixed words first; namespaces come last and catch the rest."""

from django.urls import path

from hub.pages.shell import View, page
from hub.pages.views import (
    access,
    account,
    browse,
    changes,
    docs,
    evaluations,
    files,
    history,
    home,
    imports,
    jobs,
    make,
    new,
    organisations,
    owner,
    refs,
    repo,
    repo_settings,
    result,
    sign_in,
    styleguide,
)


def _route(route: str, view: View, name: str):
    return path(route, page(view), name=name)


def _both(route: str, view: View, name: str):
    """A page of every repo: of datasets behind their word, of models without."""
    address, shown = f"<str:namespace>/<str:name>/{route}", page(view)
    return (
        path(f"datasets/{address}", shown, {"repo_type": "dataset"}, name=f"dataset-{name}"),
        path(address, shown, {"repo_type": "model"}, name=f"repo-{name}"),
    )


urlpatterns = [
    _route("", home.home, "home"),
    _route("models", browse.models, "models"),
    _route("datasets", browse.datasets, "datasets"),
    _route("make", make.kinds, "make"),
    _route("make/<slug:kind>", make.recipe, "make-kind"),
    _route("make/<slug:kind>/check", make.check, "make-check"),
    _route("jobs", jobs.listing, "jobs"),
    _route("jobs/<str:ident>", jobs.detail, "job"),
    _route("jobs/<str:ident>/live", jobs.live, "job-live"),
    _route("jobs/<str:ident>/log", jobs.log, "job-log"),
    _route("jobs/<str:ident>/result", jobs.result, "job-result"),
    _route("jobs/<str:ident>/recipe.yaml", jobs.recipe_file, "job-recipe"),
    _route("jobs/<str:ident>/curve.csv", jobs.curve_csv, "job-curve-csv"),
    _route("jobs/<str:ident>/cancel", jobs.cancel, "job-cancel"),
    _route("jobs/<str:ident>/retry", jobs.retry, "job-retry"),
    _route("jobs/<str:ident>/reproduce", jobs.reproduce, "job-reproduce"),
    _route("login", sign_in.sign_in, "login"),
    _route("logout", sign_in.sign_out, "logout"),
    _route("theme", sign_in.theme, "theme"),
    _route("settings", account.settings_page, "settings"),
    _route("settings/profile", account.profile, "settings-profile"),
    _route("settings/tokens", account.token_make, "settings-tokens"),
    _route("settings/tokens/<uuid:ident>/revoke", account.token_end, "settings-token-revoke"),
    _route("settings/webhooks", account.webhook_make, "settings-webhooks"),
    _route("settings/webhooks/<uuid:ident>/delete", account.webhook_end, "settings-webhook-delete"),
    _route("settings/notices/read", account.notices_read, "settings-notices-read"),
    _route("organizations/new", organisations.new, "organisation-new"),
    _route("organizations/<str:name>/members", organisations.members, "organisation-members"),
    _route("organizations/<str:name>/members/role", organisations.member_role, "organisation-member"),
    _route("import", imports.page, "import"),
    _route("new", new.page, "new"),
    _route("docs", docs.index, "docs"),
    _route("docs/methods", docs.methods, "docs-methods"),
    _route("docs/configuration", docs.configuration, "docs-configuration"),
    _route("docs/<slug:name>", docs.topic, "docs-topic"),
    _route("styleguide", styleguide.styleguide, "styleguide"),
    _route("datasets/<str:namespace>/<str:name>", repo.dataset, "dataset"),
    *_both("tree/<path:rest>", files.tree, "tree"),
    *_both("blob/<path:rest>", files.blob, "blob"),
    *_both("upload-check/<path:branch>", changes.upload_check, "upload-check"),
    *_both("edit/<path:rest>", changes.edit, "edit"),
    *_both("rename/<path:rest>", changes.rename, "rename"),
    *_both("delete/<path:rest>", changes.delete, "delete"),
    *_both("commits", history.commits, "commits"),
    *_both("commit/<slug:oid>", history.commit, "commit"),
    *_both("compare", history.compare, "compare"),
    *_both("branches", refs.page, "branches"),
    *_both("branches/create", refs.create, "branches-create"),
    *_both("branches/delete", refs.delete, "branches-delete"),
    *_both("settings", repo_settings.page, "settings"),
    *_both("settings/visibility", repo_settings.visibility, "settings-visibility"),
    *_both("settings/gate", repo_settings.gate, "settings-gate"),
    *_both("access", access.page, "access"),
    *_both("access/ask", access.ask, "access-ask"),
    *_both("access/decide", access.decide, "access-decide"),
    *_both("settings/move", repo_settings.move, "settings-move"),
    *_both("settings/delete", repo_settings.delete, "settings-delete"),
    _route("<str:namespace>", owner.owner, "owner"),
    _route("<str:namespace>/<str:name>", repo.model, "repo"),
    _route("<str:namespace>/<str:name>/tensors", repo.tensors, "repo-tensors"),
    _route("<str:namespace>/<str:name>/lineage", repo.lineage, "repo-lineage"),
    _route("<str:namespace>/<str:name>/evaluations", evaluations.page, "repo-evaluations"),
    _route("<str:namespace>/<str:name>/evaluations.csv", evaluations.as_csv, "repo-evaluations-csv"),
    _route("<str:namespace>/<str:name>/result", result.page, "repo-result"),
    _route("<str:namespace>/<str:name>/result/layers.csv", result.layers_csv, "repo-result-layers-csv"),
]
