"""What the review queue promises, on SQLite and on a real PostgreSQL server."""

import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digit_core.errors import QueueError
from digit_core.readings import ReviewItem
from digit_core.records import Box
from digit_core.review.verdicts import Kind, Verdict
from tasks.adapters.review.claims import LARGEST_LOAN
from tasks.adapters.review.decisions import Act
from tasks.adapters.review.queue import ReviewQueue
from tests.support.concurrency import together
from tests.support.review.items import HERE, digit


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/folders/review.db"
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def queue(url):
    with ReviewQueue(url) as opened:
        yield opened


def item(name: str, confidence: float = 0.5, collection: str = HERE) -> ReviewItem:
    return ReviewItem(
        item_id=name,
        uri="s3://scans/Mörike & Söhne/page 1.tif",
        sha256="ab" * 32,
        page_index=3,
        number_id="ab-3-10-20-90-40",
        box=Box(10, 20, 30, 40),
        top=((7, confidence), (1, (1 - confidence) / 2), (10, (1 - confidence) / 3)),
        reason="low confidence",
        collection=collection,
        model_version="1",
        crop_png=b"\x89PNG\r\n\x00crop",
        context_png=b"\x89PNG\r\n\x00context",
    )


@pytest.mark.parametrize("second", [None, "", "178"])
def test_an_item_comes_back_as_it_was_put(queue, second):
    asked = replace(item("a", confidence=1 / 3), second=second)

    queue.put([asked])

    assert queue.get("a") == asked
    assert queue.get("never put") is None


def test_putting_the_same_item_twice_changes_nothing(queue):
    first = item("a", confidence=0.4)

    new = [queue.put([first]), queue.put([replace(first, top=((3, 0.9),), model_version="2"), item("b")])]

    assert new == [1, 1]
    assert queue.get("a") == first
    assert queue.counts() == {"open": 2}


def test_the_same_item_twice_in_one_put_counts_once(queue):
    assert queue.put([item("a"), item("b"), item("a")]) == 2


def test_nothing_to_put_is_no_error(queue):
    assert queue.put([]) == 0
    assert queue.counts() == {}


def test_more_items_than_go_in_one_statement_are_all_kept(queue):
    assert queue.put([item(f"{number:04}") for number in range(1234)]) == 1234
    assert queue.counts(HERE) == {"open": 1234}


def test_a_put_that_fails_keeps_none_of_its_items(queue):
    broken = replace(item("z"), crop_png=None)

    with pytest.raises(QueueError):
        queue.put([*(item(f"{number:04}") for number in range(700)), broken])

    assert queue.counts() == {}


def test_what_was_put_is_there_for_the_next_who_opens_the_queue(url):
    with ReviewQueue(url) as queue:
        queue.put([item("a")])

    with ReviewQueue(url) as queue:
        assert queue.counts() == {"open": 1}


def test_collections_are_counted_and_paged_apart(queue):
    queue.put([item("a"), item("b", collection="elsewhere"), item("c")])

    assert queue.counts("elsewhere") == {"open": 1}
    assert queue.counts() == {"open": 3}
    assert [found.item_id for found in queue.page("elsewhere")] == ["b"]
    assert queue.page("nowhere") == []


def test_the_least_sure_come_first(queue):
    queue.put([item("sure", 0.96), item("unsure", 0.31), item("between", 0.6)])

    assert [found.item_id for found in queue.page(HERE)] == ["unsure", "between", "sure"]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    confidences=st.lists(st.sampled_from([0.1, 1 / 3, 0.5, 0.7, 0.1 + 0.2]) | st.floats(0, 1), max_size=25),
    limit=st.integers(1, 9),
)
def test_paging_shows_every_item_once_whatever_the_page_size(queue, confidences, limit):
    collection = f"{limit}:{confidences!r}"
    queue.put([item(f"{collection}/{number}", sure, collection) for number, sure in enumerate(confidences)])

    seen = list(pages(queue, collection, limit))

    assert [found.top[0][1] for found in seen] == sorted(confidences)
    assert len({found.item_id for found in seen}) == len(confidences)


def pages(queue, collection, limit):
    last = None
    while page := queue.page(collection, limit, after=last):
        assert len(page) <= limit
        yield from page
        last = page[-1].item_id


def test_paging_on_from_an_unknown_item_is_refused_by_name(queue):
    with pytest.raises(QueueError, match="has no item gone-1"):
        queue.page(HERE, after="gone-1")


