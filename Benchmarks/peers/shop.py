"""A shop as a Flask service over Redis Streams: one stream per kind of event, entities in hashes.

It does as little as the REST API that it is measured beside: no module reacts to its events, nothing is checked but the
stock, and two clients who order at the same moment may both get the last piece.
"""
import json
import os
import uuid

import redis
from flask import Flask, jsonify, request

app = Flask(__name__)
store = redis.Redis(unix_socket_path=os.environ["REDIS_SOCKET"], decode_responses=True)


def publish(pipe, topic, action, entity):
    pipe.xadd(f"events:{topic}_{action}", {"event_id": str(uuid.uuid4()), "entity": json.dumps(entity)})
    pipe.hset(f"entities:{topic}", entity["id"], json.dumps(entity))


def create(topic):
    body = request.get_json()
    entities = [dict(one, id=str(uuid.uuid4())) for one in (body if isinstance(body, list) else [body])]
    pipe = store.pipeline()
    for entity in entities:
        publish(pipe, topic, "created", entity)
        if topic == "inventory":
            pipe.hset("inventory_of", entity["product_id"], entity["id"])
    pipe.execute()
    return jsonify([entity["id"] for entity in entities])


@app.post("/customers")
def customers():
    return create("customer")


@app.post("/products")
def products():
    return create("product")


@app.post("/inventory")
def inventory():
    return create("inventory")


@app.get("/customer/<id>")
def customer(id):
    return app.response_class(store.hget("entities:customer", id) or "null", mimetype="application/json")


@app.post("/order")
def order():
    order = dict(request.get_json(), id=str(uuid.uuid4()))
    ids = store.hmget("inventory_of", order["product_ids"])
    stocks = {stock["id"]: stock for stock in map(json.loads, store.hmget("entities:inventory", ids))}
    for id in ids:
        stocks[id]["amount"] -= 1
        if stocks[id]["amount"] < 0:
            return jsonify(error="out of stock"), 409
    pipe = store.pipeline()
    for stock in stocks.values():
        publish(pipe, "inventory", "updated", stock)
    publish(pipe, "order", "created", order)
    pipe.execute()
    return jsonify([order["id"]])
