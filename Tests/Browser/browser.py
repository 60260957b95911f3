"""A real browser, as a person uses it: by clicks, keys, and what is to be seen."""

import json
import os
import time

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.common.exceptions import WebDriverException

from shop import eventually

SWITCHES = [
    "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--disable-background-networking",
    "--force-color-profile=srgb",
]


class Browser:
    def __init__(self, url):
        self.url = url
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for switch in SWITCHES + (["--no-sandbox"] if os.getuid() == 0 else []):
            options.add_argument(switch)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
        self.driver.set_script_timeout(60)
        self.command("Emulation.setLocaleOverride", locale="en-GB")
        self.command("Emulation.setTimezoneOverride", timezoneId="UTC")

    def command(self, name, **parameters):
        return self.driver.execute_cdp_cmd(name, parameters)

    def end(self):
        self.driver.quit()

    def begin(self):
        """As if nobody had been here: a wide window, light, nobody logged in."""
        self.size(1280, 860)
        self.scheme("light")
        self.driver.get(self.url + "/assets/icon.svg")
        self.driver.delete_all_cookies()
        self.driver.execute_script("localStorage.clear()")
        self.complaints()
        self.foreign_requests()

    def size(self, width, height):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def scheme(self, name):
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def go(self, place=""):
        """Opens the page anew at #/place."""
        self.driver.get("about:blank")
        self.driver.get(f"{self.url}/#/{place}")
        self.see("h1")

    # What is to be seen

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def see(self, selector, text="", seconds=20):
        """The first element that is to be seen, with the text in it."""
        def look():
            try:
                shown = (one for one in self.all(selector) if one.is_displayed())
                return next((one for one in shown if text in one.text), None)
            except WebDriverException:
                return None
        return eventually(f"{selector} shows {text!r}", look, seconds)

    def gone(self, selector, seconds=20):
        eventually(f"{selector} is gone", lambda: not any(one.is_displayed() for one in self.all(selector)), seconds)

    def text(self, selector):
        return self.see(selector).text

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    # What is done

    def click(self, selector, text=""):
        """Again, where the page was drawn anew in the same moment."""
        def click():
            try:
                self.see(selector, text, 5).click()
                return True
            except WebDriverException:
                return False
        eventually(f"{selector} is clicked", click)

    def press(self, *keys):
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def focused(self):
        return self.driver.switch_to.active_element

    def tab_to(self, matches, most=60):
        """By the tabulator, as somebody without a mouse gets there. Where the focus is must be to be seen all the way."""
        for _ in range(most):
            self.press(Keys.TAB)
            assert self.run(VISIBLE_FOCUS), f"no focus is to be seen on {self.focused().get_attribute('outerHTML')[:120]}"
            if self.run(f"return document.activeElement.matches({json.dumps(matches)})"):
                return self.focused()
        raise AssertionError(f"the tabulator does not lead to {matches}")

    def log_in(self, token):
        self.click("#login")
        self.see("#token").send_keys(token, Keys.ENTER)
        self.see("#logout")
        self.gone("dialog")

    def shoot(self, path):
        time.sleep(0.3)
        self.driver.get_screenshot_as_file(str(path))

    # What the browser says

    def complaints(self):
        return [f"{entry['level']} {entry['message']}" for entry in self.driver.get_log("browser") if entry["level"] != "DEBUG"]

    def foreign_requests(self):
        messages = (json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance"))
        urls = [message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith((self.url + "/", "data:", "about:"))]


VISIBLE_FOCUS = """
const element = document.activeElement;
if (element === document.body) return true;
const style = getComputedStyle(element);
return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
"""
