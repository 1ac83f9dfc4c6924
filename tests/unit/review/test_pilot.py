"""What a pilot draws, what follows from people's answers, and how its settings are kept."""

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from digit_core.errors import InputError
from digit_core.readings import PageRead, ReadBy, Reason
from digit_core.records import PageRef
from digit_core.review.corrections import CORRECTED
from digit_core.review.pilot import (
    LEAST_SURE,
    PilotSettings,
    SampledNumbers,
    acceptable,
    dial_of,
    drawn,
    only_asked,
    pilot_promise,
    read_alike,
    sampled_numbers,
    settings_of,
    temperature_of,
    undecided,
)
from digit_core.review.verdicts import suggestion_is_hidden
from tests.support.readings import read_as

READ_BY = ReadBy("1", "12", "none", "digest", "run", "1", "1", "PP")
FACTS = {"version": 1, "created": "2026-11-01T00:00:00+00:00", "read_by": READ_BY}


def numbers(asked: int = 100, of: int = 1000, wrong_below: float = 0.0, seed: int = 0) -> SampledNumbers:
    """A sample whose numbers are wrong below this confidence, and right above it."""
    confidences = np.random.default_rng(seed).uniform(0.2, 1.0, of)
    could = np.ones(of, bool)
    chosen = np.zeros(of, bool)
    chosen[drawn(confidences, could, asked)] = True
    return SampledNumbers(confidences, could, chosen, chosen & (confidences >= wrong_below))


class TestDraw:
    def test_most_are_numbers_that_a_threshold_could_accept(self):
        confidences = np.linspace(0, 1, 1001)
        could = np.ones(1001, bool)

        chosen = drawn(confidences, could, 100)

        assert len(set(chosen)) == 100
        assert (confidences[chosen] >= LEAST_SURE).sum() == 80

    def test_numbers_that_nothing_but_a_person_can_accept_count_as_unsure(self):
        confidences, could = np.full(1000, 0.9), np.arange(1000) < 500

        chosen = drawn(confidences, could, 100)

        assert could[chosen].sum() == 80

    def test_a_small_collection_is_asked_about_whole(self):
        assert drawn(np.array([0.3, 0.9, 0.99]), np.ones(3, bool), 100).tolist() == [0, 1, 2]

    def test_a_collection_without_unsure_numbers_gives_sure_ones_in_their_place(self):
        assert len(drawn(np.full(500, 0.99), np.ones(500, bool), 100)) == 100

    def test_more_numbers_of_the_same_sample_contain_the_fewer(self):
        confidences, could = np.random.default_rng(1).random(2000), np.ones(2000, bool)

        assert set(drawn(confidences, could, 100)) <= set(drawn(confidences, could, 300))

    def test_every_digit_of_a_drawn_number_is_asked_about_unseen_and_no_other(self):
        page = PageRead(PageRef("a.png", "1", "ab"), 100, 100, 0.0, 0.0, (read_as("12", share=0.5), read_as("345")))

        asked = only_asked(page, [1])

        assert [[part.reason for part in one.parts] for one in asked.readings] == [["", ""], ["pilot"] * 3]
        assert suggestion_is_hidden("any", Reason.PILOT, 3)
        assert acceptable(read_as("345"))
        assert not acceptable(read_as("12", share=0.5))


