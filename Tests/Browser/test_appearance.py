"""How it looks, and for whom: both schemes, narrow screens, keys, and whoever cannot see it."""

import pathlib
import time

import pytest
from selenium.webdriver.common.keys import Keys

import axe_core_python
from shop import TOKEN

AXE = (pathlib.Path(axe_core_python.__file__).parent / "axe.min.js").read_text()


@pytest.fixture
def views(shop):
    return {
        "overview": ("", ".chart svg"), "events": ("events", ".row"), "modules": ("modules", "tbody tr"),
        "module": ("module/crm", "tbody tr"), "browse": ("browse/order", "tbody tr"),
        "entity": (f"entity/customer/{shop.newcomer}", "#state dl"),
    }


def show(page, view):
    place, sign = view
    page.go(place)
    page.see(sign)


def violations(page):
    page.run(AXE)
    found = page.driver.execute_async_script(
        "const done = arguments[0]; axe.run({ resultTypes: ['violations'] }).then((found) => done(found.violations));")
    return [
        f"{one['impact']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}" for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_rule_of_accessibility_is_broken(page, views, scheme):
    page.scheme(scheme)
    for name, view in views.items():
        show(page, view)
        assert violations(page) == [], name
    show(page, views["events"])
    page.click(".row")
    page.see(".detail h2")
    assert violations(page) == []
    page.go("modules")
    page.log_in(TOKEN)
    page.click("[aria-label='Disable crm']")
    page.see("dialog", "Nothing that happens")
    assert violations(page) == []


def test_dark_and_light_follow_the_system_until_somebody_chooses(page):
    ground = "return getComputedStyle(document.body).backgroundColor"
    page.go()
    light = page.run(ground)
    page.scheme("dark")
    dark = page.run(ground)
    assert dark != light
    page.click("#theme")
    assert page.run(ground) == light
    page.go()
    assert page.run(ground) == light


def test_a_narrow_screen_needs_no_scrolling_sideways(page, views):
    page.size(340, 720)
    for name, view in views.items():
        show(page, view)
        assert page.run("return document.documentElement.scrollWidth") <= 340, name


def test_all_of_it_is_reached_by_keys(page):
    page.go()
    page.see(".chart svg")
    page.press(Keys.TAB)
    assert page.focused().text == "Skip to the content"
    page.press(Keys.ENTER)
    assert page.run("return document.activeElement.id") == "main"
    page.go()
    page.tab_to("#tabs a[href='#/events']").send_keys(Keys.ENTER)
    page.see("#stream", "Live")
    page.tab_to(".windowed")
    page.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_UP, Keys.END, Keys.HOME, Keys.ENTER)
    page.see(".detail h2")
    assert page.run("return document.activeElement.closest('.detail') !== null")
    page.press(Keys.ESCAPE)
    page.gone(".detail")
    assert page.run("return document.activeElement.getAttribute('role')") == "listbox"


def test_a_module_is_switched_by_keys_alone(page):
    page.go("modules")
    page.tab_to("#login").send_keys(Keys.ENTER)
    page.press(TOKEN, Keys.ENTER)
    page.see("#logout")
    page.gone("dialog")
    for verb, other in [("Disable", "Enable"), ("Enable", "Disable")]:
        page.see(f"[aria-label='{verb} cart']")
        page.tab_to(f"[aria-label='{verb} cart']").send_keys(Keys.ENTER)
        page.see("dialog button:not(:disabled)", verb)
        page.tab_to("dialog form button:last-child").send_keys(Keys.ENTER)
        page.see(f"[aria-label='{other} cart']")


def test_the_overview_shows_what_there_is_as_a_picture_and_as_numbers(shop, page):
    page.go()
    sales = shop.call("order.sales")
    tile = page.see(".tile", "Orders").text
    assert int(tile.split("\n")[1]) > 100 and page.see(".tile", "Unbilled").text.split("\n")[1] == str(sales["unbilled"])
    chart = page.see(".chart svg")
    assert chart.get_attribute("aria-label").startswith("Orders.")
    page.click(".chart summary")
    numbers = page.all(".chart tbody tr td")
    assert len(numbers) >= 24
    for card in ["Stock", "Orders that wait", "Latency", "Redis"]:
        page.see("h2", card)
    assert "append-only file" in page.see("section[aria-label=Redis]", "Keeps").text


PICTURES = [("overview", 1130), ("events", 720), ("entity", 560), ("modules", 790)]


def busy(shop, page):
    """Somebody acts on a shop in which something goes on."""
    if not page.all("#logout"):
        page.log_in(TOKEN)
    shop.call("module.disable", name="shipping")
    for number in range(12):
        shop.post("/customers", [{"name": "Visitor", "email": "visitor@example.org"}] * (1 + number * 7 % 5))
        if number < 2:
            shop.post("/billings", {"order_id": shop.call("order.unbilled", limit=1)["items"][0]["id"]})
        time.sleep(1)
    page.see("[aria-label='Enable shipping']")
    shop.call("module.enable", name="shipping")


def test_pictures_for_the_readme(shop, page, views, request):
    directory = request.config.getoption("--screenshots")
    if not directory:
        pytest.skip("without --screenshots")
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for name, height in PICTURES:
        for scheme in ["light", "dark"]:
            page.scheme(scheme)
            page.size(1280, height)
            show(page, views[name])
            if name == "events":
                page.click(".row", "Dorothy")
            if name == "modules":
                busy(shop, page)
            page.run("document.activeElement.blur()")
            page.shoot(directory / f"{name}-{scheme}.png")
    page.size(390, 800)
    show(page, views["overview"])
    page.shoot(directory / "phone-dark.png")
