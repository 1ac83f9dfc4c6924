"""What the review queue promises of claims and decisions, on SQLite and on a real PostgreSQL server."""

import pytest

from digit_core.errors import InputError
from digit_core.review.verdicts import Kind, Verdict
from tasks.adapters.review.decisions import Act, Answer
from tasks.adapters.review.queue import ReviewQueue
from tests.support.concurrency import together
from tests.support.review.items import HERE, digit

LEASE = 600.0
DAY = 86_400.0
NOTHING = Verdict(Kind.NOT_A_DIGIT)


def said(value):
    return Verdict(Kind.DIGIT, value)


def act(name, claim, reviewer="Ada", view="number", **changes):
    return Act(name, reviewer, view, **{"claim_id": claim.claim_id, "keys": 1, "seconds": 2.0, **changes})


def names(claim):
    return [item.item_id for item in claim.items]


def fill(queue, count, **changes):
    queue.put([digit(f"n{number:05}", confidence=number / 100_000, **changes) for number in range(count)])


class TestClaims:
    def test_page_by_page_numbers_come_in_reading_order_with_audits_in_their_places(self, queue):
        queue.put([digit("late", confidence=0.1, uri="s3://scans/b.tif", sha256="cd" * 32, position=0)])
        queue.put([digit(name, place=place, position=at) for at, name in enumerate(("x", "w", "v")) for place in (1, 0)])
        queue.put([digit("between", reason="audit", confidence=0.99, position=1)])

        claim = queue.claims.page_by_page(HERE, "Ada", 20, LEASE)

        assert names(claim) == ["x/0", "x/1", "between/0", "w/0", "w/1", "v/0", "v/1", "late/0"]

    def test_the_numbers_of_one_page_can_be_asked_for(self, queue):
        queue.put([digit("here"), digit("next", page_index=4), digit("elsewhere", sha256="cd" * 32)])

        assert names(queue.claims.page_by_page(HERE, "Ada", 20, LEASE, ("ab" * 32, 4))) == ["next/0"]

    def test_a_number_is_lent_as_a_whole_even_where_the_loan_becomes_larger(self, queue):
        queue.put([digit("a", place=place, confidence=0.2 + place / 10) for place in range(4)] + [digit("b", confidence=0.9)])

        ada, ben = queue.claims.numbers(HERE, "Ada", 1, LEASE), queue.claims.numbers(HERE, "Ben", 1, LEASE)

        assert (names(ada), names(ben)) == (["a/0", "a/1", "a/2", "a/3"], ["b/0"])

    def test_a_carpet_leaves_numbers_with_several_doubts_together(self, queue):
        queue.put([digit("two", "11", place=place, confidence=0.9) for place in (0, 1)] + [digit("one", "1", confidence=0.9)])

        assert names(queue.claims.carpet(HERE, "Ada", 40, LEASE, 0.7)) == ["one/0"]

    def test_a_number_of_which_a_newer_reading_doubts_more_leaves_the_carpets(self, queue):
        queue.put([digit("n", "11", confidence=0.9)])
        queue.put([digit("n", "11", place=place, confidence=0.9) for place in (0, 1)])

        assert queue.claims.carpet(HERE, "Ada", 40, LEASE, 0.7).items == ()

    def test_the_least_sure_come_first_and_whole_numbers_together(self, queue):
        queue.put([digit("a", place=0, confidence=0.4), digit("b", confidence=0.3), digit("a", place=2, confidence=0.9)])

        claim = queue.claims.numbers(HERE, "Ada", 2, LEASE)

        assert names(claim) == ["b/0", "a/0", "a/2"]

    def test_two_reviewers_never_get_the_same_item(self, queue):
        fill(queue, 9)

        ada, ben = (queue.claims.numbers(HERE, name, 5, LEASE) for name in ("Ada", "Ben"))

        assert (len(ada.items), len(ben.items)) == (5, 4)
        assert not set(names(ada)) & set(names(ben))

    def test_what_is_not_decided_in_time_goes_to_another(self, queue, clock):
        fill(queue, 3)
        ada = queue.claims.numbers(HERE, "Ada", 5, LEASE)
        clock.seconds += LEASE + 1

        ben = queue.claims.numbers(HERE, "Ben", 5, LEASE)

        assert names(ben) == names(ada)

    def test_a_loan_made_while_the_clock_was_days_ahead_ends_when_the_clock_is_right_again(self, queue, clock):
        fill(queue, 3)
        clock.seconds += 3 * DAY
        ada = queue.claims.numbers(HERE, "Ada", 5, LEASE)
        clock.seconds -= 3 * DAY

        ben = queue.claims.numbers(HERE, "Ben", 5, LEASE)
        kept = queue.decisions.keep(act("1", ben, "Ben"), {name: said("1") for name in names(ben)}, LEASE)

        assert names(ben) == names(ada)
        assert set(kept.values()) == {Answer.KEPT}

    def test_what_is_given_back_is_free_at_once(self, queue):
        fill(queue, 3)

        assert queue.claims.release(queue.claims.numbers(HERE, "Ada", 5, LEASE).claim_id, "Ada") == 3
        assert len(queue.claims.numbers(HERE, "Ben", 5, LEASE).items) == 3

    def test_every_decision_prolongs_the_rest_of_the_loan(self, queue, clock):
        fill(queue, 3)
        claim = queue.claims.numbers(HERE, "Ada", 5, LEASE)
        clock.seconds += LEASE - 1
        queue.decisions.keep(act("1", claim), {names(claim)[0]: said("1")}, LEASE)
        clock.seconds += LEASE - 1

        assert queue.claims.numbers(HERE, "Ben", 5, LEASE).items == ()

    def test_a_carpet_is_of_one_guess_and_holds_no_audit_and_nothing_too_unsure(self, queue):
        queue.put([digit(f"one{n}", "1", confidence=0.8 + n / 100) for n in range(3)])
        queue.put([digit(f"two{n}", "2", confidence=0.9) for n in range(2)])
        queue.put([digit("audit", "1", confidence=0.99, reason="audit"), digit("unsure", "1", confidence=0.3)])

        claim = queue.claims.carpet(HERE, "Ada", 40, LEASE, sure_from=0.7)

        assert names(claim) == ["one0/0", "one1/0", "one2/0"]

    def test_a_carpet_of_a_certain_guess_can_be_asked_for(self, queue):
        queue.put([digit("one", "1", confidence=0.8), digit("none", "-", confidence=0.8)])

        assert names(queue.claims.carpet(HERE, "Ada", 40, LEASE, 0.7, guess=10)) == ["none/0"]

    def test_audits_are_strewn_among_the_others(self, queue):
        fill(queue, 20)
        queue.put([digit(f"audit{n}", confidence=0.99, reason="audit") for n in range(5)])

        reasons = [item.reason for item in queue.claims.numbers(HERE, "Ada", 20, LEASE).items]

        assert reasons.count("audit") == 2
        assert "audit" not in (reasons[0], reasons[-1])

    def test_audits_are_asked_too_when_nothing_else_is_left(self, queue):
        queue.put([digit(f"audit{n}", confidence=0.99, reason="audit") for n in range(5)])

        assert len(queue.claims.numbers(HERE, "Ada", 20, LEASE).items) == 5