class TestSettings:
    def test_a_threshold_is_found_above_the_confidence_below_which_numbers_are_wrong(self):
        sample = numbers(asked=400, wrong_below=0.7)

        dial = dial_of(sample, 0.05, 0.95, temperature=1.0)

        accepted = sample.confidences >= dial.threshold
        assert dial.feasible
        assert 0.65 < dial.threshold < 0.72
        assert dial.bound <= 0.05
        assert 1 - dial.review_share == pytest.approx(accepted.mean())

    def test_a_hundred_numbers_cannot_show_an_error_of_one_per_cent(self):
        with pytest.raises(InputError, match=r"80 decided numbers .* error of 1 % .* greater --max-error, or more --numbers"):
            settings_of(numbers(), 0.01, 0.95, 0.97, FACTS)

    def test_the_threshold_of_a_pilot_is_not_lower_than_the_usual_one_unless_it_is_asked_for(self):
        unasked, asked = (settings_of(numbers(), target, 0.95, 0.97, FACTS) for target in (None, 0.05))

        assert unasked.threshold == 0.97
        assert asked.threshold < 0.6
        assert asked.accepted_share > 2 * unasked.accepted_share

    def test_a_collection_whose_sure_numbers_are_often_wrong_accepts_fewer(self):
        confidences = np.random.default_rng(3).uniform(0.5, 1.0, 3000)
        asked = np.ones(3000, bool)
        sample = SampledNumbers(confidences, asked, asked, confidences >= 0.99)

        found = settings_of(sample, None, 0.95, 0.97, FACTS)

        assert found.accepted_share < (confidences >= 0.97).mean() / 2
        assert found.wrong <= found.max_error * found.of

    def test_where_nothing_can_be_shown_the_usual_threshold_stays_and_the_promise_says_so(self):
        confidences, asked = np.full(300, 0.995), np.arange(300) < 100
        sample = SampledNumbers(confidences, np.ones(300, bool), asked, asked & (np.arange(300) % 2 == 0))

        found = settings_of(sample, None, 0.95, 0.97, FACTS)

        assert found.max_error == 1.0
        assert "no error can be guaranteed for this collection" in pilot_promise(found)

    def test_overconfident_numbers_raise_the_temperature_and_modest_ones_lower_it(self):
        rng = np.random.default_rng(0)
        confidences, every = np.full(400, 0.9), np.ones(400, bool)
        over = SampledNumbers(confidences, every, every, rng.random(400) < 0.6)
        modest = SampledNumbers(confidences, every, every, rng.random(400) < 0.99)

        assert temperature_of(over) > 1.3
        assert temperature_of(modest) < 0.8

    def test_a_few_numbers_hardly_move_the_temperature(self):
        confidences, every = np.full(3, 0.9), np.ones(3, bool)

        assert temperature_of(SampledNumbers(confidences, every, every, ~every)) < 1.6

    def test_the_unsure_count_for_as_many_as_they_were_drawn_from(self):
        """Half of the unsure are right, as they say, and all sure ones: without the weights the few unsure would hardly count."""
        confidences = np.where(np.arange(1000) < 100, 0.95, 0.4)
        asked = (np.arange(1000) < 80) | (np.arange(1000) >= 980)
        right = asked & ((np.arange(1000) < 76) | (np.arange(1000) % 20 == 0))
        light = SampledNumbers(confidences[asked], asked[asked], asked[asked], right[asked])

        assert temperature_of(SampledNumbers(confidences, np.ones(1000, bool), asked, right)) < temperature_of(light)

    def test_the_guarantee_holds_in_nineteen_of_twenty_pilots(self):
        """Numbers that are right as often as they say: 400 pilots of a large collection, none of which sees the others."""
        rng = np.random.default_rng(11)
        confidences = 1 - rng.beta(0.4, 2.0, 4000)
        right, broken = rng.random(4000) < confidences, 0
        for draw in range(400):
            order = np.random.default_rng(draw).permutation(4000)
            asked = np.zeros(4000, bool)
            asked[drawn(confidences[order], np.ones(4000, bool), 100)] = True
            sample = SampledNumbers(confidences[order], np.ones(4000, bool), asked, asked & right[order])
            dial = dial_of(sample, 0.1, 0.95, temperature=1.0)
            accepted = confidences[order] >= dial.threshold
            broken += dial.feasible and (~right[order][accepted]).mean() > 0.1

        assert broken <= 28  # 20 are expected at most; more than 28 come by chance once in 25 such tests


class TestAnswers:
    def rows(self, *states: str) -> pa.Table:
        """A number for each state that a person left, all accepted by the machine at a confidence of 0.9."""
        rows = [
            {"number_id": f"n{i}", "confidence": 0.9, "machine_state": "accepted", "state": state}
            for i, state in enumerate(states)
        ]
        return pa.Table.from_pylist(rows, CORRECTED)

    def test_a_number_is_right_where_a_person_left_it_as_it_was_read(self):
        found = sampled_numbers(self.rows("confirmed", "corrected", "unreadable", "accepted"), ["n0", "n1", "n2"])

        assert found.asked.tolist() == [True, True, False, False]
        assert found.right[:2].tolist() == [True, False]
        assert found.sure.all()

    def test_it_waits_until_every_asked_number_is_decided(self):
        table = self.rows("confirmed", "review", "unreadable", "accepted")

        assert undecided(table, ["n0", "n1", "n2"]) == 1
        assert undecided(table, ["n0", "n2"]) == 0


class TestFile:
    SETTINGS = PilotSettings(3, "2026-11-01T00:00:00+00:00", 0.9, 1.2, 0.05, 0.95, 0.7, 1, 80, READ_BY)

    def test_settings_come_back_as_they_were_written(self):
        assert PilotSettings.from_json(self.SETTINGS.to_json().encode(), "file") == self.SETTINGS

    @pytest.mark.parametrize(
        "change",
        [
            {"threshold": 2.0},
            {"temperature": 0},
            {"temperature": "nan"},
            {"version": "3"},
            {"read_by": {}},
            {"used": "yes"},
            {"unknown": 1},
        ],
    )
    def test_values_that_no_pilot_has_are_refused_with_the_file(self, change):
        text = json.dumps({**json.loads(self.SETTINGS.to_json()), **change})

        with pytest.raises(InputError, match=r"settings-0003\.json is not a pilot's settings .* delete it"):
            PilotSettings.from_json(text.encode(), "settings-0003.json")

    @pytest.mark.parametrize("text", [b"", b"[]", b"{", b'{"format": 1}', b'{"format": "x"}', b"\xff"])
    def test_anything_else_is_refused_with_the_file(self, text):
        with pytest.raises(InputError, match="file is not a pilot's settings"):
            PilotSettings.from_json(text, "file")

    def test_settings_of_a_newer_release_say_so(self):
        with pytest.raises(InputError, match="newer digits"):
            PilotSettings.from_json(b'{"format": 2}', "file")

    def test_a_pilot_fits_as_long_as_the_networks_and_the_layout_are_the_same_whatever_the_threshold(self):
        assert self.SETTINGS.fits(replace(READ_BY, params="other", run_id="another", pilot_version="3"))
        assert not self.SETTINGS.fits(replace(READ_BY, strip_reader_version="2"))
        assert not read_alike(READ_BY, replace(READ_BY, layout_version="rainfall"))

    def test_the_promise_names_its_numbers(self):
        assert pilot_promise(self.SETTINGS) == (
            "pilot 3: at most 5 % of the accepted numbers of this collection are wrong, with 95 % certainty "
            "(1 of 80 numbers that people decided are wrong among the accepted); about 70% of the numbers are accepted"
        )
