"""What of a run that is told to end is counted."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flows import run_loop
from flows.run_stats import Tally
from tasks.run_plan import Sealed


class ToldToEndError(BaseException):
    """As SIGTERM and Ctrl-C raise it, wherever the run happens to wait."""


@dataclass
class PendingBatch:
    """Of 8 pages. `interrupted`: somebody ends the run while it is waited for; `sealed`: its manifest is written all the same."""

    interrupted: bool = False
    sealed: bool = True
    last: bool = False
    group: Any = field(default_factory=lambda: SimpleNamespace(number=0, objects=()))

    def result(self) -> list[Sealed]:
        if self.interrupted:
            self.interrupted = False
            raise ToldToEndError
        return [Sealed({"pages": 8, "numbers": 1, "digits": 4, "to_review": 0}, "", (), ())]

    def is_sealed(self, wait: bool) -> bool:
        return self.sealed


@pytest.mark.parametrize(("sealed", "pages"), [(True, 24), (False, 16)])
def test_the_batch_that_a_run_waits_for_when_it_is_told_to_end_counts_if_it_is_sealed(monkeypatch, sealed, pages):
    monkeypatch.setattr(run_loop, "_log", lambda pending_batch, sealed: None)
    pending_batches = [PendingBatch(), PendingBatch(interrupted=True, sealed=sealed), PendingBatch()]
    tally = Tally()

    with pytest.raises(ToldToEndError):
        run_loop._read_all(SimpleNamespace(spool=Path(), out="out"), iter(pending_batches), lambda: 3, 1.0, tally)

    assert tally.pages == pages
