"""Classes of values that nobody changes."""

import copy
import pickle
from dataclasses import asdict, dataclass, field, replace
from typing import ClassVar

import pytest

from mockgrid.fixed import fixed


class Told:
    """What a class may have besides its fields."""

    __slots__ = ()
    kind: ClassVar[str] = "told"


def two_of(decorator):
    """Make a class and one that inherits from it."""

    @decorator
    class Point(Told):
        x: int
        label: str = field(default="", compare=False)
        hidden: tuple[object, ...] = field(default=(), repr=False)

    @decorator
    class Deep(Point):
        z: float = 0.5
        many: list[object] = field(default_factory=list, compare=False)

    return Point, Deep


@fixed
class Pair:
    """Of a module, so that it can be pickled."""

    left: int
    right: str = "r"


OURS, USUAL = two_of(fixed), two_of(dataclass(frozen=True, slots=True))
GIVEN = [
    (1,),
    (1, "a"),
    (1, "b", ("h",)),
    (2,),
    (True,),
    (1.0, "", ()),
]


@pytest.mark.parametrize("which", [0, 1])
def test_values_are_equal_hashed_and_written_as_those_of_a_frozen_dataclass(which):
    ours, usual = OURS[which], USUAL[which]
    for given in GIVEN:
        mine, theirs = ours(*given), usual(*given)
        assert repr(mine) == repr(theirs)
        assert hash(mine) == hash(ours(*given))
        assert asdict(mine) == asdict(theirs)
        assert ours.__match_args__ == usual.__match_args__
        for other in GIVEN:
            assert (mine == ours(*other)) == (theirs == usual(*other))
            assert len({mine, ours(*other)}) == len({theirs, usual(*other)})
    assert ours(1) != usual(1)
    assert ours(1) != (1, ())
    assert OURS[0](1) != OURS[1](1)
    assert repr(replace(ours(1), x=5)) == repr(replace(usual(1), x=5))
    with pytest.raises(AttributeError):
        ours(1).y = 2


def test_one_that_contains_itself_is_written():
    value = OURS[1](1)
    value.many.append(value)
    assert repr(value).endswith("many=[...])")


def test_it_is_copied_and_pickled():
    pair = Pair(1)
    assert pair == copy.copy(pair) == copy.deepcopy(pair) == pickle.loads(pickle.dumps(pair))


def test_what_a_class_says_itself_stays():
    @fixed(slots=False, kw_only=True)
    class Own:
        x: int

        def __eq__(self, other):
            return True

        def __hash__(self):
            return 7

        def __repr__(self):
            return "own"

    assert Own(x=1) == Own(x=2)
    assert hash(Own(x=1)) == 7
    assert repr(Own(x=1)) == "own"
    assert vars(Own(x=1)) == {"x": 1}


def test_a_class_without_fields_has_one_value():
    @fixed
    class Nothing:
        pass

    assert {Nothing(), Nothing()} == {Nothing()}