class TestDecisions:
    @pytest.fixture
    def claim(self, queue):
        fill(queue, 3)
        return queue.claims.numbers(HERE, "Ada", 5, LEASE)

    def test_a_decision_is_kept_with_who_when_and_how_long(self, queue, claim, clock):
        answers = queue.decisions.keep(act("1", claim), {"n00000/0": said("7")}, LEASE)

        (row,) = queue.decisions.log("n00000/0")
        assert answers == {"n00000/0": Answer.KEPT}
        assert (row["kind"], row["value"], row["reviewer"], row["seconds"]) == ("digit", "7", "Ada", 2.0)
        assert row["at"] == clock.seconds
        assert queue.counts() == {"open": 2, "decided": 1}

    def test_the_same_act_sent_again_counts_once(self, queue, claim):
        answers = [queue.decisions.keep(act("1", claim), {"n00000/0": said("7")}, LEASE) for _ in range(2)]

        assert answers[0] == answers[1] == {"n00000/0": Answer.KEPT}
        assert queue.decisions.count() == 1

    def test_a_decided_item_is_not_decided_again(self, queue, claim):
        queue.decisions.keep(act("1", claim), {"n00000/0": said("7")}, LEASE)

        answers = queue.decisions.keep(act("2", claim), {"n00000/0": said("9"), "n00001/0": said("9")}, LEASE)

        assert answers == {"n00000/0": Answer.DECIDED, "n00001/0": Answer.KEPT}
        assert queue.decisions.count() == 2

    def test_an_unknown_item_is_said_to_be_unknown(self, queue, claim):
        assert queue.decisions.keep(act("1", claim), {"gone": said("7")}, LEASE) == {"gone": Answer.UNKNOWN}
        assert queue.decisions.count() == 0

    def test_a_loan_whose_time_is_up_still_counts_if_nobody_took_the_item(self, queue, claim, clock):
        clock.seconds += LEASE + 1

        assert queue.decisions.keep(act("1", claim), {"n00000/0": said("7")}, LEASE) == {"n00000/0": Answer.KEPT}

    def test_an_item_that_another_has_by_now_is_theirs(self, queue, claim, clock):
        clock.seconds += LEASE + 1
        queue.claims.numbers(HERE, "Ben", 5, LEASE)

        assert queue.decisions.keep(act("1", claim), {"n00000/0": said("7")}, LEASE) == {"n00000/0": Answer.TAKEN}
        assert queue.decisions.count() == 0

    def test_a_value_that_is_no_digit_is_refused(self):
        with pytest.raises(InputError, match="one of 0 to 9, not '12'"):
            said("12")

    def test_a_retyped_number_answers_all_its_items(self, queue):
        queue.put([digit("a", place=place) for place in range(3)] + [digit("b")])
        claim = queue.claims.numbers(HERE, "Ada", 5, LEASE)

        queue.decisions.keep(act("1", claim), {"a/1": Verdict(Kind.NUMBER, "19750")}, LEASE)

        assert queue.counts() == {"open": 1, "decided": 3}
        assert {(row["outcome_kind"], row["outcome_value"]) for row in queue.outcomes()} == {("number", "19750")}

    def test_a_number_retyped_as_the_machine_has_it_confirms_its_digits(self, queue):
        queue.put([digit("a", "19-5", place=place) for place in (1, 2)])
        claim = queue.claims.numbers(HERE, "Ada", 5, LEASE)

        queue.decisions.keep(act("1", claim), {"a/1": Verdict(Kind.NUMBER, "195")}, LEASE)

        assert [(row["outcome_kind"], row["outcome_value"]) for row in queue.outcomes()] == [("digit", "9"), ("not a digit", "")]

    @pytest.mark.parametrize("verdict", [Verdict(Kind.WRITTEN, "-19.75"), Verdict(Kind.CONTENT, "struck out")])
    def test_what_is_said_of_the_whole_number_answers_all_its_items(self, queue, verdict):
        queue.put([digit("a", place=place) for place in range(3)] + [digit("b")])
        claim = queue.claims.numbers(HERE, "Ada", 5, LEASE)

        queue.decisions.keep(act("1", claim), {"a/0": verdict}, LEASE)

        assert queue.counts() == {"open": 1, "decided": 3}
        assert {(row["outcome_kind"], row["outcome_value"]) for row in queue.outcomes()} == {(verdict.kind, verdict.value)}

    def test_what_was_taken_back_is_open_again_and_the_log_keeps_both(self, queue, claim):
        queue.decisions.keep(act("1", claim), {"n00000/0": said("7")}, LEASE)
        queue.decisions.keep(act("2", claim), {"n00001/0": said("7")}, LEASE)

        undone = queue.decisions.undo("Ada", claim.claim_id, LEASE)
        queue.decisions.keep(act("3", claim), {"n00001/0": said("8")}, LEASE)

        assert undone == ["n00001/0"]
        assert [(row["value"], row["undone"] is None) for row in queue.decisions.log("n00001/0")] == [("7", False), ("8", True)]
        assert queue.counts() == {"open": 1, "decided": 2}

    def test_undo_goes_back_act_by_act_and_no_further(self, queue, claim):
        queue.decisions.keep(act("1", claim), {"n00000/0": said("7"), "n00001/0": said("7")}, LEASE)
        queue.decisions.keep(act("2", claim), {"n00002/0": NOTHING}, LEASE)

        undone = [queue.decisions.undo("Ada", claim.claim_id, LEASE) for _ in range(3)]

        assert undone == [["n00002/0"], ["n00000/0", "n00001/0"], []]
        assert queue.counts() == {"open": 3}

    def test_nobody_takes_back_what_another_said(self, queue, claim):
        queue.decisions.keep(act("1", claim), {"n00000/0": said("7")}, LEASE)

        assert queue.decisions.undo("Ben", "x", LEASE) == []
        assert queue.counts() == {"open": 2, "decided": 1}


