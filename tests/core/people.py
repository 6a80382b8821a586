"""Whose acts the tests of admins are about."""

from core.domain.people import Person
from tests.makers import caller

ANN = Person(member="test:ann", name="Ann")
BOSS = caller("boss", is_admin=True)
OWNER = caller("owner")
