"""Browsing, and the past of one entity."""

from selenium.webdriver.common.keys import Keys


def member(page, name):
    return page.run("""
        const pair = [...document.querySelectorAll("#state dt")].find((one) => one.textContent === arguments[0]);
        return pair?.nextElementSibling.querySelector("ins, dd")?.textContent ?? pair?.nextElementSibling.textContent""", name)


def test_lists_go_page_by_page(page):
    page.go("browse/order")
    page.see("tbody tr", "")
    assert len(page.all("tbody tr")) == 50
    first = page.text("tbody tr")
    page.click("#next")
    page.see("nav a", "First page")
    assert page.text("tbody tr") != first


def test_every_noun_can_be_browsed(page):
    page.go("browse")
    for noun in ["Customers", "Products", "Inventory", "Billings", "Carts", "Shippings", "Mails", "Orders"]:
        page.click(".nouns a", noun)
        page.see("h1", noun)
        page.see(".card.flush tbody tr, .card.flush .empty")
        assert page.all("[role=alert]") == []


def test_an_order_is_found_by_its_number_and_by_its_id(shop, page):
    [order] = shop.call("order.list", number=7)
    page.go("browse/order")
    page.see("input[name=value]").send_keys("7", Keys.ENTER)
    page.click("tbody a", "7")
    page.see("h1", "Order 7")
    page.go("browse/order")
    page.see("input[name=value]").send_keys(order["id"], Keys.ENTER)
    page.see("h1", "Order 7")


def test_an_entity_is_shown_as_it_was_at_any_time(shop, page):
    person = {"name": "Ida Rhodes", "email": "ida@example.org"}
    [id] = shop.post("/customers", person)
    shop.request("PUT", f"/customer/{id}", person | {"name": "Ida R."})
    shop.request("PUT", f"/customer/{id}", person | {"name": "I. Rhodes"})
    shop.request("DELETE", f"/customer/{id}")
    page.go(f"entity/customer/{id}")
    page.see("#moment", "event 4 of 4")
    assert "deleted" in page.text("#state")
    page.see("#slider").send_keys(Keys.ARROW_LEFT)
    page.see("#moment", "event 3 of 4")
    assert member(page, "name") == "I. Rhodes" and "Ida R." in page.text("#state del")
    page.see("#slider").send_keys(Keys.HOME)
    page.see("#moment", "event 1 of 4")
    assert member(page, "name") == "Ida Rhodes" and page.all("#state del") == []
    assert page.see("#slider").get_attribute("aria-valuetext").startswith("1 of 4: created")
    page.click("#later")
    assert member(page, "name") == "Ida R."
    page.click(".history button", "deleted")
    page.see("#moment", "event 4 of 4")
    assert shop.call("entity.state", entity=f"customer:{id}") is None


def test_what_is_not_there_is_said_in_the_servers_words(page):
    page.go("entity/unicorn/1")
    assert "must be of a topic that there is" in page.see("[role=alert]").text
    page.go("entity/customer/nobody")
    assert "never was one" in page.text("#state")
    page.go("nowhere")
    assert "no such page" in page.text("main")