class TestTwoReaders:
    @pytest.fixture(autouse=True)
    def items(self, queue):
        queue.decisions.read_twice(HERE, 2)
        fill(queue, 1)

    def say(self, queue, reviewer, value):
        claim = queue.claims.numbers(HERE, reviewer, 5, LEASE)
        assert names(claim) == ["n00000/0"]
        queue.decisions.keep(act(reviewer, claim, reviewer), {"n00000/0": said(value)}, LEASE)

    def outcome(self, queue):
        return [(row["outcome_value"], row["outcome_by"]) for row in queue.outcomes() if row["state"] == "decided"]

    def test_one_reader_is_not_enough_and_never_gets_the_item_again(self, queue):
        self.say(queue, "Ada", "7")

        assert queue.counts() == {"open": 1}
        assert queue.claims.numbers(HERE, "Ada", 5, LEASE).items == ()

    def test_two_who_agree_settle_it(self, queue):
        self.say(queue, "Ada", "7")
        self.say(queue, "Ben", "7")

        assert self.outcome(queue) == [("7", "Ada, Ben")]

    def test_a_third_decides_where_two_differ(self, queue):
        self.say(queue, "Ada", "7")
        self.say(queue, "Ben", "1")
        assert queue.counts() == {"open": 1}

        self.say(queue, "Cid", "1")

        assert self.outcome(queue) == [("1", "Ben, Cid")]
        assert queue.statistics.collections()[0].readers_agree == (0, 1)

    def test_a_second_reader_taken_back_leaves_the_first(self, queue):
        self.say(queue, "Ada", "7")
        self.say(queue, "Ben", "7")

        queue.decisions.undo("Ben", "x", LEASE)

        assert queue.counts() == {"open": 1}
        assert [row["undone"] is None for row in queue.decisions.log("n00000/0")] == [True, False]

    def test_three_readers_are_not_offered(self, queue):
        with pytest.raises(InputError, match="1 or 2 people"):
            queue.decisions.read_twice(HERE, 3)


