// A long list of which only what is in sight exists as elements. Keys as in any list box.
import { h } from "./dom.js";

const spare = 6;

export class WindowedList {
  #items = [];
  #rows = new Map();
  #active = null;
  #space = h("div", { class: "space", role: "presentation" });
  #frame = 0;
  #options;

  /** @param options label, row(item) → children, key(item), chosen(item). All rows are as high as --row says. */
  constructor(options) {
    this.#options = options;
    this.element = h(
      "div", { class: "windowed", role: "listbox", tabindex: 0, "aria-label": options.label,
        onkeydown: (event) => this.#key(event) },
      this.#space);
    this.element.addEventListener("scroll", () => this.#soon(), { passive: true });
    this.#space.addEventListener("click", (event) => this.#click(event));
    new ResizeObserver(() => this.#soon()).observe(this.element);
  }

  get height() { return parseFloat(getComputedStyle(this.element).getPropertyValue("--row")) || 44; }

  /** Shows these; `added` is how many are new at the top: what is looked at stays where it is. */
  set(items, added = 0) {
    const isAtTop = this.element.scrollTop < this.height;
    this.#items = items;
    this.#space.style.height = `${items.length * this.height}px`;
    if (!isAtTop && added) this.element.scrollTop += added * this.height;
    this.#soon();
  }

  choose(key) {
    this.#active = key;
    this.#soon();
  }

  #soon() {
    this.#frame ||= requestAnimationFrame(() => { this.#frame = 0; this.#draw(); });
  }

  #draw() {
    const first = Math.max(0, Math.floor(this.element.scrollTop / this.height) - spare);
    const count = Math.ceil(this.element.clientHeight / this.height) + 2 * spare;
    const sight = this.#items.slice(first, first + count);
    const keys = new Set(sight.map(this.#options.key));
    for (const [key, row] of this.#rows) if (!keys.has(key)) { row.remove(); this.#rows.delete(key); }
    sight.forEach((item, index) => this.#place(item, first + index));
    const active = this.#rows.get(this.#active);
    if (active) this.element.setAttribute("aria-activedescendant", active.id);
    else this.element.removeAttribute("aria-activedescendant");
  }

  #place(item, index) {
    const key = this.#options.key(item);
    let row = this.#rows.get(key);
    if (!row) {
      row = h("div", { class: "row", role: "option", id: `row-${key}` }, this.#options.row(item));
      row.dataset.key = key;
      this.#rows.set(key, row);
      this.#space.append(row);
    }
    row.style.transform = `translateY(${index * this.height}px)`;
    row.setAttribute("aria-setsize", this.#items.length);
    row.setAttribute("aria-posinset", index + 1);
    row.setAttribute("aria-selected", key === this.#active);
  }

  #index() { return this.#items.findIndex((item) => this.#options.key(item) === this.#active); }

  #key(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.height) - 1);
    const last = this.#items.length - 1;
    const at = this.#index();
    const to = {
      ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: last,
    }[event.key];
    if (to !== undefined) this.#go(Math.max(0, Math.min(last, to)));
    else if (event.key === "Enter" || event.key === " ") this.#open(at);
    else return;
    event.preventDefault();
  }

  #go(index) {
    if (!this.#items[index]) return;
    this.#active = this.#options.key(this.#items[index]);
    const [top, bottom] = [index * this.height, (index + 1) * this.height - this.element.clientHeight];
    this.element.scrollTop = Math.max(bottom, Math.min(top, this.element.scrollTop));
    this.#draw();
  }

  #click(event) {
    const row = event.target.closest(".row");
    if (!row) return;
    this.#active = row.dataset.key;
    this.#draw();
    this.#open(this.#index());
  }

  #open(index) { if (this.#items[index]) this.#options.chosen(this.#items[index]); }
}
