import pytest

from helm import Program


@pytest.fixture(scope="session")
def program():
    program = Program()
    yield program
    program.close()
