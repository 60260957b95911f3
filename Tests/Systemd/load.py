"""Customers that come one after the other, each over a connection of its own, and one who calls at the control socket.

Writes what was acknowledged, how often a connection was refused, and how often a request failed otherwise (a daemon that
is killed cuts off what it had begun: that is asked again, under another name).
"""
import http.client, json, os, socket, sys, threading, time

report, stop = sys.argv[1:3]
run = os.getpid()
counts = {"acknowledged": 0, "refused": 0, "failed": 0, "control": 0}
names = open(report + ".names", "a", buffering=1)
lock = threading.Lock()


def note(what):
    with lock:
        counts[what] += 1


def order(number, attempt):
    name = f"load-{run}-{number}-{attempt}"
    connection = http.client.HTTPConnection("127.0.0.1", 5000, timeout=60)
    try:
        connection.connect()
    except ConnectionRefusedError:
        note("refused")
        return False
    except OSError:
        note("failed")
        return False
    try:
        connection.request("POST", "/customer", json.dumps({"name": name, "email": "a@example.org"}))
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise OSError(answer.status)
    except (OSError, http.client.HTTPException):
        note("failed")
        time.sleep(0.02)
        return False
    finally:
        connection.close()
    names.write(name + "\n")
    note("acknowledged")
    return True


def orders():
    number = 0
    while not os.path.exists(stop):
        attempt = 0
        while not order(number, attempt) and not os.path.exists(stop):
            attempt += 1
        number += 1
        with lock, open(report + ".new", "w") as file:
            json.dump(counts, file)
        os.rename(report + ".new", report)


def calls():
    while not os.path.exists(stop):
        control = socket.socket(socket.AF_UNIX)
        control.settimeout(60)
        try:
            control.connect("/run/ordershop/control.sock")
            control.sendall(b'{"jsonrpc": "2.0", "id": 1, "method": "module.list"}\n')
            if control.recv(65536):
                note("control")
            else:
                note("failed")
        except (ConnectionRefusedError, FileNotFoundError):
            note("refused")
        except OSError:
            note("failed")
        finally:
            control.close()
        time.sleep(0.01)


threads = [threading.Thread(target=orders), threading.Thread(target=calls)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
with open(report, "w") as file:
    json.dump(counts, file)
