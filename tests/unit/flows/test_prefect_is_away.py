"""What is said where no Prefect server answers."""

import pytest

from digit_core.errors import DigitsError
from flows.local_server import check_reachable


@pytest.mark.parametrize(
    ("address", "how"),
    [
        ("http://127.0.0.1:1/api", r"`PREFECT_SERVER_UI_API_URL=http://127\.0\.0\.1:1/api prefect server start --port 1`"),
        ("http://nobody.invalid:4200/api", "`prefect server start`"),
        ("http://nobody.invalid/api", "`prefect server start`"),
        ("http://nobody.invalid:port/api", "`prefect server start`"),
    ],
)
def test_the_message_says_how_to_start_one_at_that_address(address: str, how: str) -> None:
    with pytest.raises(DigitsError, match=rf"no Prefect server answers at {address}: start it \({how}\), or unset"):
        check_reachable(address)
