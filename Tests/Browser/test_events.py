"""The view of events as they happen."""

import json
import time

import pytest
from selenium.webdriver.common.keys import Keys

from story import Redis


def customer(name):
    return {"name": name, "email": "somebody@example.org"}


def keys(page):
    """The ids of the events that are drawn, the newest first."""
    return page.run("""
        return [...document.querySelectorAll(".row")].map((row) => [Number(row.getAttribute("aria-posinset")), row.dataset.key])
            .sort(([a], [b]) => a - b).map(([, key]) => key)""")


def open_events(page, query=""):
    page.go(f"events{query}")
    page.see("#stream", "Live")


def test_events_appear_as_they_happen(shop, page):
    open_events(page)
    shop.post("/customers", customer("Hedy Lamarr"))
    assert "customer created" in page.see(".row", "Hedy Lamarr", 5).text


@pytest.mark.complains("of the connections that are refused")
def test_a_restarted_daemon_is_found_again_and_no_event_is_missing_or_shown_twice(shop, page):
    open_events(page, "?topic=customer")
    before = [shop.post("/customers", customer(f"Before {number}"))[0] for number in range(4)]
    page.see(".row", "Before 3")
    shop.stop()
    try:
        page.see("#stream", "Reconnecting")
        page.see("#connection", "Reconnecting")
        # Another program writes while the daemon is away.
        redis = Redis(shop.redis_socket)
        for number in range(4):
            redis.call(
                "XADD", "events:{customer}_created", f"{int(time.time()) + 1}-{number}", "event_id", f"away-{number}",
                "entity", json.dumps({"id": f"away-{number}", "name": f"Away {number}", "email": "away@example.org"}))
    finally:
        shop.start()
    after = [shop.post("/customers", customer(f"After {number}"))[0] for number in range(4)]
    page.see(".row", "After 3")
    page.see("#stream", "Live")
    page.see("#connection", "Connected")
    listed = shop.call("event.list", topic="customer", last=True, limit=12)
    assert [event["entity"]["id"] for event in listed] == before + [f"away-{number}" for number in range(4)] + after
    assert keys(page)[:12] == [event["id"] for event in reversed(listed)]


def test_a_filter_shows_only_what_it_takes(shop, page):
    open_events(page)
    page.see("select[name=topic]").send_keys("product")
    page.see("#stream", "Live")
    shop.post("/customers", customer("Nobody"))
    [product] = shop.post("/products", {"name": "Oolong", "price": 11})
    page.see(".row", "Oolong")
    assert all("product" in row.text for row in page.all(".row"))
    page.see("input[name=entity]").send_keys(f"product:{product}", Keys.ENTER)
    page.see("#event-count", "1 event")
    page.see(".row", "Oolong")  # it is drawn a frame later than counted
    assert [row.text.split("\n")[1] for row in page.all(".row")] == ["product created"]


def test_paused_events_wait_and_come_when_it_goes_on(shop, page):
    open_events(page)
    page.click("#pause")
    page.see("#stream", "Paused")
    first = keys(page)[0]
    shop.post("/products", {"name": "Pu-erh", "price": 21})
    page.see("#event-count", "1 new event waiting")
    assert keys(page)[0] == first
    page.click("#pause", "Go on")
    page.see(".row", "Pu-erh")


def test_an_event_opens_and_leads_to_its_entitys_history(shop, page):
    open_events(page)
    [product] = shop.post("/products", {"name": "Hōjicha", "price": 7.5})
    page.click(".row", "Hōjicha")
    assert "7.5" in page.text(".detail")
    page.click(".detail a", "History of this product")
    page.see("h1", "Hōjicha")
    assert page.driver.current_url.split("#")[1].startswith(f"/entity/product/{product}?at=")


def test_what_is_data_never_becomes_markup(shop, page):
    name = "<img src=x onerror=console.error(1)><b>bold</b>"
    [person] = shop.post("/customers", customer(name))
    open_events(page)
    page.see(".row", name).click()
    page.see(".detail", name)
    page.go(f"entity/customer/{person}")
    assert page.text("h1") == name
    page.go("browse/customer")
    assert page.all("main img, main b b") == []


def test_ten_thousand_events_stay_smooth(shop, page):
    open_events(page)
    for batch in range(10):
        shop.post("/products", [{"name": f"Sample {batch}-{number}", "price": 1} for number in range(1000)])
    page.see("#event-count", "10,000 events", 60)
    page.see(".row", "Sample 9-999")
    page.driver.execute_script("document.querySelector('.windowed').scrollTop = 200000")
    elements = page.run("return document.querySelectorAll('*').length")
    rows = len(page.all(".row"))
    assert rows < 80 and elements < 800
    times = sorted(page.driver.execute_async_script(SCROLL))
    median, worst = times[len(times) // 2], times[-1]
    print(f"{rows} rows of 10,000 exist; a frame takes {median:.0f} ms, {worst:.0f} ms at most")
    assert median < 60 and worst < 600
    assert page.run("return document.querySelector('.row') !== null")


SCROLL = """
const done = arguments[arguments.length - 1];
const list = document.querySelector(".windowed");
const times = [];
let last = performance.now();
function frame(now) {
    times.push(now - last);
    last = now;
    list.scrollTop += 700;
    if (times.length < 90) requestAnimationFrame(frame); else done(times);
}
requestAnimationFrame(frame);
"""
