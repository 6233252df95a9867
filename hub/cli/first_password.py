"""Run by `genepool up` before it shows the first administrator's password: minutes may have passed, and somebody may have changed it.

python -m hub.cli.first_password PASSWORD_FILE
"""

import os
import sys
from pathlib import Path

CHANGED = 3


def main(argv: list[str]) -> int:
    """0: the password in the file opens the account; `CHANGED`: it does not, or the account is gone."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.config.settings")
    import django

    django.setup()
    return 0 if is_right(*Path(argv[0]).read_text().splitlines()) else CHANGED


def is_right(name: str, password: str) -> bool:
    from hub.accounts.models import User

    user = User.objects.filter(username=name, is_active=True).first()
    return user is not None and user.check_password(password)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