class TestNewReadings:
    def test_what_a_newer_reading_is_sure_of_is_not_asked_any_more_and_what_people_said_stays(self, queue):
        page = ("ab" * 32, 3)
        queue.put([digit("sure"), digit("unsure"), digit("said")], [page])
        claim = queue.claims.numbers(HERE, "Ada", 5, LEASE)
        queue.decisions.keep(act("1", claim), {"said/0": said("7")}, LEASE)

        queue.put([digit("unsure"), digit("new")], [page])

        assert queue.counts() == {"open": 2, "decided": 1, "withdrawn": 1}
        queue.put([digit("sure")], [page])
        assert queue.counts() == {"open": 1, "decided": 1, "withdrawn": 2}

    def test_a_person_who_had_a_digit_that_is_no_longer_asked_still_counts(self, queue):
        page = ("ab" * 32, 3)
        queue.put([digit("a")], [page])
        claim = queue.claims.numbers(HERE, "Ada", 5, LEASE)
        queue.put([], [page])

        assert queue.decisions.keep(act("1", claim), {"a/0": said("7")}, LEASE) == {"a/0": Answer.KEPT}
        assert queue.counts() == {"decided": 1}


class TestStatistics:
    def test_agreement_corrections_and_the_error_of_the_accepted(self, queue):
        queue.put(
            [digit(f"n{n}", "1") for n in range(4)] + [digit(f"a{n}", "3", reason="audit", confidence=0.99) for n in range(2)]
        )
        claim = queue.claims.numbers(HERE, "Ada", 10, LEASE)
        verdicts = {"n0/0": said("1"), "n1/0": said("1"), "n2/0": said("7"), "n3/0": Verdict(Kind.UNREADABLE)}
        queue.decisions.keep(act("1", claim), verdicts, LEASE)
        claim = queue.claims.numbers(HERE, "Ada", 10, LEASE)
        queue.decisions.keep(act("2", claim), {"a0/0": said("3"), "a1/0": NOTHING}, LEASE)

        (found,) = queue.statistics.collections()

        assert (found.open, found.decided, found.confirmed, found.corrected, found.unreadable) == (0, 6, 2, 1, 1)
        assert found.agreement == pytest.approx(2 / 3)
        assert found.said[1] == {"1": 2, "7": 1, "unreadable": 1}
        assert (found.audit.checked, found.audit.wrong) == (2, 1)
        assert found.audit.interval == pytest.approx((0.0126, 0.9874), abs=1e-4)  # R: binom.test(1, 2)$conf.int

    def test_an_audited_digit_is_right_where_only_the_marks_of_its_number_were_wrong(self, queue):
        queue.put([digit(f"a{n}", "37", reason="audit", confidence=0.99) for n in range(3)])
        claim = queue.claims.numbers(HERE, "Ada", 10, LEASE)
        verdicts = {
            "a0/0": Verdict(Kind.WRITTEN, "3.7"),
            "a1/0": Verdict(Kind.WRITTEN, "8.7"),
            "a2/0": Verdict(Kind.CONTENT, "blank"),
        }
        queue.decisions.keep(act("1", claim), verdicts, LEASE)

        (found,) = queue.statistics.collections()

        assert (found.audit.checked, found.audit.wrong) == (3, 2)
        assert found.said[3] == {"number": 3}

    def test_a_number_counts_as_one_however_many_digits_were_asked(self, queue):
        queue.put([digit("a", place=place) for place in range(4)])
        claim = queue.claims.numbers(HERE, "Ada", 10, LEASE)
        queue.decisions.keep(act("1", claim, keys=2, seconds=3.0), {name: said("1") for name in names(claim)}, LEASE)

        (pace,) = queue.statistics.pace()

        assert (pace.view, pace.items, pace.seconds, pace.keys) == ("number", 1, 3.0, 2.0)

    def test_speed_and_time_left(self, queue):
        fill(queue, 30)
        claim = queue.claims.numbers(HERE, "Ada", 10, LEASE)
        queue.decisions.keep(
            act("1", claim, view="carpet", keys=12, seconds=20.0), {name: said("1") for name in names(claim)}, LEASE
        )

        progress, (pace,) = queue.statistics.progress(HERE, "Ada"), queue.statistics.pace()

        assert (progress.open, progress.decided, progress.items_per_minute, progress.seconds_left) == (20, 10, 30.0, 40.0)
        assert (pace.view, pace.items, pace.seconds, pace.keys) == ("carpet", 10, 2.0, 1.2)


