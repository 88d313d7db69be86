"""What of an extra is needed, told before anything runs instead of once for each item."""

from __future__ import annotations

from importlib.util import find_spec

from onward.errors import UsageError


def need(package: str, what: str, extra: str) -> None:
    """Refuse to go on without a package.

    Args:
        what: needs it.
        extra: of onward's, that installs it.

    Raises:
        UsageError: it is not installed; says what it is needed for and how to install it.
    """
    if find_spec(package) is None:
        raise UsageError(f'{what} needs the package {package}: pip install "onward[{extra}]"')