def test_thirty_thousand_open_items_page_and_are_lent_in_less_than_a_tenth_of_a_second(queue, url):
    queue.put(
        [
            replace(item(f"{number * 7919 % 30_000:06}", number / 30_000), number_id=f"number-{number // 4}")
            for number in range(30_000)
        ]
    )
    count_for_the_planner(url)
    middle = queue.page(HERE, 1)[0].item_id

    first, first_seconds = timed(lambda: queue.page(HERE, 100))
    second, second_seconds = timed(lambda: queue.page(HERE, 100, after=f"{15_000 * 7919 % 30_000:06}"))

    assert middle == first[0].item_id
    assert [found.top[0][1] for found in second] == [number / 30_000 for number in range(15_001, 15_101)]
    _, single_seconds = timed(lambda: queue.claims.numbers(HERE, "Ada", 40, 600))
    _, carpet_seconds = timed(lambda: queue.claims.carpet(HERE, "Ada", 40, 600, 0.7))
    _, page_seconds = timed(lambda: queue.claims.page_by_page(HERE, "Ada", 40, 600))
    assert max(first_seconds, second_seconds, single_seconds, page_seconds, carpet_seconds) < 0.1


def count_for_the_planner(url):
    """What PostgreSQL does by itself within a minute of such a change."""
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ANALYZE")


def timed(action):
    """The fastest of ten: other programs on the machine only ever add to it."""
    seconds = []
    for _ in range(10):
        start = time.perf_counter()
        answer = action()
        seconds.append(time.perf_counter() - start)
    return answer, min(seconds)


PUT = """
queue = ReviewQueue(sys.argv[1])
start = int(sys.argv[2])
items = [replace(example, item_id=f"{number:05}") for number in range(start, start + 1000)]
items = items[::-1] if start % 1000 else items
print(sum(queue.put(items[first:first + 50]) for first in range(0, 1000, 50)))
"""


def test_four_processes_putting_overlapping_items_into_a_new_queue_leave_exactly_the_union(url):
    example = f"import sys\nfrom dataclasses import replace\nfrom digit_core.readings import *\nexample = {item('example')!r}\n"
    imports = example + "from tasks.adapters.review.queue import ReviewQueue"

    printed = together(imports, PUT, [[url, str(start)] for start in (0, 500, 1000, 1500)])

    with ReviewQueue(url) as queue:
        seen = [found.item_id for found in pages(queue, HERE, 400)]
    assert seen == [f"{number:05}" for number in range(2500)]
    assert sum(int(new) for new in printed) == 2500


def test_a_queue_of_a_newer_version_is_refused_and_left_alone(url):
    ReviewQueue(url).close()
    execute(url, "UPDATE review_schema SET version = 7")

    with pytest.raises(QueueError, match="schema version 7, and this program knows up to 6: install a newer"):
        ReviewQueue(url)


