"""What grants add up to."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from storeline.identity.domain import Grant, normal_login, reach

HERE, THERE = UUID(int=1), UUID(int=2)
ROLES = {"manager": frozenset({"close", "sell"}), "helper": frozenset({"sell"}), "nobody": frozenset[str]()}


def test_a_manager_of_one_shop_is_a_helper_only_in_the_other():
    got = reach([Grant("manager", frozenset({HERE})), Grant("helper", frozenset({THERE}))], ROLES.__getitem__)
    assert got.permissions == {"close", "sell"}
    assert got.places == frozenset({HERE, THERE})
    assert got.narrow == {"close": frozenset({HERE})}


def test_a_role_everywhere_wins_over_one_at_a_place():
    got = reach([Grant("helper", frozenset({HERE})), Grant("helper")], ROLES.__getitem__)
    assert (got.places, got.narrow) == (None, {})


def test_what_needs_no_sign_in_holds_everywhere():
    got = reach([Grant("helper", frozenset({HERE}))], ROLES.__getitem__, frozenset({"look"}))
    assert got.places == frozenset({HERE})
    assert got.narrow == {"look": None}
    assert got.permissions == {"look", "sell"}


def test_no_grant_reaches_nothing():
    got = reach([], ROLES.__getitem__)
    assert (got.permissions, got.places, got.narrow) == (frozenset(), frozenset(), {})


@given(
    st.lists(
        st.builds(
            Grant,
            st.sampled_from(sorted(ROLES)),
            st.none() | st.frozensets(st.integers(1, 4).map(lambda number: UUID(int=number)), min_size=1),
        ),
        max_size=5,
    )
)
def test_a_permission_holds_at_a_place_exactly_where_a_grant_gives_it(grants: list[Grant]):
    got = reach(grants, ROLES.__getitem__)
    for code in ("close", "sell"):
        for place in (UUID(int=number) for number in range(1, 6)):
            given_there = any(code in ROLES[g.role] and (g.places is None or place in g.places) for g in grants)
            places = got.narrow.get(code, got.places)
            assert (code in got.permissions and (places is None or place in places)) == given_there


def test_logins_are_stored_in_one_form():
    assert normal_login("  \N{FULLWIDTH LATIN CAPITAL LETTER A}lice@Example.ORG ") == "alice@example.org"
