"""A batch of reports is seated as if they had come one after the other."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from zvon.model.observable import Observable, ObservableType
from zvon.store.campaign_board import STAND_IN, Around, Board, Joining, Key, Seat

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
NAMES = [f"d{n}.example" for n in range(6)]
KNOWN = {Observable(ObservableType.REGISTERED, name): n for n, name in enumerate(NAMES)}


def joining(number: int, *names: str) -> Joining:
    keys = tuple(
        Key(Observable(ObservableType.REGISTERED, each), True, "SAME_DOMAIN") for each in names
    )
    return Joining(record_id=number, keys=keys, at=AT, uuid=UUID(int=number))


def seated(
    batch: Sequence[Joining], holders: dict[int, dict[int, int]]
) -> tuple[Board, list[Seat]]:
    board = Board(KNOWN, Around(campaigns=2, holders=holders))
    seats = [board.seat(each, None) for each in batch]
    return board, [board.settled(each, {}) for each in seats]


def test_two_waves_in_one_batch_found_two_campaigns() -> None:
    a, b = NAMES[:2]
    batch = [joining(1, a), joining(2, b), joining(3, a), joining(4, b)]
    board, seats = seated(batch, {})
    assert [seat.created for seat in seats] == [True, True, False, False]
    assert [seat.campaign for seat in seats] == [STAND_IN, STAND_IN + 1] * 2
    assert len(board.founders) == 2
    (link,) = seats[2].links
    assert (link.value, link.reports) == (a, 1)


def test_new_campaigns_that_a_later_report_ties_together_are_made_once() -> None:
    a, b = NAMES[:2]
    board, seats = seated([joining(1, a), joining(2, b), joining(3, a, b)], {})
    assert len({seat.campaign for seat in seats}) == 1
    assert len(board.founders) == 1
    assert board.merges == []
    assert seats[2].merged == ()


def test_old_campaigns_that_a_report_ties_together_merge_into_the_oldest() -> None:
    a, b = NAMES[:2]
    batch = [joining(1, b), joining(2, a, b), joining(3, b)]
    board, seats = seated(batch, {0: {7: 3}, 1: {9: 4}})
    assert [seat.campaign for seat in seats] == [7, 7, 7]
    assert [each[:2] for each in board.merges] == [(9, 7)]
    assert [seat.merged for seat in seats] == [(), (9,), ()]
    assert seats[2].links[0].reports == 6


def test_what_it_held_before_stays_and_is_not_counted_again() -> None:
    board = Board(KNOWN, Around(campaigns=1, holders={0: {7: 3}}))
    seat = board.seat(joining(1, NAMES[0]), 7)
    assert (seat.campaign, seat.counted, seat.created) == (7, True, False)
    assert board.seat(joining(2, NAMES[0]), None).links[0].reports == 3


batches = st.lists(st.sets(st.sampled_from(NAMES), min_size=1, max_size=3), max_size=12)


@given(batches, st.integers(0, 12))
def test_where_a_batch_is_cut_makes_no_difference(rows: list[set[str]], cut: int) -> None:
    """Reports that share a name, through others too, lie together, whatever came with whom."""
    batch = [joining(n, *sorted(names)) for n, names in enumerate(rows)]
    board, whole = seated(batch, {})
    half = Board(KNOWN, Around(campaigns=2, holders={}))
    seats = [half.seat(each, None) for each in batch[:cut]]
    seats += [half.seat(each, None) for each in batch[cut:]]
    assert [half.settled(each, {}).campaign for each in seats] == [s.campaign for s in whole]
    for one in whole:
        for other in whole:
            if {k.observable for k in one.joining.keys} & {
                k.observable for k in other.joining.keys
            }:
                assert one.campaign == other.campaign
    assert set(board.founders) == {seat.campaign for seat in whole}


def medium(value: str, code: str, relation: str = "r") -> Key:
    return Key(Observable(ObservableType.SENDER, value), False, code, relation)


def seat_of(keys: Sequence[Key], around: Around, held: int | None = None) -> tuple[Board, Seat]:
    known = {key.observable: n for n, key in enumerate(keys)}
    board = Board(known, around)
    return board, board.seat(Joining(record_id=1, keys=tuple(keys), at=AT, uuid=UUID(int=1)), held)


def test_keys_of_one_family_are_one_kind() -> None:
    keys = [medium("+44", "SAME_SENDER"), medium("+4x", "SENDER_RANGE")]
    held = Around(campaigns=9, holders={0: {7: 1}, 1: {7: 1}})
    assert seat_of(keys, held)[1].created
    keys = [medium("+44", "SAME_SENDER"), medium("t", "SAME_TEXT")]
    held = Around(campaigns=9, holders={0: {7: 1}, 1: {7: 1}})
    assert seat_of(keys, held)[1].campaign == 7


def test_a_value_of_many_surroundings_tells_less_though_one_campaign_has_it() -> None:
    keys = [medium("+44", "SAME_SENDER"), medium("t", "SAME_TEXT")]
    held = Around(campaigns=9, holders={0: {7: 1}, 1: {7: 1}}, spread={0: 30, 1: 20})
    assert seat_of(keys, held)[1].created


def test_a_strong_mark_stops_linking_when_it_is_everywhere_or_on_good_pages() -> None:
    mark = Key(Observable(ObservableType.SKELETON, "s"), True, "SAME_PAGE", "r")
    assert seat_of([mark], Around(campaigns=9, holders={0: {7: 1}}))[1].campaign == 7
    everywhere = Around(campaigns=9, holders={0: {7: 1}}, spread={0: 51})
    assert seat_of([mark], everywhere)[1].created
    good = Around(campaigns=9, holders={0: {7: 1}}, common=frozenset({0}))
    assert seat_of([mark], good)[1].created


def test_what_a_person_set_apart_is_not_tied_and_the_stronger_one_takes_the_report() -> None:
    a, b = (Key(Observable(ObservableType.REGISTERED, n), True, "SAME_DOMAIN") for n in NAMES[:2])
    text = medium("t", "SAME_TEXT")
    held = {0: {7: 1}, 1: {9: 1}, 2: {9: 1}}
    board, seat = seat_of(
        [a, b, text], Around(campaigns=9, holders=held, apart=frozenset({(7, 9)}))
    )
    assert (seat.campaign, seat.merged, board.merges) == (9, (), [])
    board, seat = seat_of(
        [a, b, text], Around(campaigns=9, holders=held, apart=frozenset({(7, 9)})), held=7
    )
    assert (seat.campaign, board.merges) == (7, [])


def test_a_campaign_that_goes_into_another_takes_its_cuts_along() -> None:
    names = [Observable(ObservableType.REGISTERED, n) for n in NAMES[:3]]
    a, b, c = (Key(name, True, "SAME_DOMAIN") for name in names)
    known = {name: n for n, name in enumerate(names)}
    around = Around(campaigns=9, holders={0: {5: 1}, 1: {7: 1}, 2: {9: 1}},
                    apart=frozenset({(7, 9)}))  # fmt: skip
    board = Board(known, around)
    board.seat(Joining(record_id=1, keys=(a, b), at=AT, uuid=UUID(int=1)), None)
    seat = board.seat(Joining(record_id=2, keys=(a, c), at=AT, uuid=UUID(int=2)), None)
    assert [each[:2] for each in board.merges] == [(7, 5)]
    assert seat.merged == ()
