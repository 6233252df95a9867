"""`genepool user create|password|list|quota|export|delete NAME`, on the hub of this machine."""

import argparse
import sys

from hub.cli import accounts
from hub.cli.environment import activate_or_explain


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    password = sys.stdin.readline().rstrip("\r\n") if getattr(arguments, "password_stdin", False) else None
    if password == "":
        sys.stderr.write("genepool: standard input holds no password.\n")
        return 2
    if not activate_or_explain(arguments.data_dir):
        return 1
    return int(arguments.action(arguments, password))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="genepool user", description="Users of the hub of this machine.")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    create = actions.add_parser(
        "create",
        help="make a user",
        description="Makes a user and the namespace of that name; prints a generated password once.",
    )
    create.add_argument("name", metavar="NAME", help="letters, digits, dots, dashes and underscores")
    create.add_argument("--admin", action="store_true", help="an administrator, who sees and may change everything")
    create.add_argument("--email", default="", help="where notices go, on a hub that sends mail")
    create.set_defaults(action=_create)
    renew = actions.add_parser(
        "password",
        help="give a user a new password",
        description="For who lost theirs: sets a new password and prints it once. Open sessions of that user end.",
    )
    renew.add_argument("name", metavar="NAME")
    renew.set_defaults(action=_renew)
    more = accounts.arguments_add(actions)
    for action in (create, renew):
        action.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    for action in (create, renew, *more):
        action.add_argument("--data-dir", help="data directory of the hub (default: GENEPOOL_DATA, else .genepool)")
    return parser


def _create(arguments: argparse.Namespace, password: str | None) -> int:
    from hub.accounts.services import password_generate, user_create
    from hub.core.errors import ApplicationError

    chosen = password or password_generate()
    try:
        user = user_create(name=arguments.name, password=chosen, email=arguments.email, is_admin=arguments.admin)
    except ApplicationError as error:
        sys.stderr.write(f"genepool: {error}\n")
        return 1
    sys.stderr.write(f"{'Administrator' if user.is_superuser else 'User'} {user.username} is made.\n")
    _show(chosen, is_new=password is None)
    return 0


def _renew(arguments: argparse.Namespace, password: str | None) -> int:
    from hub.accounts.services import password_generate, password_set
    from hub.core.errors import ApplicationError

    chosen = password or password_generate()
    try:
        user = password_set(name=arguments.name, password=chosen)
    except ApplicationError as error:
        sys.stderr.write(f"genepool: {error}\n")
        return 1
    sys.stderr.write(f"{user.username} has a new password.\n")
    _show(chosen, is_new=password is None)
    return 0


def _show(password: str, *, is_new: bool) -> None:
    if is_new:
        sys.stderr.write("The password, which is shown only now:\n")
        sys.stdout.write(f"{password}\n")
