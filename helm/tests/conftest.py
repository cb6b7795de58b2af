import pytest

from helm import Program


def pytest_addoption(parser):
    parser.addoption("--update-snapshots", action="store_true", help="write the snapshots anew")


@pytest.fixture(scope="session")
def program():
    program = Program()
    yield program
    program.close()