DECIDE = """
queue, reviewer = ReviewQueue(sys.argv[1]), sys.argv[2]
kept = 0
while (claim := queue.claims.numbers("s3://results/parish", reviewer, 25, 600.0)).items:
    for start in range(0, len(claim.items), 5):
        one = Act(f"{claim.claim_id}-{start}", reviewer, "carpet", claim.claim_id, 1, 1.0)
        some = {item.item_id: Verdict(Kind.DIGIT, "1") for item in claim.items[start : start + 5]}
        answers = queue.decisions.keep(one, some, 600.0)
        kept += sum(answer is Answer.KEPT for answer in answers.values())
print(kept)
"""


def test_four_processes_claiming_and_deciding_leave_every_item_with_exactly_one_decision(queue, review_url):
    fill(queue, 2000)
    imports = """
import sys
from digit_core.review.verdicts import Kind, Verdict
from tasks.adapters.review.decisions import Act, Answer
from tasks.adapters.review.queue import ReviewQueue
"""

    printed = together(imports, DECIDE, [[review_url, name] for name in ("Ada", "Ben", "Cid", "Dora")])

    assert sum(map(int, printed)) == queue.decisions.count() == 2000
    assert queue.counts() == {"decided": 2000}
    assert len({row["item_id"] for row in queue.outcomes()}) == 2000


