# SPDX-License-Identifier: Apache-2.0
"""What strangers send to `tidemark serve`: every limit of viewers/web/limits.hpp, requests cut anywhere, bytes that are no
HTTP, pages of other sites. After each attack the server answers others as before."""
import contextlib
import random
import re
import socket
import unittest
from pathlib import Path

from world import PATIENCE, SOURCE, WebTest, wait_until

TOKEN = "a-token-of-some-length-4711"


def limit(name):
    """A constant of limits.hpp as it is compiled."""
    text = (SOURCE / "viewers/web/limits.hpp").read_text()
    found = re.search(rf"\b{name}(?:\{{|\s*=\s*)([0-9']+)", text)
    return int(found.group(1).replace("'", ""))


def statuses(said):
    return [int(status) for status in re.findall(rb"^HTTP/1\.1 (\d{3}) ", said, re.MULTILINE)]


def get(target="/health", *headers, host="localhost"):
    lines = [f"GET {target} HTTP/1.1", f"Host: {host}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


CLOSE = "Connection: close"


class Attacks(WebTest):
    def setUp(self):
        super().setUp()
        self.served = self.server()
        self.addCleanup(wait_until, self.answers, "the server answers after the attack")

    def answers(self):
        return self.served.ask("/health").json.get("status") == "unavailable"

    def status_of(self, data):
        said = statuses(self.served.exchange(data))
        self.assertEqual(len(said), 1, said)
        return said[0]

    def test_a_request_may_come_byte_by_byte(self):
        request = get("/health", CLOSE)
        with self.served.raw() as peer:
            for byte in request:
                peer.sendall(bytes([byte]))
            self.assertEqual(statuses(peer.recv(65536)), [503])

    def test_requests_in_one_piece_are_answered_in_order(self):
        said = self.served.exchange(get("/none") + get("/api/v1/devices") + get("/health", CLOSE))
        self.assertEqual(statuses(said), [404, 200, 503])

    def test_a_head_that_is_too_long_is_refused(self):
        size = limit("kRequestBytes")
        self.assertEqual(self.status_of(get("/health", "X-Long: " + "x" * size)), 431)
        self.assertEqual(self.status_of(get("/health", "X-Long: " + "x" * 100 * size)), 431)
        self.assertEqual(self.status_of(get("/health", CLOSE, "X-Long: " + "x" * (size // 2))), 503)

    def test_too_many_headers_are_refused(self):
        most = limit("kRequestHeaders") - 2  # Host and Connection are headers too
        self.assertEqual(self.status_of(get("/health", CLOSE, *["X: y"] * most)), 503)
        self.assertEqual(self.status_of(get("/health", CLOSE, *["X: y"] * (most + 1))), 431)

    def test_a_target_that_is_too_long_is_refused(self):
        size = limit("kTargetBytes")
        self.assertEqual(self.status_of(get("/" + "x" * (size - 1), CLOSE)), 404)
        self.assertEqual(self.status_of(get("/" + "x" * size, CLOSE)), 414)

    def test_only_get_and_head_are_answered(self):
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "BREW"):
            said = self.served.exchange(f"{method} / HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            if method == "BREW":  # no method at all
                self.assertIn(statuses(said), ([400], [405]))
                continue
            self.assertEqual(statuses(said), [405], method)
            self.assertIn(b"Allow: GET, HEAD\r\n", said)
        posted = self.served.ask("/", "POST", body=b"x" * 100)
        self.assertEqual((posted.status, posted.headers["Allow"]), (405, "GET, HEAD"))

    def test_a_body_is_refused_and_never_read(self):
        self.assertEqual(self.status_of(get("/", "Content-Length: 5") + b"hello"), 413)
        self.assertEqual(self.status_of(get("/", "Content-Length: 99999999999")), 413)
        self.assertEqual(self.status_of(get("/", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n"), 413)
        both = get("/", "Content-Length: 5", "Transfer-Encoding: chunked")
        self.assertIn(self.status_of(both + get("/api/v1/devices")), (400, 413))

    def test_head_has_the_head_of_get_and_nothing_else(self):
        for target in ("/", "/api/v1/snapshot", "/api/devices", "/none"):
            head, full = self.served.ask(target, "HEAD"), self.served.ask(target)
            self.assertEqual((head.status, head.body), (full.status, b""), target)
            if target == "/":
                self.assertEqual(head.headers["Content-Length"], str(len(full.body)))
        self.assertEqual(self.served.ask("/api/v1/stream", "HEAD").headers["Content-Type"], "text/event-stream")

    def test_no_path_leads_to_a_file(self):
        for target in (
            "/../etc/passwd", "/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd",
            "/assets/../server.cpp", "//etc/passwd", "/./dashboard.html", "/api/v1/processes/../snapshot", "/etc/passwd",
            "/dashboard.html/", "/api/v1/devices/..%2f0", "/api//v1/snapshot",
        ):  # fmt: skip
            self.assertEqual(self.status_of(get(target, CLOSE)), 404, target)
        for target in ("/%00", "/%zz", "/%4", "etc/passwd", "https://localhost/health", "*", "/a\tb", "/#x"):
            self.assertEqual(self.status_of(get(target, CLOSE)), 400, target)

    def test_a_whole_address_is_answered_as_its_path_is(self):
        port = self.served.port
        for host in (f"127.0.0.1:{port}", "localhost", f"[::1]:{port}"):
            self.assertEqual(self.status_of(get(f"http://{host}/health", CLOSE)), 503, host)
        self.assertEqual(self.status_of(get("http://evil.example/health", CLOSE)), 403)
        self.assertEqual(self.status_of(get("http://localhost/health", CLOSE, host="evil.example")), 403)

    def test_what_is_wrong_with_a_request_is_told(self):
        self.assertIn(b"escape", self.served.exchange(get("/api/v1/processes?name=%zz", CLOSE)))
        self.assertIn(b"has no Host header", self.served.exchange(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"))

    def test_another_host_is_refused(self):
        port = self.served.port
        for host in ("localhost", f"localhost:{port}", "127.0.0.1", f"127.0.0.1:{port}", "[::1]", f"[::1]:{port}", "LOCALHOST"):
            self.assertEqual(self.status_of(get("/health", CLOSE, host=host)), 503, host)
        for host in ("evil.example", f"evil.example:{port}", "localhost.evil.example", "127.0.0.1.evil.example", "",
                     "localhost:x", "[::1", "localhost@evil.example", "localhost evil"):  # fmt: skip
            self.assertEqual(self.status_of(get("/", CLOSE, host=host)), 403, host)
        self.assertEqual(self.status_of(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"), 400)
        self.assertEqual(self.status_of(get("/", CLOSE, "Host: localhost")), 400)

    def test_a_page_of_another_origin_is_refused(self):
        port = self.served.port
        own = f"localhost:{port}"
        self.assertEqual(self.status_of(get("/health", CLOSE, f"Origin: http://{own}", host=own)), 503)
        for origin in ("http://evil.example", "null", "http://localhost", f"http://localhost:{port + 1}", f"file://{own}", "x"):
            self.assertEqual(self.status_of(get("/health", CLOSE, f"Origin: {origin}", host=own)), 403, origin)

    def test_bytes_that_are_no_http_are_refused(self):
        chance = random.Random(20260)
        for _ in range(150):
            kind = chance.randrange(3)
            if kind == 0:
                data = chance.randbytes(chance.randrange(1, 600))
            else:  # a request with some of its bytes changed, or cut
                data = bytearray(get("/api/v1/processes?limit=5&name=%41", "Accept: */*", CLOSE))
                for _ in range(chance.randrange(1, 6)):
                    data[chance.randrange(len(data))] = chance.randrange(256)
                data = data[: chance.randrange(len(data))] if kind == 2 else data
            with self.served.raw(bytes(data)) as peer:
                peer.shutdown(socket.SHUT_WR)
                said = b""
                try:
                    while part := peer.recv(65536):
                        said += part
                except ConnectionResetError:
                    pass
            self.assertNotIn(500, statuses(said), data)

    def test_who_connects_and_leaves_does_no_harm(self):
        for _ in range(50):
            self.served.raw().close()
            self.served.raw(get("/api/v1/snapshot")).close()
            self.served.raw(get("/api/v1/stream")).close()

    def test_a_slow_sender_is_cut_off(self):
        with self.served.raw(b"GET / HTTP/1.1\r\nHost: loc") as slow, self.served.raw() as silent:
            slow.settimeout(PATIENCE)
            self.assertEqual(slow.recv(100), b"")  # after kRequestTime
            self.assertEqual(silent.recv(100), b"")

    def test_an_address_has_only_so_many_connections(self):
        most = limit("kConnectionsPerAddress")
        open_ones = [self.served.raw() for _ in range(most)]
        try:
            wait_until(lambda: self.refused(), "connections beyond the limit are turned away")
            open_ones.pop().close()
            wait_until(lambda: not self.refused(), "one that ends makes room")
        finally:
            for peer in open_ones:
                peer.close()
        wait_until(lambda: not self.refused(), "all made room")

    def test_the_server_has_only_so_many_connections_over_all_addresses(self):
        most, each = limit("kConnections"), limit("kConnectionsPerAddress")
        sources = [f"127.0.0.{2 + number // each}" for number in range(most)]
        open_ones = [self.served.raw(source=source) for source in sources]
        try:
            wait_until(lambda: self.refused("127.0.1.1"), "one more from another address is turned away")
            open_ones.pop().close()
            wait_until(lambda: not self.refused("127.0.1.1"), "one that ends makes room")
        finally:
            for peer in open_ones:
                peer.close()

    def test_of_those_turned_away_only_so_many_are_told(self):
        most, each, told = limit("kConnections"), limit("kConnectionsPerAddress"), limit("kTurnedAway")
        open_ones = [self.served.raw(source=f"127.0.0.{2 + number // each}") for number in range(most)]

        def some_are_not():
            more = [self.served.raw(source="127.0.1.2") for _ in range(told + 100)]
            open_ones.extend(more)
            said = [first_words(peer) for peer in more]
            self.assertTrue(all(words == b"" or b"too many connections" in words for words in said), said)
            return b"" in said

        try:
            wait_until(lambda: self.refused("127.0.1.1"), "one more from another address is turned away")
            wait_until(some_are_not, "more are turned away than are told so")
        finally:
            for peer in open_ones:
                peer.close()
        wait_until(lambda: not self.refused(), "all made room")

    def test_a_viewer_that_talks_on_is_let_go(self):
        with self.served.raw(get("/api/v1/stream")) as peer:
            wait_until(lambda: peer.recv(65536), "the stream began")
            with contextlib.suppress(ConnectionError):
                peer.sendall(b"x" * (2 * limit("kDiscarded")))
            while first_words(peer):
                pass

    def refused(self, source=None):
        said = self.served.exchange(get("/health", CLOSE), source)
        return b"too many connections" in said

    def test_an_address_asks_only_so_often(self):
        said = b""
        for _ in range(20):  # the bucket fills while a slow machine answers
            said = self.served.exchange(get() * (limit("kRequestBurst") + 200) + get("/health", CLOSE))
            if 429 in statuses(said):
                break
        self.assertIn(429, statuses(said))
        self.assertGreaterEqual(statuses(said).count(503), limit("kRequestBurst"))
        self.assertIn(b"Retry-After: 1\r\n", said)
        wait_until(self.answers, "the bucket fills again")


def first_words(peer):
    try:
        return peer.recv(65536)
    except ConnectionResetError:
        return b""


class Tokens(WebTest):
    def test_another_address_than_loopback_needs_a_token(self):
        with self.assertRaisesRegex(AssertionError, "ended with 2"):
            self.server("--bind", "0.0.0.0")
        with self.assertRaisesRegex(AssertionError, "ended with 2"):
            self.server("--bind", "0.0.0.0", "--token", "short")
        server = self.server("--bind", "0.0.0.0", environment={"TIDEMARK_TOKEN": TOKEN})
        self.assertEqual(server.ask("/api/v1/snapshot").status, 401)

    def test_who_has_the_token_is_let_in_and_nobody_else(self):
        server = self.server("--token", TOKEN)
        for headers in ({}, {"Authorization": "Bearer " + TOKEN[:-1] + "2"}, {"Authorization": "Bearer " + TOKEN * 2},
                        {"Authorization": TOKEN}, {"Cookie": "tidemark_token=x"}, {"Cookie": "tidemark_token="},
                        {"Authorization": "Bearer "}):  # fmt: skip
            for target in ("/", "/api/v1/snapshot", "/api/v1/stream", "/api/devices", "/none"):
                answer = server.ask(target, headers=headers)
                self.assertEqual((answer.status, answer.headers["WWW-Authenticate"]), (401, "Bearer"), headers)
        allowed = {"Authorization": "Bearer " + TOKEN}
        self.assertEqual(server.ask("/api/v1/snapshot", headers=allowed).status, 200)
        self.assertEqual(server.ask("/login?token=wrong").status, 401)
        login = server.ask("/login?token=" + TOKEN)
        self.assertEqual((login.status, login.headers["Location"]), (303, "/"))
        cookie = login.headers["Set-Cookie"]
        self.assertIn("HttpOnly; SameSite=Strict", cookie)
        self.assertEqual(server.ask("/", headers={"Cookie": "other=1; " + cookie.split(";")[0]}).status, 200)
        self.assertEqual(server.ask("/health").status, 503)  # tells nothing but that
        self.assertNotIn(TOKEN, server.line)

    def test_a_token_file_is_for_its_owner_only(self):
        path = Path(self.folder(), "token")
        path.write_text(TOKEN + "\n")
        path.chmod(0o644)
        with self.assertRaisesRegex(AssertionError, "ended with 2"):
            self.server("--token-file", str(path))
        path.chmod(0o600)
        server = self.server("--token-file", str(path))
        self.assertEqual(server.ask("/api/devices", headers={"Authorization": "Bearer " + TOKEN}).status, 503)


if __name__ == "__main__":
    unittest.main()
