"""Modules, and acting on them after a login."""

import json
import time

import pytest
from selenium.webdriver.common.keys import Keys

from shop import TOKEN, eventually
from story import Redis


def state(page, module):
    return page.run("""
        const row = [...document.querySelectorAll("tbody tr")].find((one) => one.querySelector("a").textContent === arguments[0]);
        return row?.querySelector(".state")?.textContent""", module)


def test_nothing_can_be_switched_without_a_login(page):
    page.go("modules")
    page.see("tbody tr", "crm")
    assert page.all("main button") == []
    assert "log in" in page.text("main").lower()


@pytest.mark.complains("of the login that is refused")
def test_a_wrong_token_is_refused_in_words_and_the_right_one_is_taken(page):
    page.go("modules")
    page.click("#login")
    page.see("#token").send_keys("wrong", Keys.ENTER)
    assert page.see("dialog [role=alert] .notice").text
    page.see("#token").send_keys(TOKEN, Keys.ENTER)
    page.see("#logout")
    page.see("button", "Disable…")
    page.click("#logout")
    page.see("#login")
    page.gone("main button")


def test_a_module_is_switched_off_and_on_and_nothing_is_lost(shop, page):
    page.go("modules")
    page.log_in(TOKEN)
    page.click("[aria-label='Disable crm']")
    assert "Nothing that happens meanwhile is lost" in page.see("dialog", "lost").text
    page.click("dialog button", "Disable")
    page.see("[aria-label='Enable crm']")
    assert state(page, "crm") == "disabled"
    shop.post("/customers", {"name": "Mary Jackson", "email": "mary@example.org"})
    page.click("[aria-label='Enable crm']")
    preview = page.see("dialog", "Waiting").text
    assert "1 event" in preview and "Handle it." in preview
    page.click("dialog button", "Enable")
    page.see("[aria-label='Disable crm']")
    eventually("the mail is sent", lambda: any(
        event["entity"]["to"] == "mary@example.org" for event in shop.call("event.list", topic="mail", action="sent", last=True)))


CUSTOMERS = "events:{customer}_created"


def park(redis, page, name):
    """A customer of whom another program forgot the address."""
    event = f"{int(time.time()) + 1}-0"
    redis.call("XADD", CUSTOMERS, event, "event_id", name, "entity", json.dumps({"id": name, "name": name}))
    page.see("#parked tbody", name)
    return event


def repair(redis, event, name):
    """Puts a right event into the place of a wrong one, the last of its stream."""
    redis.call("XDEL", CUSTOMERS, event)
    [[before, _]] = redis.call("XREVRANGE", CUSTOMERS, "+", "-", "COUNT", "1")
    redis.call("XSETID", CUSTOMERS, before)
    right = {"id": name, "name": name, "email": f"{name}@example.org"}
    redis.call("XADD", CUSTOMERS, event, "event_id", name, "entity", json.dumps(right))


def test_parked_events_are_retried_and_discarded(shop, page):
    redis = Redis(shop.redis_socket)
    page.go("modules")
    page.log_in(TOKEN)
    page.click("tbody a", "crm")
    page.see("h1", "crm")
    event = park(redis, page, "mallory")
    assert "lacks a right email" in page.text("#parked tbody")
    page.click("#parked tbody button", "Retry")
    page.see(".message", "0 events handled; 1 still parked.")
    repair(redis, event, "mallory")
    page.click("#parked tbody button", "Retry")
    page.see(".message", "1 event handled; 0 still parked.")
    page.gone("#parked")
    park(redis, page, "trudy")
    page.click("#parked tbody button", "Discard…")
    page.click("dialog button", "Discard")
    page.see(".message", "1 event discarded.")
    page.gone("#parked")
    assert shop.call("parked.list", module="crm") == []


def test_the_dashboard_is_there_while_the_gateway_is_off(shop, page):
    shop.call("module.disable", name="gateway")
    try:
        page.go("modules")
        page.see("tbody tr", "gateway")
        assert state(page, "gateway") == "disabled"
    finally:
        shop.call("module.enable", name="gateway")
