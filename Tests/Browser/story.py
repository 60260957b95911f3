"""A shop's last day, as events in Redis: written as another program would write them, before the daemon starts.

So charts over time have something to show at once. Everything follows from one seed, and is the same each time, but for
the times, which end now.
"""

import json
import random
import socket
import time
import uuid

TEAS = [
    ("Assam Mokalbari", 9.8, 64), ("Darjeeling First Flush", 18.5, 12), ("Earl Grey", 7.9, 120), ("Jasmine Pearls", 16.0, 31),
    ("Genmaicha", 8.4, 45), ("Lapsang Souchong", 11.2, 5), ("Sencha Fukuyu", 12.5, 52), ("White Peony", 14.9, 22),
    ("Rooibos Vanilla", 6.5, 88), ("Mint from Nana", 5.9, 0), ("Teapot, cast iron", 59.0, 4), ("Cup, celadon", 14.0, 40),
]
PEOPLE = [
    "Ada Byron", "Grace Hopper", "Alan Turing", "Emmy Noether", "Edsger Dijkstra", "Barbara Liskov", "Tony Hoare",
    "Frances Allen", "Leslie Lamport", "Radia Perlman", "Donald Knuth", "Margaret Hamilton", "Niklaus Wirth",
    "Shafi Goldwasser", "Ken Thompson", "Karen Spärck Jones",
]


class Redis:
    """As much of a client as writing events takes."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def call(self, *words):
        data = [str(word).encode() for word in words]
        text = b"*%d\r\n" % len(data) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in data)
        self.socket.sendall(text)
        return self.reply()

    def reply(self):
        line = self.file.readline().rstrip().decode()
        kind, rest = line[:1], line[1:]
        if kind == "-":
            raise RuntimeError(rest)
        if kind == "*":
            return [self.reply() for _ in range(int(rest))]
        if kind == "$":
            return self.file.read(int(rest) + 2)[:-2].decode() if int(rest) >= 0 else None
        return rest

    def event(self, topic, action, at, entity):
        stamp = f"{int(at)}-{int(at % 1 * 1e6)}"
        self.call(
            "XADD", f"events:{{{topic}}}_{action}", stamp, "event_id", uuid.UUID(int=self.dice.getrandbits(128), version=4),
            "entity", json.dumps(entity))
        return stamp


def tell(path, orders=140):
    """Writes it. What is left to do, such as mails, the daemon does when it starts."""
    redis = Redis(path)
    dice = redis.dice = random.Random(1815)
    identity = lambda: str(uuid.UUID(int=dice.getrandbits(128), version=4))
    now = time.time()
    begin = now - 23.5 * 3600
    clock = iter(range(1, 10_000_000))
    past = lambda: begin - 600 + next(clock) * 0.01

    products = [{"id": identity(), "name": name, "price": price} for name, price, _ in TEAS]
    for product in products:
        redis.event("product", "created", past(), product)
    for product, (_, _, amount) in zip(products, TEAS):
        level = {"low_stock_at": 8} if amount < 8 else {}
        redis.event(
            "inventory", "created", past(),
            {"id": identity(), "product_id": product["id"], "amount": amount, "on_hand": amount, "reserved": 0, **level})
    people = [
        {"id": identity(), "name": name, "email": name.lower().replace(" ", ".").replace("ä", "ae") + "@example.org"}
        for name in PEOPLE
    ]
    for person in people:
        redis.event("customer", "created", past(), person)

    events = []
    for number, at in enumerate(sorted(busy(dice, begin, now - 30) for _ in range(orders)), 1):
        events += order(dice, identity, number, at, now, dice.choice(people), products)
    for number, (at, topic, action, entity) in enumerate(sorted(events, key=lambda event: event[0])):
        redis.event(topic, action, int(at) + (number % 1000) / 1000, entity)


def busy(dice, begin, end):
    """A time of the day, more likely in the afternoon and in the evening."""
    while True:
        at = dice.uniform(begin, end)
        hour = at / 3600 % 24
        if dice.random() < 0.12 + 0.6 * max(0, 1 - abs(hour - 14) / 5) + 0.8 * max(0, 1 - abs(hour - 20) / 3):
            return at


def order(dice, identity, number, at, now, person, products):
    chosen = dice.sample(products, dice.choice([1, 1, 2, 3]))
    lines = []
    for product in chosen:
        pieces = dice.choice([1, 1, 2])
        lines.append({
            "product_id": product["id"], "name": product["name"], "price": product["price"], "pieces": pieces,
            "total": round(product["price"] * pieces, 2),
        })
    entity = {
        "id": identity(), "product_ids": [line["product_id"] for line in lines for _ in range(line["pieces"])],
        "customer_id": person["id"], "number": number, "status": "placed", "lines": lines,
        "total": round(sum(line["total"] for line in lines), 2), "currency": "EUR", "placed_at": int(at),
    }
    events = [(at, "order", "created", dict(entity))]
    paid = at + dice.uniform(60, 5400)
    if paid > now - 60 or dice.random() < 0.03:
        return events
    billing = {"id": identity(), "order_id": entity["id"], "done": int(paid), "amount": entity["total"], "currency": "EUR"}
    entity |= {"status": "billed", "billed_at": int(paid)}
    events += [(paid, "billing", "created", billing), (paid, "order", "billed", dict(entity))]
    if dice.random() < 0.04:
        events.append((paid + 20, "refund", "created", {
            "id": identity(), "billing_id": billing["id"], "order_id": entity["id"], "amount": entity["total"],
            "currency": "EUR", "at": int(paid + 20), "reason": "The parcel was damp"}))
    sent = paid + dice.uniform(1800, 9000)
    if sent > now - 60:
        return events
    parcel = {"id": identity(), "order_id": entity["id"], "tracking_code": f"TEA{number:05}", "status": "shipped",
              "created_at": int(paid + 5), "shipped_at": int(sent)}
    entity |= {"status": "shipped", "shipped_at": int(sent)}
    return events + [(sent, "shipping", "created", parcel), (sent, "order", "shipped", dict(entity))]


def go_on(shop, orders=5):
    """What happens while the daemon runs: somebody comes, orders and pays, and mails go out."""
    dice = random.Random(6)
    products = [product["id"] for product in shop.request("GET", "/products")[:6]]
    [customer] = shop.post("/customers", {"name": "Dorothy Vaughan", "email": "dorothy@example.org"})
    placed = [
        shop.post("/orders", {"customer_id": customer, "product_ids": dice.sample(products, 2)})[0] for _ in range(orders)
    ]
    for order_id in placed[:3]:
        shop.post("/billings", {"order_id": order_id})
    shop.request("PUT", f"/customer/{customer}", {"name": "Dorothy J. Vaughan", "email": "dorothy@example.org"})
    return customer, placed
