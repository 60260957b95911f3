"""The page of the API: all that there is, found, tried and sent, by mouse and by keys."""

import json
import subprocess
import time

import pytest
from selenium.webdriver.common.keys import Keys

from test_appearance import violations


def go(page, operation=""):
    page.driver.get("about:blank")
    page.driver.get(f"{page.url}/docs#/{operation}")
    page.see("h1")
    page.see("#operations summary")


def answer(page, status):
    page.see("#status", status)
    return json.loads(page.text("#output"))


def test_every_operation_of_the_description_is_there(shop, page):
    go(page)
    paths = shop.request("GET", "/openapi.json")["paths"]
    ids = {operation["operationId"] for path in paths.values() for operation in path.values()}
    links = page.run("return [...document.querySelectorAll('#operations li a')].map((a) => a.getAttribute('href'))")
    assert {link.removeprefix("#/") for link in links} == ids
    page.see("#search").send_keys("unbilled")
    shown = page.see("#operations li a").text
    assert "/orders/unbilled" in shown and len(page.all("#operations li a")) == 1
    page.click("#operations li a")
    assert page.see("#try") and page.run("return document.title").startswith("order.unbilled")


def test_a_request_is_sent_and_its_answer_shown(shop, page):
    go(page, "customer.create")
    body = page.see("#body")
    assert json.loads(body.get_attribute("value")) == {"name": "Ada", "email": "ada@example.org"}
    page.click("#send")
    [customer] = answer(page, "200")
    assert shop.request("GET", f"/customer/{customer}")["name"] == "Ada"
    assert "ms" in page.text("#cost") and "bytes" in page.text("#cost")
    page.click("#answer summary")
    assert "content-type" in page.text("#answer dl")
    go(page, "customer.get")
    page.see("#field-id").send_keys(customer)
    page.click("#send")
    assert answer(page, "200")["id"] == customer


def test_the_command_of_curl_does_the_same(shop, page):
    go(page, "customer.create")
    body = page.see("#body")
    body.clear()
    body.send_keys('{"name": "O\'Hara & Söhne", "email": "o@example.org"}')
    done = subprocess.run(page.text("#curl"), shell=True, capture_output=True, text=True)
    [customer] = json.loads(done.stdout)
    assert shop.request("GET", f"/customer/{customer}")["name"] == "O'Hara & Söhne"
    go(page, "customer.list")
    page.see("#field-limit").send_keys("2")
    done = subprocess.run(page.text("#curl"), shell=True, capture_output=True, text=True)
    assert len(json.loads(done.stdout)) == 2


@pytest.mark.complains("the browser notes every request that was refused")
def test_a_refusal_is_shown_as_what_it_is(page):
    go(page, "customer.create")
    body = page.see("#body")
    body.clear()
    body.send_keys('{"name": "x"}')
    page.click("#send")
    assert answer(page, "422")["errors"][0]["pointer"] == "/email"


def test_events_are_shown_as_they_come_until_somebody_stops_it(shop, page):
    go(page, "events")
    page.see("#field-topic").send_keys("customer")
    page.click("#send")
    page.see("#output", "retry: 1000")
    [customer] = shop.post("/customers", {"name": "Eve", "email": "eve@example.org"})
    page.see("#output", customer)
    page.click("#stop")
    page.gone("#stop")
    [other] = shop.post("/customers", {"name": "Eve", "email": "eve@example.org"})
    time.sleep(0.5)
    assert other not in page.text("#output")


def test_keys_are_enough(page):
    go(page)
    page.press(Keys.TAB)
    assert page.focused().text == "Skip to the content"
    page.press(Keys.ENTER)
    assert page.run("return document.activeElement.id") == "main"
    go(page)
    page.tab_to("#search").send_keys("report")
    page.tab_to("#operations li a[href='#/report']").send_keys(Keys.ENTER)
    page.see("h1", "All there is")
    page.tab_to("#send").send_keys(Keys.ENTER)
    assert "products" in answer(page, "200")
    assert page.run("return document.activeElement.id") == "send"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_rule_of_accessibility_is_broken_there(page, scheme):
    page.scheme(scheme)
    for operation in ["", "customer.create", "order.get", "events"]:
        go(page, operation)
        assert violations(page) == [], operation
    go(page, "order.unbilled")
    page.click("#send")
    page.see("#status", "200")
    page.click("section summary")
    assert violations(page) == []


def test_a_narrow_screen_shows_it_without_scrolling_sideways(page):
    page.size(340, 720)
    for operation in ["", "customer.create", "events", "order.create"]:
        go(page, operation)
        assert page.run("return document.documentElement.scrollWidth") <= 340, operation