def execute(url, statement):
    connection = sqlite3.connect(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else psycopg.connect(url)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_locked_database_is_named_with_advice(tmp_path):
    queue = ReviewQueue(f"sqlite:///{tmp_path}/review.db", busy_seconds=0.1)
    other = sqlite3.connect(tmp_path / "review.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    message = refusal(lambda: queue.put([item("a")]))

    assert "review.db: database is locked; another program has locked it" in message
    other.close()
    assert queue.put([item("a")]) == 1


def test_a_new_database_that_another_program_is_just_making_is_waited_for(tmp_path):
    other = sqlite3.connect(tmp_path / "review.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.4, other.rollback).start()

    with ReviewQueue(f"sqlite:///{tmp_path}/review.db", busy_seconds=10) as queue:
        assert queue.put([item("a")]) == 1


def test_reading_goes_on_while_another_program_writes(tmp_path):
    queue = ReviewQueue(f"sqlite:///{tmp_path}/review.db", busy_seconds=0.1)
    queue.put([item("a")])
    other = sqlite3.connect(tmp_path / "review.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("DELETE FROM review_items")

    assert queue.counts() == {"open": 1}
    other.close()


FILL = """
import resource, sys
from dataclasses import replace
from digit_core.readings import *
from tasks.adapters.review.claims import LARGEST_LOAN
from tasks.adapters.review.queue import ReviewQueue
queue = ReviewQueue(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    queue.put([replace({example!r}, item_id=str(number), crop_png=bytes(5000)) for number in range(200)])
except Exception as error:
    print(type(error).__name__, error)
"""


def test_a_full_disk_is_told_in_one_line_and_leaves_the_queue_as_it_was(tmp_path):
    url = f"sqlite:///{tmp_path}/review.db"
    program = FILL.replace("{example!r}", repr(item("example")))

    run = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True, check=True)

    assert run.stdout.startswith("QueueError review queue sqlite:")
    assert "check whether the disk is full" in run.stdout
    assert run.stdout.count("\n") == 1
    with ReviewQueue(url) as queue:
        assert queue.counts() == {}


def test_a_place_that_may_not_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")

    assert "may write" in refusal(lambda: ReviewQueue(f"sqlite:///{tmp_path}/file/review.db"))


def test_a_read_only_queue_is_named_with_advice(tmp_path):
    ReviewQueue(f"sqlite:///{tmp_path}/review.db").close()
    queue = ReviewQueue(f"sqlite:///file:{tmp_path}/review.db?mode=ro&uri=true")

    assert "give this user write permission there" in refusal(lambda: queue.put([item("a")]))


def test_a_file_that_is_no_database_is_named_with_advice(tmp_path):
    (tmp_path / "review.db").write_text("a shopping list, long enough to be looked at " * 50)

    assert "file is not a database; it is another kind of file" in refusal(lambda: ReviewQueue(f"sqlite:///{tmp_path}/review.db"))


def test_an_unreachable_server_is_named_without_its_password():
    message = refusal(lambda: ReviewQueue("postgresql://reader:hunter2@127.0.0.1:1/review"))

    assert "reader:***@127.0.0.1:1/review" in message
    assert "check that the database server runs" in message
    assert "hunter2" not in message


def test_a_wrong_password_is_told_without_showing_it(postgres_url):
    message = refusal(lambda: ReviewQueue(postgres_url.replace(":s3cret-word@", ":hunter2@")))

    assert "check user and password in the queue's URL" in message
    assert "hunter2" not in message


def test_a_missing_database_is_told_by_name(postgres_url):
    message = refusal(lambda: ReviewQueue(postgres_url + "_gone"))

    assert "_gone" in message
    assert "create it first" in message


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("review.db", "write sqlite:////folder"),
        ("mysql://x/y", "not in mysql"),
        ("sqlite://review.db", "names no file: write sqlite:////"),
    ],
)
def test_an_url_of_another_kind_is_refused_with_the_form_to_use(url, part):
    assert part in refusal(lambda: ReviewQueue(url))


def refusal(action) -> str:
    """The one line of the QueueError that `action` must end with."""
    with pytest.raises(QueueError) as caught:
        action()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_number_that_is_no_number_is_lent_in_part(queue):
    queue.put([item(f"{number:06}") for number in range(1_500)])

    claim = queue.claims.numbers(HERE, "Ada", 40, 600)

    assert len(claim.items) == LARGEST_LOAN


class TestPilot:
    def test_what_a_pilot_asks_stays_open_whatever_a_run_reads_on_its_pages(self, queue):
        queue.put([digit("a", reason="pilot"), digit("b")])

        queue.put([], pages=[("ab" * 32, 3)], collection=HERE)

        assert [one.item_id for one in queue.page(HERE)] == ["a/0"]

    def test_a_waiting_item_that_it_asks_about_becomes_its_own_and_leaves_the_groups(self, queue):
        queue.put([digit("a", confidence=0.9)])
        queue.put([digit("a", confidence=0.9, reason="pilot")])

        assert [one.reason for one in queue.page(HERE)] == ["pilot"]
        assert queue.claims.carpet(HERE, "Ada", 10, 600.0, 0.5).items == ()
        assert len(queue.claims.numbers(HERE, "Ada", 10, 600.0).items) == 1

    def test_its_items_say_nothing_about_the_share_of_flagged_digits_that_were_right(self, queue):
        queue.put([digit("a", reason="pilot"), digit("b")])
        claim = queue.claims.numbers(HERE, "Ada", 10, 600.0)
        act = Act("act-of-ada", "Ada", "number", claim.claim_id, 2, 2.0)
        queue.decisions.keep(act, {"a/0": Verdict(Kind.DIGIT, "1"), "b/0": Verdict(Kind.DIGIT, "9")}, 600.0)

        (found,) = queue.statistics.collections()

        assert (found.decided, found.confirmed, found.corrected) == (2, 0, 1)