def test_a_queue_of_the_first_version_is_brought_up_to_date_with_all_it_holds(review_url):
    first_version(review_url)

    with ReviewQueue(review_url) as queue:
        (item,) = queue.page(HERE)
        claim = queue.claims.numbers(HERE, "Ada", 5, LEASE)
        answers = queue.decisions.keep(act("1", claim), {"old": said("7")}, LEASE)

    assert (item.item_id, item.crop_png, item.context_png) == ("old", b"\x89PNG crop", b"\x89PNG strip")
    assert (item.parts, item.ink, item.mark, item.number_box) == ((), b"", None, None)
    assert answers == {"old": Answer.KEPT}
    with ReviewQueue(review_url) as again:
        assert again.counts() == {"decided": 1}


FIRST_VERSION = """
CREATE TABLE review_schema (version INTEGER NOT NULL, PRIMARY KEY (version));
CREATE TABLE review_items (
    item_id VARCHAR NOT NULL, collection VARCHAR NOT NULL, state VARCHAR NOT NULL, confidence DOUBLE PRECISION NOT NULL,
    guess INTEGER NOT NULL, top JSON NOT NULL, reason VARCHAR NOT NULL, uri VARCHAR NOT NULL, sha256 VARCHAR NOT NULL,
    page_index INTEGER NOT NULL, number_id VARCHAR NOT NULL, x INTEGER NOT NULL, y INTEGER NOT NULL, w INTEGER NOT NULL,
    h INTEGER NOT NULL, model_version VARCHAR NOT NULL, created TIMESTAMP NOT NULL, crop_png {blob} NOT NULL,
    context_png {blob} NOT NULL, PRIMARY KEY (item_id));
CREATE INDEX review_items_by_priority ON review_items (collection, state, confidence, item_id);
INSERT INTO review_schema VALUES (1);
INSERT INTO review_items VALUES ('old', 's3://results/parish', 'open', 0.5, 7, '[[7, 0.5], [1, 0.25]]', 'low confidence',
    's3://scans/page.tif', 'ab', 0, 'ab-0-1-2-3-4', 1, 2, 3, 4, '1', '2026-01-01 00:00:00.000000',
    {crop}, {strip});
"""


def first_version(url):
    """A database as the first version of this program left it, with one item."""
    if url.startswith("sqlite"):
        import sqlite3
        from pathlib import Path

        file = Path(url.removeprefix("sqlite:///"))
        file.parent.mkdir(parents=True)
        values = {"blob": "BLOB", "crop": "x'89504e472063726f70'", "strip": "x'89504e47207374726970'"}
        connection = sqlite3.connect(file)
        connection.executescript(FIRST_VERSION.format(**values))
        connection.close()
    else:
        import psycopg

        values = {"blob": "BYTEA", "crop": r"'\x89504e472063726f70'", "strip": r"'\x89504e47207374726970'"}
        with psycopg.connect(url) as connection:
            connection.execute(FIRST_VERSION.format(**values))
