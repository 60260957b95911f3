import pathlib
import shutil
import tempfile

import pytest

from browser import Browser
from shop import Shop
from story import go_on, tell


def pytest_addoption(parser):
    parser.addoption("--programs", required=True, help="the directory with ordershopd")
    parser.addoption("--screenshots", help="write the README's pictures into this directory")


@pytest.fixture(scope="session")
def shop(request):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="ordershop-browser."))
    shop = Shop(request.config.getoption("--programs"), directory)
    try:
        shop.start_redis()
        tell(shop.redis_socket)
        shop.start()
        shop.newcomer, shop.placed = go_on(shop)
        yield shop
    finally:
        shop.end()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def browser(shop):
    browser = Browser(shop.url)
    yield browser
    browser.end()


@pytest.fixture
def page(browser, request):
    """A page of its own, that says nothing on the console and asks nobody but the daemon."""
    browser.begin()
    yield browser
    if request.node.get_closest_marker("complains") is None:
        assert browser.complaints() == []
    assert browser.foreign_requests() == []


def pytest_configure(config):
    config.addinivalue_line("markers", "complains(why): the browser itself says something on the console, and rightly")
