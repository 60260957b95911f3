"""Reads a stream by a consumer group, as redis-py's users do, and says how many entries a second it took."""
import sys
import time

import redis

path, stream, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = redis.Redis(unix_socket_path=path)
store.xgroup_create(stream, "bench", id="0")
start, taken = time.perf_counter(), 0
while taken < count:
    for _, entries in store.xreadgroup("bench", "one", {stream: ">"}, count=500):
        taken += len(entries)
        store.xack(stream, "bench", *[id for id, _ in entries])
print(taken / (time.perf_counter() - start))
